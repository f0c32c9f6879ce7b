r"""Where a message begins in bytes that start anywhere: after a loss, in a connection joined in mid-stream.

The first byte behind a loss is tried, for messages mostly begin where segments do; then whatever follows a line end.
Only the bytes decide, so it does not matter how they were cut.
"""

import re

from pxcap.plugins.redis.commands import COMMANDS

_REQUEST = re.compile(rb"\*[1-9]\d{0,6}\r\n\$[1-9]\d?\r\n[A-Za-z]")
_REQUEST_MAX = 17  # longest match
_INLINE = re.compile(rb"([A-Za-z]{2,20})[ \r\n]")
_INLINE_MAX = 21
_REPLY = re.compile(
    rb"(?:\+[\x20-\x7e]{1,256}|-[A-Z][\x20-\x7e]{1,256}|:[+-]?\d{1,19}|\$(?:-1|\d{1,9})|\*(?:-1|\d{1,9})|[%~>|=!]\d{1,9}"
    rb"|,-?(?:\d[\d.eE+-]{0,30}|inf)|\([+-]?\d{1,80}|#[tf]|_)\r\n"
)
_REPLY_MAX = 259


_REPLY_TYPES = tuple(bytes([c]) for c in b"+-:$*%~>|=!,(#_")


def find_request(buf: bytes, pos: int, first: bool, inline: bool) -> tuple[int, bool]:
    """Position of the next request, and whether it is one; else from where to look on when more bytes came.

    Args:
        buf: Contiguous bytes.
        pos: Where to begin.
        first: `pos` itself may be the beginning. When nothing is found and `pos` comes back, it still may.
        inline: This client has used inline commands: one at `pos` will do as well.
    """
    at = pos if first else buf.find(b"\n", pos) + 1
    while first or at:
        if _REQUEST.match(buf, at):
            return at, True
        growing = len(buf) - at < _REQUEST_MAX and buf[at : at + 1] in (b"", b"*")
        if inline and first and not growing:
            word = _INLINE.match(buf, at)
            if word is not None and word[1].upper() in COMMANDS:
                return at, True
            growing = word is None and len(buf) - at < _INLINE_MAX and buf[at:].isalpha()
        if growing:
            return at - (not first), False
        first = False
        at = buf.find(b"\n", at) + 1
    return len(buf), False


def find_reply(buf: bytes, pos: int, first: bool) -> tuple[int, bool]:
    """The same for replies and pushes."""
    at = pos if first else buf.find(b"\n", pos) + 1
    while first or at:
        if _REPLY.match(buf, at):
            return at, True
        growing = len(buf) - at < _REPLY_MAX and buf.find(b"\r\n", at) < 0
        if growing and (at == len(buf) or buf.startswith(_REPLY_TYPES, at)):
            return at - (not first), False
        first = False
        at = buf.find(b"\n", at) + 1
    return len(buf), False
