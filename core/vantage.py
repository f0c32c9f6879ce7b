"""From where a connection is seen, and the eight address columns that follow from it.

A packet belongs to nobody: its record is seen from the server. Bytes taken from a process are seen from that process,
which is either side; its end stands first in `Connection.ends`, so direction 0 is what it sent.
"""

from dataclasses import dataclass

CLIENT, SERVER, UNKNOWN = 1, 2, 4  # trace_role

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Vantage:
    """One end of a connection, seen by the process that holds it.

    Attributes:
        upid: That process, as node:pid:start.
        netns: Its network namespace, an inode number; 0 when not known.
        encrypted: The bytes are the plain text inside TLS.
        opened: When the connection was established, ns since the epoch; 0 when that was before the capture.
    """

    upid: str = ""
    netns: int = 0
    encrypted: bool = False
    opened: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """The address columns of a connection's records, without the time in front of them."""

    upid: str
    remote: Endpoint
    local: Endpoint
    role: int
    encrypted: bool

    @property
    def columns(self) -> tuple[str, str, int, str, int, int, int]:
        """Their values in the order of the tables; BOOL as SQLite's driver takes it fastest."""
        return (self.upid, *self.remote, *self.local, self.role, int(self.encrypted))


def place(ends: tuple[Endpoint, Endpoint], client: int, certain: bool, seen: Vantage | None) -> Place:
    """Where a connection's records stand.

    Args:
        ends: (address, port) of the sender of direction 0 and of direction 1.
        client: The direction the client sends in.
        certain: That is known, not the default.
        seen: The process that holds direction 0; None when packets told.
    """
    if seen is None:
        return Place("", ends[client], ends[1 - client], SERVER, False)
    role = UNKNOWN if not certain else SERVER if client else CLIENT
    return Place(seen.upid, ends[1], ends[0], role, seen.encrypted)
