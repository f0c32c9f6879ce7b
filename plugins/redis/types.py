"""What passes between the readers and the matcher."""

from dataclasses import dataclass, field
from enum import Enum, auto


class Kind(Enum):
    """Why a request needs more than "the next reply is its reply"."""

    CONFIRM = auto()  # SUBSCRIBE and its kin: one reply for each channel
    MONITOR = auto()  # the connection turns into a stream of lines
    RESET = auto()  # leaves every mode
    SYNC = auto()  # the connection turns into a replication link
    ACK = auto()  # sent on a replication link, never answered
    REPLY = auto()  # CLIENT REPLY: switches replies off and on
    SECRET = auto()  # the reply holds secrets
    MALFORMED = auto()  # not a command: only the server's error reply makes it a record


@dataclass(slots=True)
class Special:
    """How a request that is not plain is answered.

    Attributes:
        kind: What is special.
        word: For CONFIRM the word its confirmations begin with; for REPLY the mode, upper case.
        expect: For CONFIRM how many confirmations come; None when that depends on what is subscribed.
        parts: Confirmations so far, as JSON; bounded by the body limit.
        more: Confirmations beyond that.
        seen: How many came.
        last: When the last one came, ns since the epoch.
        note: Why they are doubtful.
    """

    kind: Kind
    word: str = ""
    expect: int | None = None
    parts: list[str] = field(default_factory=list)
    more: int = 0
    seen: int = 0
    last: int = 0
    note: str = ""


Request = tuple[int, str | None, str | None, Special | None, str]
"""(time of the first byte, req_cmd, req_args, what is special, note); a tuple, as the fast loop makes one a command."""


@dataclass(slots=True)
class Reply:
    """One reply or push.

    Attributes:
        time: Of its first byte, ns since the epoch.
        type: Its type byte; 0 when that was lost.
        text: As it is stored.
        error: It is an error reply.
        kind: First element when that is a string and the reply an array or a push, else empty.
        count: Elements of the array or push; -1 when streamed.
        note: Why it is doubtful, or empty.
    """

    time: int
    type: int
    text: str
    error: bool = False
    kind: str = ""
    count: int = 0
    note: str = ""
