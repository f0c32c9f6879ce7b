"""Tells which capture format a file is, by its first bytes."""

from collections.abc import Iterator
from typing import Protocol

from pxcap.core.capture import pcap, pcapng
from pxcap.core.capture.records import Damage, Records

_MAGIC_SIZE = 4
_EXPECTED = "expected pcap or pcapng"
_KNOWN = {
    b"\xfd7zXZ": "xz data",
    b"BZh": "bzip2 data",
    b"\x04\x22\x4d\x18": "lz4 data",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "gzip data within packed data",
    b"\x28\xb5\x2f\xfd": "zstd data within packed data",
    b"snoop\0\0\0": "a snoop capture",
    b"\x7fELF": "a program",
    b"SQLite format 3\0": "an SQLite database",
}
_SHOWN = 16


class Format(Protocol):
    """Finds the packets of one file, window after window.

    Attributes:
        pos: Where, in the window given to `records`, the first byte not consumed lies.
        need: Bytes from there that the next step wants, as far as is known.
    """

    pos: int
    need: int

    def records(self, buf: bytes, pos: int, end: int) -> Iterator[Records]:
        """The whole packets in buf[pos:end]; raises Damage when nothing can follow."""

    def cut(self, rest: bytes) -> str:
        """What to say of bytes at the file's end that are no whole packet."""


def recognise(buf: bytes, held: int) -> tuple[int, Format | None]:
    """The format of a file whose first `held` bytes are in `buf`; None and the bytes needed while these are too few.

    Raises:
        Damage: When it is no capture, or of a version nobody knows.
    """
    head = buf[: min(held, 64)]
    if held < _MAGIC_SIZE:
        return _MAGIC_SIZE, None
    if pcap.is_pcap(head):
        return pcap.HEADER_SIZE, pcap.Pcap(head) if held >= pcap.HEADER_SIZE else None
    if head.startswith(pcapng.MAGIC):
        return pcapng.HEADER_SIZE, pcapng.Pcapng() if held >= pcapng.HEADER_SIZE else None
    raise not_a_capture(head)


def too_short(head: bytes) -> Damage:
    """What to say of a whole file too short for any format's header."""
    if not head:
        hint = "capture again; tcpdump needs -U to write packets as they come, and an orderly end"
        return Damage(f"found an empty file (0 bytes), {_EXPECTED}", hint)
    if pcap.is_pcap(head):
        return Damage(f"pcap header is cut short ({len(head)} of {pcap.HEADER_SIZE} bytes)", "copy the file again")
    if head.startswith(pcapng.MAGIC):
        return Damage(f"pcapng header is cut short ({len(head)} of 28 bytes)", "copy the file again")
    return not_a_capture(head)


def not_a_capture(head: bytes) -> Damage:
    """What to say of a file that begins so."""
    found = next((name for magic, name in _KNOWN.items() if head.startswith(magic)), "")
    if found:
        return Damage(f"found {found}, {_EXPECTED}", "unpack or convert it first: editcap reads most capture formats")
    text = head[:_SHOWN]
    if text.isascii() and all(byte >= 32 or byte in b"\t\r\n" for byte in text):
        found = f"text ({text.decode('ascii')!r})"
    else:
        found = f"bytes {text.hex(' ')}"
    return Damage(f"found {found}, {_EXPECTED}", "make a capture with: tcpdump -w FILE")
