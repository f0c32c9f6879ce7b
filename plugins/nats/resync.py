r"""Where a message begins in bytes that start anywhere: after a loss, in a connection joined in mid-stream.

The first byte is tried, then whatever follows a line end. A line must read strictly (verb, arguments, sizes); a payload must
end in CRLF where its line says; and unless it stands first, something that begins like a message must follow it, for a
payload may look like lines. Only the bytes decide, so it does not matter how they were cut.
"""

import re

from pxcap.plugins.nats.wire import CRLF, MAX_LINE, MAX_PAYLOAD, number

_ARG = rb"[^\x00-\x20\x7f]+"
_BLANK = rb"[ \t]+"
_SID = rb"[0-9A-Za-z]+"
_REPLY = rb"(?:" + _BLANK + _ARG + rb")?"
_CLIENT = re.compile(
    rb"(?:(?i:PING|PONG)|"
    rb"(?i:PUB)" + _BLANK + _ARG + _REPLY + _BLANK + rb"(?P<size>\d{1,9})|"
    rb"(?i:HPUB)" + _BLANK + _ARG + _REPLY + _BLANK + rb"\d{1,9}" + _BLANK + rb"(?P<total>\d{1,9})|"
    rb"(?i:SUB)" + _BLANK + _ARG + _REPLY + _BLANK + _SID + rb"|"
    rb"(?i:UNSUB)" + _BLANK + _SID + rb"(?:" + _BLANK + rb"\d{1,9})?|"
    rb"(?i:CONNECT)" + _BLANK + rb"\{[^\n]*\})[ \t]*\r?\n"
)
_SERVER = re.compile(
    rb"(?:PING|PONG|\+OK|-ERR '[^\r\n]*'|"
    rb"MSG" + _BLANK + _ARG + _BLANK + _SID + _REPLY + _BLANK + rb"(?P<size>\d{1,9})|"
    rb"HMSG" + _BLANK + _ARG + _BLANK + _SID + _REPLY + _BLANK + rb"\d{1,9}" + _BLANK + rb"(?P<total>\d{1,9})|"
    rb"INFO" + _BLANK + rb"\{[^\n]*\}[ \t]*)\r\n"
)
_CLIENT_BEGUN = re.compile(rb"(?i:PING|PONG|PUB[ \t]|HPUB[ \t]|SUB[ \t]|UNSUB[ \t]|CONNECT[ \t])")
_SERVER_BEGUN = re.compile(rb"PING\r|PONG\r|\+OK\r|-ERR '|H?MSG |INFO \{")
_WORDS = (
    (b"PING", b"PONG", b"PUB ", b"HPUB ", b"SUB ", b"UNSUB ", b"CONNECT "),
    (b"PING\r", b"PONG\r", b"+OK\r", b"-ERR '", b"MSG ", b"HMSG ", b"INFO {"),
)
SEEN = 4096  # longest payload waited for before its line is believed
_REFUSED, _BELIEVED, _ENDING, _GROWING = range(4)  # _ENDING: whole, and the last thing there is


def find_message(buf: bytes, pos: int, first: bool, client: bool, over: bool = False) -> tuple[int, bool]:
    """Position of the next message, and whether it is one; else from where to look on when more bytes came.

    Args:
        buf: Contiguous bytes.
        pos: Where to begin.
        first: `pos` itself may be the beginning. When nothing is found and `pos` comes back, it still may.
        client: The bytes are the client's.
        over: No more bytes come for now: a whole message at the end is one.
    """
    at = pos if first else buf.find(b"\n", pos) + 1
    while first or at:
        judged = _judge(buf, at, first, client)
        if judged == _BELIEVED or (judged == _ENDING and over):
            return at, True
        if judged in (_GROWING, _ENDING):
            return at - (not first), False
        first = False
        at = buf.find(b"\n", at) + 1
    return len(buf), False


def _judge(buf: bytes, at: int, first: bool, client: bool) -> int:
    line = (_CLIENT if client else _SERVER).match(buf, at)
    if line is None:
        short = len(buf) - at < MAX_LINE and buf.find(b"\n", at) < 0
        return _GROWING if short and _could_begin(buf, at, client) else _REFUSED
    digits = line["size"] or line["total"]
    end = line.end()
    if digits is not None:
        size = number(digits)
        if size > MAX_PAYLOAD:
            return _REFUSED
        if size > SEEN:
            return _BELIEVED
        end += size
        ending = buf[end : end + 2]
        if ending != CRLF:
            return _GROWING if CRLF.startswith(ending) else _REFUSED
        end += 2
    if first:
        return _BELIEVED
    if (_CLIENT_BEGUN if client else _SERVER_BEGUN).match(buf, end):
        return _BELIEVED
    if end == len(buf):
        return _ENDING
    return _GROWING if len(buf) - end < 8 and _could_begin(buf, end, client) else _REFUSED


def _could_begin(buf: bytes, at: int, client: bool) -> bool:
    """Whether what stands there is, or may yet become, the verb of a message."""
    have = buf[at : at + 8].upper().replace(b"\t", b" ")
    return any(have.startswith(word) or word.startswith(have) for word in _WORDS[0 if client else 1])
