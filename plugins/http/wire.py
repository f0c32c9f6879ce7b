"""Grammar and limits of HTTP/1.x messages (RFC 9112). A text protocol: plain bytes, no layout to declare.

Start lines are read leniently (RFC 9112, section 3: a recipient may split on any white space), because what a server
refused is worth a record too. Finding a start in the middle of unknown bytes is strict: only registered methods.
"""

import re

MAX_HEAD = 128 << 10  # bytes of start line and headers; servers accept 8 to 64 KiB
MAX_CHUNK_LINE = 16 << 10  # bytes of a chunk's size and extensions
MAX_TARGET = 8 << 10  # longest request target found when searching; RFC 9112, section 3, asks for 8000 at least
MAX_HOLD = 256 << 10  # bytes of the client kept until it is known whether the server switched protocols
SHORTEST_REQUEST = 16  # bytes: "A / HTTP/1.1" and two line ends

CHUNKED, UNKNOWN, UNTIL_CLOSE = -1, -2, -3  # how a body is delimited when not by a length

NO_REQUEST, NO_RESPONSE, GAP, MIDSTREAM, TRUNCATED, GUESSED = 1, 2, 4, 8, 16, 32
_WORDS = ("no_request", "no_response", "gap", "midstream", "truncated", "guessed")
NOTES = tuple(",".join(word for bit, word in enumerate(_WORDS) if bits >> bit & 1) for bits in range(64))
"""Text of the note column by its bits."""

NO, MAYBE, YES = 0, 1, 2

# IANA "HTTP Method Registry" (2024), and PURGE, NOTIFY, SUBSCRIBE, UNSUBSCRIBE, M-SEARCH as widely used (caches, UPnP).
METHODS = frozenset(
    b"ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY"
    b" MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE M-SEARCH NOTIFY OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH"
    b" PURGE PUT QUERY REBIND REPORT SEARCH SUBSCRIBE TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UNSUBSCRIBE UPDATE"
    b" UPDATEREDIRECTREF VERSION-CONTROL".split()
)
_LONGEST_METHOD = max(map(len, METHODS))
_METHOD_AT_END = re.compile(rb"(?:" + b"|".join(sorted(METHODS)) + rb")$")
_UPPER_TOKEN = re.compile(rb"[A-Z][A-Z_-]{1,31}")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")  # RFC 9110, section 5.6.2, and a bound
_STATUS = re.compile(rb"HTTP/1\.\d \d\d\d[ \r\n]")
_STATUS_LINE = re.compile(rb"HTTP/(\d)\.(\d)[ \t]+(\d{3})(?:[ \t]+(.*))?", re.DOTALL)


def split_request_line(raw: bytes) -> tuple[bytes, bytes, int, int] | None:
    """Method, target, major and minor version of a request line without its end; None when it is none.

    White space inside the target is kept. The HTTP/2 preface is not a request (RFC 9113, section 3.4).
    """
    raw = raw.rstrip(b" \t\r")
    version = raw[-8:]
    if version[:5] != b"HTTP/" or version[6:7] != b"." or not (version[5:6] + version[7:]).isdigit():
        return None
    rest = raw[:-8]
    target = rest.rstrip(b" \t")
    if len(target) == len(rest):
        return None
    parts = target.split(None, 1)
    if len(parts) != 2 or target[:1].isspace() or not _TOKEN.fullmatch(parts[0]):
        return None
    if parts[0] == b"PRI" and version[5:6] == b"2":
        return None
    return parts[0], parts[1], version[5] - 48, version[7] - 48


def split_cut_request_line(raw: bytes) -> tuple[bytes, bytes] | None:
    """Method and what there is of the target, of a request line whose end was lost; None when it hardly is one."""
    if starts_request(raw) != YES:
        return None
    method, _, rest = raw.partition(b" ")
    return method, rest.split(b" ", 1)[0].rstrip(b"\r")


def split_status_line(raw: bytes) -> tuple[int, bytes, int, int] | None:
    """Status, reason phrase, major and minor version of a status line without its end; None when it is none."""
    match = _STATUS_LINE.fullmatch(raw.rstrip(b"\r"))
    if match is None:
        return None
    major, minor, status, reason = match.groups()
    return int(status), (reason or b"").strip(b" \t"), int(major), int(minor)


def starts_request(piece: bytes) -> int:
    """Whether the bytes begin like a request with a registered method and a usual target: NO, MAYBE (too short), YES."""
    method, space, rest = piece[: _LONGEST_METHOD + 8].partition(b" ")
    if not space:
        return MAYBE if any(known.startswith(method) for known in METHODS) else NO
    if method not in METHODS:
        return NO
    if not rest:
        return MAYBE
    if method == b"CONNECT":
        return YES if rest[:1].isalnum() or rest[:1] == b"[" else NO
    return YES if rest[:1] in b"/*" or b"http".startswith(rest[:4].lower()) else NO


def starts_response(piece: bytes) -> int:
    """Whether the bytes begin like a response: NO, MAYBE (too short), YES."""
    head = piece[:7]
    if head == b"HTTP/1.":
        return YES
    return MAYBE if b"HTTP/1.".startswith(head) else NO


def whole_request_line(buf: bytes, pos: int) -> int:
    """Whether a complete request line stands at `pos`: NO, MAYBE (its end has not come), YES."""
    answer = starts_request(buf[pos : pos + 64])
    if answer != YES:
        return answer
    end = buf.find(b"\n", pos, pos + MAX_TARGET)
    if end < 0:
        return MAYBE if len(buf) - pos < MAX_TARGET else NO
    return YES if split_request_line(buf[pos:end]) else NO


def find_request(buf: bytes, pos: int, boundary: bool) -> tuple[int, int]:
    """Search a request line with a registered method at or behind `pos`.

    Args:
        buf: The bytes.
        pos: Where to begin.
        boundary: A message may begin at `pos` itself: then, as at the start of a line, any upper-case method will do.

    Returns:
        Where it begins, or -1; and the position before which nothing is needed any more.
    """
    size = len(buf)
    at = pos
    while (at := buf.find(b" HTTP/1.", at)) >= 0:
        end = buf[at + 9 : at + 11]
        if end in (b"", b"\r"):
            break
        if buf[at + 8 : at + 9].isdigit() and (end == b"\r\n" or end[:1] == b"\n"):
            low = max(pos, at - MAX_TARGET)
            start = _request_start(buf, low, at, boundary and low == pos)
            if start >= 0:
                return start, start
        at += 1
    return -1, max(pos, size - MAX_TARGET - 16)


def _request_start(buf: bytes, low: int, at: int, boundary: bool) -> int:
    space = buf.rfind(b" ", low, at)
    if space < 0 or space + 1 == at or buf.find(b"\n", space, at) >= 0:
        return -1
    match = _METHOD_AT_END.search(buf[max(low, space - _LONGEST_METHOD) : space])
    if match is not None:
        return space - len(match[0])
    start = buf.rfind(b"\n", low, space) + 1
    if start == 0:
        start = low if boundary else space
    return start if _UPPER_TOKEN.fullmatch(buf[start:space]) else -1


def find_response(buf: bytes, pos: int) -> tuple[int, int]:
    """Search a status line of HTTP/1.x at or behind `pos`: where it begins or -1, and what is not needed any more."""
    size = len(buf)
    at = pos
    while (at := buf.find(b"HTTP/1.", at)) >= 0:
        if size < at + 13:
            return -1, at
        if _STATUS.match(buf, at):
            return at, at
        at += 1
    return -1, max(pos, size - 6)
