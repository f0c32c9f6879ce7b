"""What an -ERR is about: its text is all that tells (nats-server 2.12, `server/errors.go`)."""

import re
from enum import Enum, auto

from pxcap.core.text import quote, to_text
from pxcap.plugins.nats.render import row
from pxcap.plugins.nats.types import Message, Row


class About(Enum):
    """What an error answers."""

    UNREAD = auto()  # a line or payload the server could not read
    TOO_BIG = auto()  # a payload beyond max_payload
    CONNECT = auto()  # who the client is, or that there are too many
    NOTHING = auto()  # the state of the connection
    BESIDE = auto()  # a publication that is carried out, and answered, all the same
    OPERATION = auto()  # the operation whose turn it is


_PATTERNS = (
    (About.UNREAD, rb"unknown protocol|parser error|maximum control line|invalid client protocol"),
    (About.TOO_BIG, rb"maximum payload"),
    (
        About.NOTHING,
        rb"stale connection|slow consumer|.* (?:expired|revoked|timeout)|server shutdown|cluster|connection",
    ),
    (
        About.CONNECT,
        rb"auth|maximum (?:account active )?connections|secure connection|credentials|minimum|no responders requires",
    ),
    (About.BESIDE, rb"invalid publish subject"),
)
_ABOUT = [(about, re.compile(rb"'?(?:" + pattern + rb")", re.IGNORECASE)) for about, pattern in _PATTERNS]
_NAMED = re.compile(rb'Violation for (?:Publish|Subscription)(?: with Reply of)?(?: to)? "([^"]*)"', re.IGNORECASE)


def about(text: bytes) -> About:
    """What the text behind -ERR is about."""
    return next((kind for kind, pattern in _ABOUT if pattern.match(text)), About.OPERATION)


def error_text(message: Message, limit: int) -> str:
    """The whole line, as `resp` shows it."""
    return ("-ERR " + to_text(message.text[:limit])).rstrip()


def error_row(message: Message, limit: int) -> Row:
    """The record of an -ERR that answers nothing known; its subject is the one the text names."""
    named = _NAMED.search(message.text)
    body = '{"error":' + quote(to_text(message.text[:limit].strip(b"'")))
    subject = to_text(named[1]) if named else None
    return row((message.time, "-ERR", body, subject, None, None, None, message.note), error_text(message, limit))
