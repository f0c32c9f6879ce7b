"""Is it Redis? An array of bulk strings whose first word is a command is; anything less needs the other side to agree.

Near relatives: NATS (`PING`, `PONG`, `+OK`, `-ERR '...'` without RESP's framing), POP3 (`+OK text`), SMTP and memcached
(status words without a type byte).
"""

import re

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.redis.commands import COMMANDS
from pxcap.plugins.redis.resync import find_reply, find_request

_HEAD = re.compile(rb"\*([1-9]\d{0,6})\r\n\$([1-9]\d?)\r\n([A-Za-z][A-Za-z0-9._-]{0,63})\r\n")
_HEAD_BEGUN = re.compile(rb"\*[1-9]\d{0,6}(?:\r|\r\n|\r\n\$\d{0,2}\r?|\r\n\$\d{1,2}\r\n[A-Za-z0-9._-]{0,63}\r?)?\Z")
_ARGUMENT = re.compile(rb"\$(\d{1,10})\r\n")
_ARGUMENT_BEGUN = re.compile(rb"(?:\$(?:\d{1,10}\r?)?)?\Z")
_INLINE = re.compile(rb"([A-Za-z]{3,20})(?: [^\r\n]*)?\r?\n")
_LINE = re.compile(rb"([-+:$*%~>|=!,(#_;.])([^\r\n]*)\r\n")
_ERRORS = re.compile(
    rb"-(?:ERR [^']|WRONGTYPE |WRONGPASS |NO[A-Z]+ |MOVED \d|ASK \d|OOM |BUSY|LOADING |READONLY |MISCONF |EXECABORT |"
    rb"CROSSSLOT |TRYAGAIN |CLUSTERDOWN |MASTERDOWN |DENIED |UNKILLABLE |INPROG )"
)
_OWN_STATUS = re.compile(rb"(?:PONG|QUEUED|FULLRESYNC .*|\d+\.\d{6} \[\d+ [^\]]*\] \".*)\Z", re.DOTALL)
_STATUS = re.compile(rb"(?:OK|RESET|CONTINUE.*)\Z|" + _OWN_STATUS.pattern, re.DOTALL)

LIKELY = 85  # framed as only Redis frames, with a command this module does not know
BEGUN = 60  # what is there fits, and it is cut before the command
CONFIRMED = 75  # an inline command, and RESP in answer
REPLIES = 70  # replies alone, with lengths that are right
STATUS = 30  # status lines alone: others have them too


def recognise(sample: Sample) -> int:
    """How sure a sample is Redis in this orientation; any side may be empty."""
    request, response = sample.request, sample.response
    answered = _replies(response, sample.midstream) if response else NO
    if not request:
        return answered
    asked = _request(request)
    if asked == NO and sample.midstream:
        at, found = find_request(request, 0, False, False)
        asked = min(_request(request[at:]), LIKELY) if found else NO
    if asked == NO:
        return _inline(request, response) if answered else NO
    if response and answered == NO:
        return NO if not sample.midstream else min(asked, BEGUN)
    return asked


def _request(data: bytes) -> int:
    head = _HEAD.match(data)
    if head is None:
        return BEGUN if len(data) > 4 and _HEAD_BEGUN.match(data) else NO
    count, size, word = int(head[1]), int(head[2]), head[3]
    if size != len(word):
        return NO
    pos = head.end()
    for _ in range(count - 1):
        argument = _ARGUMENT.match(data, pos)
        if argument is None:
            if _ARGUMENT_BEGUN.match(data, pos):
                break
            return NO
        pos = argument.end() + int(argument[1]) + 2
        if pos > len(data):
            break
    return SURE if word.upper() in COMMANDS else LIKELY


def _inline(request: bytes, response: bytes) -> int:
    if response.startswith(b"-ERR Protocol error: "):  # no other server says so of what it could not read
        return CONFIRMED
    line = _INLINE.match(request)
    if line is None or line[1].upper() not in COMMANDS:
        return NO
    if line[1].upper() == b"PING" and not response.startswith((b"+PONG\r\n", b"-NOAUTH", b"$", b"*")):
        return NO
    return CONFIRMED


def _replies(data: bytes, midstream: bool) -> int:
    """How sure bytes are replies: every line must be one, and lengths must lead to the next."""
    pos = 0
    if midstream and _LINE.match(data) is None:
        pos, found = find_reply(data, 0, False)
        if not found:
            return NO
    framed = False
    while pos < len(data):
        line = _LINE.match(data, pos)
        if line is None:
            tail = data[pos:]
            whole = b"\n" in tail or tail[:1] not in b"-+:$*%~>|=!,(#_;.\r"
            return NO if whole else (REPLIES if framed else STATUS)
        kind, rest = line[1], line[2]
        pos = line.end()
        if kind == b"+":
            if not framed and _STATUS.match(rest) is None:
                return NO
            framed = framed or _OWN_STATUS.match(rest) is not None
        elif kind == b"-":
            if not framed and _ERRORS.match(kind + rest) is None:
                return NO
        elif kind in b"#_,(":
            framed = True
        elif kind in b";.":  # the parts and the end of what is streamed
            if not framed or (rest if kind == b"." else not rest.isdigit() or len(rest) > 19):
                return NO
            pos += int(rest) + 2 if rest.strip(b"0") else 0
        elif rest.lstrip(b"-").isdigit() and len(rest) < 20:
            size = int(rest)
            framed = framed or kind != b":"
            if kind in b"$=!" and size >= 0:
                pos += size + 2
                if pos <= len(data) and data[pos - 2 : pos] != b"\r\n":
                    return NO
        elif rest != b"?":
            return NO
        else:
            framed = True
    return REPLIES if framed else STATUS
