"""What passes between the readers and the matcher."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Decode = Callable[[bytes], str]
"""Bytes of a value to its JSON text; never raises."""

Loop = Callable[[bytes, int, int, int, int, Sequence[Decode], list[str]], tuple[int, int]]
"""(buf, pos, end, count, room, decoders, lines) to the position of the first row not taken and the room for `fits`; what it gave
is worth nothing where that position is beyond `end`. See `fast`."""

Bind = Callable[[bytes, int, int, int, Sequence[Decode], str], str | None]
"""(buf, pos, end, room, decoders, front) to the JSON of `front` and the values, or None where they are not usual; see `fast`."""


class Message(NamedTuple):
    """One message (v5: envelope) as it came; a tuple, as the reader makes one for each.

    Attributes:
        time: Of its first byte (in v5: of the first byte of the segment that holds it), ns since the epoch.
        version: Protocol version, without the direction bit.
        flags: Section 2.5.
        stream: Stream id; negative for pushes.
        opcode: Section 2.7.
        size: True length of the body.
        body: The body from its beginning; shorter than `size` when it was too long to keep, or not captured.
        note: Why bytes are missing: empty, "gap" or "truncated" (a long body is no loss).
    """

    time: int
    version: int
    flags: int
    stream: int
    opcode: int
    size: int
    body: bytes
    note: str


@dataclass(frozen=True, slots=True)
class DataType:
    """A CQL type: its name as CQL writes it, how a value becomes JSON, and its size where that is fixed (else -1)."""

    name: str
    decode: Decode
    size: int = -1


@dataclass(slots=True)
class Metadata:
    """What is known of the columns of a result, or of the markers of a statement.

    Attributes:
        count: Columns.
        names, types: Of each column; empty when the server left them out.
        paging_state: How the next page is asked for; None on the last page.
        new_id: Identifies a result metadata that has changed; None when it has not.
        header: The names as a line of JSON.
        decoders: Of each column.
        loop: Over rows of such columns, written out; None when there are none or too many.
    """

    count: int
    names: tuple[str, ...] = ()
    types: tuple[DataType, ...] = ()
    paging_state: bytes | None = None
    new_id: bytes | None = None
    header: str = ""
    decoders: tuple[Decode, ...] = ()
    loop: Loop | None = None


@dataclass(slots=True)
class Statement:
    """A prepared statement: its text (secrets hidden; empty when it was not seen), its markers and the columns of its result."""

    text: str
    markers: Metadata
    result: Metadata


class Shown(NamedTuple):
    """A request as it is stored: `req_body` and `req_params`.

    Attributes:
        ok: The body is what it should be.
        known: The statements it executes were prepared on this connection, where that was seen.
    """

    text: str | None
    params: str | None
    ok: bool
    known: bool


class Answer(NamedTuple):
    """A response as it is stored: `resp_body`, `resp_code`, `resp_rows`; `ok` as above."""

    text: str | None
    code: int | None
    rows: int | None
    ok: bool
