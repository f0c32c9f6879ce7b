"""What passes between the readers and the matcher."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Packet(NamedTuple):
    """One packet of the client, with those that continue it.

    Attributes:
        time: Of its first byte, ns since the epoch.
        sequence: Of its first packet, 0 to 255.
        last: Sequence id of the last packet that continues it.
        size: True length of the payload.
        body: The payload from its beginning; shorter than `size` when it was too long to keep, or not captured.
        note: Why bytes are missing: empty, "gap" or "truncated" (a long payload is no loss).
    """

    time: int
    sequence: int
    last: int
    size: int
    body: bytes
    note: str


@dataclass(slots=True)
class Statement:
    """A prepared statement.

    Attributes:
        text: As it is stored (secrets hidden); None when its preparation was not seen.
        params: How many parameters it has; -1 when that is not known.
        types: Two bytes for each parameter, as the last execution that stated them did.
        plain: How to show common parameters of these types; None when it is not known, or they are not.
        secret: A parameter of it is a password: none that is text is shown.
        long: Data sent ahead for parameters, by their index: the bytes kept and the true size.
        note: Why the text is not whole.
    """

    text: str | None
    params: int = -1
    types: bytes = b""
    plain: Callable[[bytes, str], str | None] | None = None
    secret: bool = False
    long: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    note: str = ""


class Request(NamedTuple):
    """A command as it waits for its answer; a tuple, as the fast loop makes one for each.

    Attributes:
        time: Of its first byte, ns since the epoch.
        command: Command byte; -1 when it was lost.
        text: req_body.
        params: req_params.
        note: Why it is doubtful.
        answer: Sequence id its answer begins with.
        names: Charset that it asks the connection to use when it succeeds, or empty.
    """

    time: int
    command: int
    text: str | None
    params: str | None
    note: str
    answer: int = 1
    names: str = ""


class Reply(NamedTuple):
    """The whole answer to a command.

    Attributes:
        first: When it began, ns since the epoch.
        last: When it ended.
        status: resp_status: 0 unknown, 2 OK, 3 error.
        text: resp_body.
        code: resp_code.
        sqlstate: resp_sqlstate.
        rows: resp_rows.
        affected: affected_rows.
        note: Why it is doubtful.
        prepared: For a statement prepared: its id, and how many parameters it has.
        outputs: Output parameters, as they stand in `text`.
    """

    first: int
    last: int
    status: int
    text: str | None
    code: int | None
    sqlstate: str | None
    rows: int | None
    affected: int | None
    note: str
    prepared: tuple[int, int] | None = None
    outputs: str = ""
