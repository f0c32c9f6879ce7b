"""Writes pcapng files (draft-ietf-opsawg-pcapng): the counterpart of `pxcap.core.capture.pcapng`.

Blocks are gathered and written many at a time. When the disk is full the file is cut back to its last whole block, so
that what there is can be read.
"""

import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from pxcap.core.capture.records import Records
from pxcap.core.errors import CaptureError
from pxcap.core.packets import I64

_SECTION, _INTERFACE, _STATISTICS, _ENHANCED = 0x0A0D0D0A, 1, 5, 6
_BYTE_ORDER = 0x1A2B3C4D
_APPLICATION, _NAME, _RESOLUTION, _FILTER = 4, 2, 9, 11  # options: shb_userappl, if_name, if_tsresol, if_filter
_RECEIVED, _DROPPED = 4, 5  # isb_ifrecv, isb_ifdrop
_NANOSECONDS = b"\x09"
_BUFFER = 256 << 10
_AROUND = 32  # bytes of a packet's block that are neither the packet nor padding
_PADDING = (b"", b"\0", b"\0\0", b"\0\0\0")
_HEAD = np.dtype([(name, "<u4") for name in ("type", "length", "interface", "high", "low", "size", "wire")])


class PcapngWriter:
    """Writes one file, over what was there.

    Attributes:
        written: Packets that are in the file; those gathered to be written next are not yet.
    """

    def __init__(self, path: str | Path) -> None:
        """Open it.

        Args:
            path: Of a file, or of a pipe.

        Raises:
            CaptureError: It cannot be written.
        """
        self.written = 0
        self._path = str(path)
        self._parts: list[bytes] = []
        self._held = 0
        self._waiting = 0  # packets among the parts
        self._size = 0
        self._interfaces = 0
        try:
            self._file = open(path, "wb", buffering=0)  # noqa: SIM115
        except (OSError, ValueError) as err:
            raise CaptureError(f"{path}: cannot be written ({_reason(err)})", "name another file") from err
        body = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1) + _option(_APPLICATION, b"pxcap") + _option(0)
        self._block(_SECTION, body)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def interface(self, name: str, link: int, expression: str = "") -> int:
        """Describe an interface, before any of its packets; returns the number that stands for it here.

        Args:
            name: As the system calls it.
            link: Link type (registry of the tcpdump group).
            expression: The filter its packets passed; empty for none.
        """
        body = struct.pack("<HHI", link, 0, 0) + _option(_NAME, name.encode()) + _option(_RESOLUTION, _NANOSECONDS)
        if expression:
            body += _option(_FILTER, b"\0" + expression.encode())
        self._block(_INTERFACE, body + _option(0))
        self._interfaces += 1
        return self._interfaces - 1

    def packet(self, interface: int, time: int, data: bytes, wire: int = 0) -> None:
        """Write one packet.

        Args:
            interface: Its number.
            time: ns since the epoch.
            data: Its bytes.
            wire: How many there were on the wire, when there were more.
        """
        size = len(data)
        head = struct.pack("<IIIII", interface, time >> 32, time & 0xFFFFFFFF, size, max(size, wire))
        self._block(_ENHANCED, head + data)

    def packets(self, buf: bytes, packets: Records, interface: int | I64) -> None:
        """Write many packets.

        Args:
            buf: What `packets` points into.
            packets: Where they are; all of the link type of their interface.
            interface: The number of the interface of all of them, or of each.
        """
        size = packets.size
        heads = np.empty(len(size), _HEAD)
        heads["type"], heads["length"] = _ENHANCED, (size + 3 & ~3) + _AROUND
        heads["interface"] = interface
        heads["high"], heads["low"] = packets.time >> 32, packets.time & 0xFFFFFFFF
        heads["size"], heads["wire"] = size, packets.wire
        lengths: list[int] = heads["length"].tolist()
        rows = struct.iter_unpack(f"{_HEAD.itemsize}s", heads.tobytes())
        for (head,), start, some, length in zip(rows, packets.start.tolist(), size.tolist(), lengths, strict=True):
            self._parts += (head, buf[start : start + some], _PADDING[-some & 3], length.to_bytes(4, "little"))
            self._held += length
            self._waiting += 1
            if self._held >= _BUFFER:
                self.flush()

    def statistics(self, interface: int, time: int, received: int, dropped: int) -> None:
        """Write what was counted on an interface until `time` (ns since the epoch): its last block."""
        body = struct.pack("<III", interface, time >> 32, time & 0xFFFFFFFF)
        body += _option(_RECEIVED, struct.pack("<Q", received)) + _option(_DROPPED, struct.pack("<Q", dropped))
        self._block(_STATISTICS, body + _option(0))

    def flush(self) -> None:
        """Write what was gathered.

        Raises:
            CaptureError: It cannot be written. What was gathered is lost and the file closed, with whole blocks in it.
        """
        data = memoryview(b"".join(self._parts))
        self._parts, self._held = [], 0
        done = 0
        try:
            while done < len(data):
                done += self._file.write(data[done:])
        except OSError as err:
            whole, packets = _whole(data, done)
            self.written += packets
            with suppress(OSError):  # a pipe cannot be cut
                self._file.truncate(self._size + whole)
            self._file.close()
            message = f"{self._path}: cannot be written ({_reason(err)}); it ends with the last whole packet"
            raise CaptureError(message, "make room on the disk, or name a file on another one") from err
        self._size += done
        self.written += self._waiting
        self._waiting = 0

    def close(self) -> None:
        """Write what was gathered and close the file; does nothing when that was done."""
        if not self._file.closed:
            self.flush()
            self._file.close()

    def _block(self, kind: int, body: bytes) -> None:
        length = (len(body) + 3 & ~3) + 12
        self._parts += (struct.pack("<II", kind, length), body, _PADDING[-len(body) & 3], length.to_bytes(4, "little"))
        self._held += length
        self._waiting += kind == _ENHANCED
        if self._held >= _BUFFER:
            self.flush()


def _option(code: int, value: bytes = b"") -> bytes:
    return struct.pack("<HH", code, len(value)) + value + _PADDING[-len(value) & 3]


def _whole(data: memoryview, done: int) -> tuple[int, int]:
    """How many of the first `done` bytes belong to whole blocks, and how many of these are packets."""
    at = packets = 0
    while at + 8 <= done:
        kind, length = struct.unpack_from("<II", data, at)
        if at + length > done:
            break
        at += length
        packets += kind == _ENHANCED
    return at, packets


def _reason(err: Exception) -> str:
    return (getattr(err, "strerror", None) or str(err)).lower()
