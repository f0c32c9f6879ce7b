"""The plugin contract: what a protocol declares, and the per-connection parser it provides.

The core reads packets, puts each direction back in order and hands long contiguous runs of bytes to the parser of the
connection. The parser finds messages, matches responses with requests and returns rows. It does no I/O, reads no clock,
logs nothing and knows no database.

What the core promises a parser:

* Each direction arrives in order, once, without overlap; what was lost is announced by `gap` in its place.
* **Causal order**: a response is never fed before the request it answers, if that was captured. Requests may run ahead
  of responses by any amount (the core feeds what a window of the capture holds, one direction after the other), unless
  the parser sets `lockstep`: then the two directions arrive interleaved as they were sent. A parser sets it while it does
  not know which response answers which request (after a gap, in a connection joined in mid-stream).
* Calls stop after `finish`.

What a parser promises the core:

* No wire content raises. A parser that raises is counted, named and switched off for that connection.
* The way bytes were cut into chunks never changes the rows.
* What it holds is bounded by a limit it can name.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pxcap.core.columns import LEADING_COLUMNS, TRAILING_COLUMNS, Column, Table
from pxcap.core.stream import REQUEST, RESPONSE, Chunk

__all__ = [
    "LOST",
    "NO",
    "REQUEST",
    "RESPONSE",
    "SURE",
    "TRUNCATED",
    "ConnectionInfo",
    "GivenFile",
    "Parser",
    "ProtocolSpec",
    "Row",
    "Sample",
    "Settings",
]

Row = tuple[Any, ...]
"""(time_, the protocol's own columns in declared order, latency, note); the core puts the address columns in."""

NO, SURE = 0, 100
"""Bounds of a recognition score: impossible, and certain enough to need no more bytes."""

LOST, TRUNCATED = "gap", "truncated"
"""Why bytes are missing: the capture never had the segment, or its snap length cut the segment. Words of `note`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the person chose, for every parser.

    Attributes:
        body_limit: Longest body or value kept in a record, in bytes; the true size is kept beside it.
        redact: Replace secrets by `pxcap.core.text.REDACTED` before a row is returned.
        files: Contents of files the person gave for protocols to use, by "protocol.name" (see `GivenFile`).
    """

    body_limit: int = 65536
    redact: bool = True
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """What is known of a connection when its parser is made.

    Attributes:
        transport: "tcp" or "udp".
        client_addr, server_addr: Addresses as text.
        client_port, server_port: Ports; a hint only, never proof.
        midstream: The beginning was not captured: the first bytes may lie inside a message.
        settings: What the person chose.
    """

    transport: str = "tcp"
    client_addr: str = ""
    client_port: int = 0
    server_addr: str = ""
    server_port: int = 0
    midstream: bool = False
    settings: Settings = Settings()


@dataclass(slots=True)
class Sample:
    """First bytes of both directions, for recognition; at most 4 KiB each, either may be empty.

    Attributes:
        request: First bytes of the side that would be the client. For UDP: its first datagram.
        response: First bytes of the side that would be the server.
        transport: "tcp" or "udp".
        midstream: The bytes are not the beginning of the connection (they start at a segment, not surely at a message).
    """

    request: bytes
    response: bytes
    transport: str = "tcp"
    midstream: bool = False


class Parser(ABC):
    """Base of every per-connection parser and matcher. Subclasses call `super().__init__(info)` first.

    Attributes:
        info: The connection.
        errors: Malformed input and other things not decoded, counted by a short name.
        lockstep: Set while requests and responses must arrive interleaved as they were sent (see module text).
        done: Set when the rest of the connection is not to be parsed (upgraded to TLS, a replication link, a tunnel);
            the core stops feeding and counts its bytes only.
    """

    __slots__ = ("done", "errors", "info", "lockstep")

    def __init__(self, info: ConnectionInfo) -> None:
        self.info = info
        self.errors: dict[str, int] = {}
        self.lockstep = info.midstream
        self.done = False

    @abstractmethod
    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side (REQUEST or RESPONSE) and return the rows they complete."""

    @abstractmethod
    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        """Note that `size` bytes of a side were not captured (`reason` is LOST or TRUNCATED).

        `time` is when the loss was noticed, ns since the epoch. The next chunk's offset counts the lost bytes. A gap
        must cost only what it covers: a parser that knows from a length that it lies inside a body goes on behind it.
        """

    def close(self, side: int, time: int) -> list[Row]:
        """One side sent its end (FIN); the other may go on. Bodies that end with the connection end here."""
        return []

    def finish(self, time: int) -> list[Row]:
        """The connection is over, reset, idle for long, or the capture ends: return a row for everything still open."""
        return []

    def error(self, name: str, count: int = 1) -> None:
        """Count something malformed."""
        self.errors[name] = self.errors.get(name, 0) + count


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that a protocol can use and only the person has: a schema, a list of types.

    Attributes:
        name: Short lower-case name; `--give PROTOCOL.NAME=FILE` gives it.
        meaning: What it is, and what it is good for: one sentence.
        why_unusable: Why these contents are of no use, in a few words that may follow the file's name; empty when they
            are. Never raises.
    """

    name: str
    meaning: str
    why_unusable: Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class ProtocolSpec:
    """All that pxcap needs to know of a protocol.

    Attributes:
        name: Short lower-case name, as in `--only` and `--decode-as`.
        api: Plugin API number it was written for: 1.
        table: Name of its table, such as `http_events`.
        columns: Its own columns, between the leading ones (time, addresses) and the trailing ones (latency, note).
        summary: One sentence: which protocol, which versions.
        recognise: How sure the sample is this protocol in this orientation, NO to SURE. Called with growing samples
            until one protocol is SURE; the best score above the threshold wins when no more bytes come. Never raises.
        parser: Makes the parser of one connection.
        transports: Which of "tcp", "udp" it runs on.
        ports: Usual server ports: break ties, prove nothing.
        aliases: Other names under which the table can be read.
        files: Files the person may give it; a parser finds the contents in `info.settings.files`.
    """

    name: str
    api: int
    table: str
    columns: tuple[Column, ...]
    summary: str
    recognise: Callable[[Sample], int]
    parser: Callable[[ConnectionInfo], Parser]
    transports: frozenset[str] = frozenset({"tcp"})
    ports: frozenset[int] = frozenset()
    aliases: tuple[str, ...] = ()
    files: tuple[GivenFile, ...] = ()

    @property
    def width(self) -> int:
        """Values in a row of a parser: the time, the protocol's own columns, the trailing ones."""
        return 1 + len(self.columns) + len(TRAILING_COLUMNS)

    def schema(self) -> Table:
        """The protocol's table with every column in row order."""
        return Table(self.table, (*LEADING_COLUMNS, *self.columns, *TRAILING_COLUMNS), self.summary, self.aliases)
