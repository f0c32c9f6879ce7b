"""What passes between the readers and the matcher."""

from dataclasses import dataclass

from pxcap.core.protocol import Row

__all__ = ["Message", "Pull", "Row", "Waiting"]


@dataclass(slots=True)
class Message:
    """One protocol message.

    Attributes:
        time: Of its first byte, ns since the epoch.
        verb: Upper case; `?` for a line that is none of the protocol.
        subject, reply, queue, sid: As on the line; empty when there is none.
        text: INFO, CONNECT: their JSON; -ERR: what stands behind; `?`: the line.
        head: HPUB, HMSG: the header block, as far as kept.
        payload: As far as kept.
        size: Of the payload without headers, in bytes.
        head_size: Of the header block, in bytes.
        maximum: UNSUB: messages after which; 0 for at once.
        note: Why it is doubtful, or empty.
    """

    time: int
    verb: str
    subject: str = ""
    reply: str = ""
    queue: str = ""
    sid: str = ""
    text: bytes = b""
    head: bytes = b""
    payload: bytes = b""
    size: int = 0
    head_size: int = 0
    maximum: int = 0
    note: str = ""


Waiting = tuple[int, str, str, str | None, str | None, str | None, int | None, str]
"""A record without its answer: time, cmd, body without its closing brace, subject, reply_to, headers, payload_size, note."""


@dataclass(slots=True)
class Pull:
    """A request for the next messages of a JetStream consumer.

    Attributes:
        waiting: Its record so far.
        batch: Messages asked for.
        seen: Messages delivered.
        last: When the last one came.
        doubtful: Messages for it may have been lost.
    """

    waiting: Waiting
    batch: int
    seen: int = 0
    last: int = 0
    doubtful: bool = False
