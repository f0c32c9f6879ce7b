"""What the packets of a capture file have in common that were made from what sockets moved."""

from pxcap.bpf.saved.file import SaveFile
from pxcap.core.capture.synthesise import LINK
from pxcap.core.vantage import Endpoint

End = tuple[int, Endpoint, Endpoint]
"""One end of an exchange: network namespace (0 where it makes no difference), this side, the other side."""


class Interfaces:
    """The interfaces of a file: one for each network namespace, and one for the plain text inside TLS seen there."""

    def __init__(self, file: SaveFile) -> None:
        self._file = file
        self._numbers: dict[tuple[int, bool], int] = {}

    def number(self, netns: int, plaintext: bool = False) -> int:
        """The interface's number, described in the file when it is new."""
        known = self._numbers.get((netns, plaintext))
        if known is None:
            name = f"pxcap bpf netns {netns}" + (", plain text from inside TLS" if plaintext else "")
            known = self._numbers[netns, plaintext] = self._file.interface(name, LINK)
        return known


def both(ends: tuple[Endpoint, Endpoint], netns: int) -> tuple[End, End]:
    """This end, and what the process at the other end would call its own if it runs on this machine.

    Loopback addresses mean somebody else in every namespace; others are taken to be the same everywhere.
    """
    here, there = ends
    where = netns if is_loopback(here[0]) or is_loopback(there[0]) else 0
    return (where, here, there), (where, there, here)


def is_loopback(address: str) -> bool:
    """Whether it never leaves its network namespace."""
    return address.startswith("127.") or address == "::1"
