"""The capture file that a live capture writes beside its work: a full disk ends the file, not the capture."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pxcap.core.capture.records import Records
from pxcap.core.capture.write import PcapngWriter
from pxcap.core.errors import CaptureError
from pxcap.core.packets import I64


class SaveFile:
    """A pcapng file. Once it cannot be written any more that is told, and packets are only counted."""

    def __init__(self, path: str | Path, tell: Callable[[str, str], None]) -> None:
        """Open it.

        Args:
            path: Of a file, or of a pipe.
            tell: Told, as (message, hint), when it cannot be written any more.

        Raises:
            CaptureError: It cannot be written at all.
        """
        self._writer = PcapngWriter(path)
        self._tell = tell
        self._failed = False
        self._given = 0

    @property
    def failed(self) -> bool:
        """Whether it ended early."""
        return self._failed

    @property
    def missed(self) -> int:
        """Packets that came too late for it."""
        return self._given - self._writer.written if self._failed else 0

    def losses(self) -> dict[str, int]:
        """What is not in it, by name."""
        return {"packets the capture file had no room for": self.missed} if self.missed else {}

    def interface(self, name: str, link: int) -> int:
        """Describe an interface, before any of its packets; gives the number that stands for it."""
        number: int | None = self._try(self._writer.interface, name, link)
        return number or 0

    def packet(self, interface: int, time: int, data: bytes, wire: int = 0) -> None:
        """Write one packet; as `PcapngWriter.packet`."""
        self._given += 1
        self._try(self._writer.packet, interface, time, data, wire)

    def packets(self, buf: bytes, packets: Records, interface: int | I64) -> None:
        """Write many packets; as `PcapngWriter.packets`."""
        self._given += len(packets.size)
        self._try(self._writer.packets, buf, packets, interface)

    def statistics(self, interface: int, time: int, received: int, dropped: int) -> None:
        """Write what was counted on an interface; as `PcapngWriter.statistics`."""
        self._try(self._writer.statistics, interface, time, received, dropped)

    def flush(self) -> None:
        """Let others read what was written so far."""
        self._try(self._writer.flush)

    def close(self) -> None:
        """Write what was gathered and close the file."""
        self._try(self._writer.close)

    def _try(self, action: Callable[..., Any], *arguments: Any) -> Any:
        if self._failed:
            return None
        try:
            return action(*arguments)
        except CaptureError as err:
            self._failed = True
            self._tell(f"{err}; the capture goes on", err.hint)
            return None
