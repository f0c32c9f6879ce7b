"""Opens a capture and gives its TCP and UDP packets, window after window."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from pxcap.core.capture.decode import Decoder
from pxcap.core.capture.formats import Format, recognise, too_short
from pxcap.core.capture.records import PAD, Damage, Records
from pxcap.core.capture.source import Source
from pxcap.core.errors import CaptureError
from pxcap.core.packets import PacketWindow

WINDOW = 1 << 20


class CaptureReader:
    """Reads one capture: pcap or pcapng, as it is or packed with gzip or zstd, whatever its name.

    Memory does not grow with the file: it holds one window (or one record, of 16 MiB at most) and the fragments that
    wait for others (8 MiB at most).

    Attributes:
        path: The file as shown to people.
        size: Bytes of the file on disk; None for a stream.
        packets: Packets read, of any kind.
        last_time: Time of the last packet read; ns since the epoch, 0 before the first.
        warnings: What was wrong with the file, if the packets before it could be used.
    """

    def __init__(self, source: str | Path, window: int = WINDOW) -> None:
        """Open the file; nothing is read yet.

        Args:
            source: Path, or "-" for standard input.
            window: Bytes to read at once, at least 1.

        Raises:
            CaptureError: When there is no such file, or it cannot be opened.
        """
        self._source = Source(str(source))
        self._window = window
        self._decoder = Decoder()
        self.path = self._source.path
        self.size = self._source.size
        self.packets = 0
        self.last_time = 0
        self.warnings: list[str] = []

    @property
    def position(self) -> int:
        """Bytes of the file read so far; in a packed file, of the packed bytes."""
        return self._source.position

    @property
    def skipped(self) -> dict[str, int]:
        """Packets that are in no window, by reason."""
        return {reason: count for reason, count in self._decoder.skipped.items() if count}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def windows(self) -> Iterator[PacketWindow]:
        """The TCP and UDP packets in capture order; a window holds what had arrived, and is never empty.

        To be called once.

        Raises:
            CaptureError: When the file cannot be read, or no packet of it.
        """
        form: Format | None = None
        parts: list[bytes] = []
        held = need = 0
        while data := self._source.read(self._window):
            parts.append(data)
            held += len(data)
            if held < need:
                continue
            buf = b"".join((*parts, PAD))
            pos = 0
            try:
                if form is None:
                    need, form = recognise(buf, held)
                    pos = form.pos if form else 0
                if form is not None:
                    for records in form.records(buf, pos, held):
                        yield from self._decoded(buf, records)
                    pos, need = form.pos, form.need
            except Damage as damage:
                self._damaged(damage)
                self._decoder.finish()
                return
            parts = [buf[pos:held]]
            held -= pos
        self._decoder.finish()
        self._finish(form, b"".join(parts))

    def _decoded(self, buf: bytes, records: Records) -> Iterator[PacketWindow]:
        self.packets += len(records.start)
        self.last_time = int(records.time[-1])
        window = self._decoder.decode(buf, records)
        if window is not None:
            yield window

    def _damaged(self, damage: Damage) -> None:
        if not self.packets:
            raise CaptureError(f"{self.path}: {damage}", damage.hint) from damage
        self.warnings.append(f"{damage}; reading stopped after packet {self.packets}")

    def _finish(self, form: Format | None, rest: bytes) -> None:
        fault = self._source.fault
        if form is None:
            damage = Damage(fault, "copy the file again") if fault else too_short(rest)
            raise CaptureError(f"{self.path}: {damage}", damage.hint)
        if fault:
            self.warnings.append(f"{fault}; reading stopped after packet {self.packets}")
        elif rest:
            self.warnings.append(form.cut(rest))
        elif not self.packets:
            self.warnings.append("there are no packets in it")
