"""The fast loops: whole small commands and replies, which nearly all are, from one contiguous buffer.

Each stops at anything else, and the readers (`request`, `reply`) take that in. Both ways give the same requests and rows.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable

from pxcap.core.protocol import Row
from pxcap.core.stream import Chunk
from pxcap.core.text import quote, to_text
from pxcap.plugins.redis.render import bytes_array
from pxcap.plugins.redis.request import SPECIAL_COMMANDS, word_text
from pxcap.plugins.redis.types import Request
from pxcap.plugins.redis.whole import LINES, whole_replies, whole_requests
from pxcap.plugins.redis.wire import ARRAY, BULK, CRLF, INTEGER, MAX_LINE, MAX_WORD, SIMPLE, SIZES, number

_MAX_HEADS = 4096
_SEVERAL_REQUESTS, _SEVERAL_REPLIES = 128, 76  # bytes from which cutting a segment at once is faster than line by line


class _Heads(dict[bytes, tuple[int, str]]):
    r"""Number of arguments and command by a request's first bytes, `b"*2\r\n$3\r\nGET"`, for plain commands."""

    def __missing__(self, head: bytes) -> tuple[int, str]:
        """Parse a head seen for the first time; KeyError sends anything unusual to `RequestReader`."""
        parts = head.split(CRLF)
        if len(parts) != 3 or head[:1] != b"*" or parts[1][:1] != b"$":
            raise KeyError(head)
        items, size, word = number(parts[0][1:]), number(parts[1][1:]), parts[2]
        cmd = word_text(word)
        if (
            items is None
            or not 0 < items <= MAX_LINE
            or size != len(word)
            or size > MAX_WORD
            or cmd in SPECIAL_COMMANDS
        ):
            raise KeyError(head)
        if len(self) >= _MAX_HEADS:
            self.clear()
        self[head] = entry = (items - 1, cmd)
        return entry


_HEADS = _Heads()


def common_requests(
    buf: bytes, pos: int, base: int, chunk: Chunk, append: Callable[[Request], object], limit: int
) -> int:
    """Append the plain whole requests that lie in `buf` from `pos` on; returns where it met anything else.

    Args:
        buf: Contiguous bytes.
        pos: Where a request begins, inside `chunk`.
        base: Stream offset of `buf[0]`.
        chunk: For the times.
        append: Takes each request.
        limit: Longest request taken, so that none needs cutting.
    """
    index, heads, sizes = buf.index, _HEADS, SIZES
    starts, times, size = chunk.starts, chunk.times, len(buf)
    segments = len(starts)
    segment = bisect_right(starts, base + pos)
    time, turn = times[segment - 1], pos
    try:
        while pos < size:
            if pos >= turn:
                turn = base + pos
                while segment < segments and starts[segment] <= turn:
                    segment += 1
                time = times[segment - 1]
                turn = starts[segment] - base if segment < segments else size
                if _SEVERAL_REQUESTS < turn - pos <= limit and buf.endswith(CRLF, pos, turn):
                    pos = whole_requests(buf, pos, turn, time, append)
                    if pos == turn:
                        continue
            stop = index(CRLF, pos + 8)
            count, cmd = heads[buf[pos:stop]]
            at = stop + 2
            if count == 1:
                stop = index(CRLF, at)
                begin = stop + 2
                stop = begin + sizes[buf[at:stop]]
                at = stop + 2
                args = "[" + quote(buf[begin:stop].decode()) + "]"
                if "\\u0000" in args:
                    break
            elif count == 2:
                stop = index(CRLF, at)
                begin = stop + 2
                stop = begin + sizes[buf[at:stop]]
                first = buf[begin:stop]
                at = stop + 2
                stop = index(CRLF, at)
                begin = stop + 2
                stop = begin + sizes[buf[at:stop]]
                at = stop + 2
                try:
                    args = "[" + quote(first.decode()) + "," + quote(buf[begin:stop].decode()) + "]"
                    if "\\u0000" in args:
                        args = bytes_array((first, buf[begin:stop]))
                except UnicodeDecodeError:
                    args = bytes_array((first, buf[begin:stop]))
            elif count:
                values = []
                for _ in range(count):
                    stop = index(CRLF, at)
                    begin = stop + 2
                    stop = begin + sizes[buf[at:stop]]
                    values.append(buf[begin:stop])
                    at = stop + 2
                args = bytes_array(values)
            else:
                args = "[]"
            if at > size or at - pos > limit:
                break
            append((time, cmd, args, None, ""))
            pos = at
    except (KeyError, ValueError):
        pass
    return pos


def common_replies(
    buf: bytes, pos: int, base: int, chunk: Chunk, pending: deque[Request], rows: list[Row], limit: int
) -> int:
    """Answer plain pending requests with the plain whole replies in `buf`; returns where it met anything else.

    Args:
        buf: Contiguous bytes.
        pos: Where a reply begins, inside `chunk`.
        base: Stream offset of `buf[0]`.
        chunk: For the times.
        pending: Unanswered requests in order; answered ones are taken from the front.
        rows: Takes a row for each.
        limit: Longest reply taken, so that none needs cutting.
    """
    index, sizes, lines = buf.index, SIZES, LINES
    popleft, append = pending.popleft, rows.append
    starts, times, size = chunk.starts, chunk.times, len(buf)
    segments = len(starts)
    segment = bisect_right(starts, base + pos)
    now, turn = times[segment - 1], pos
    try:
        while pos < size:
            if pos >= turn:
                turn = base + pos
                while segment < segments and starts[segment] <= turn:
                    segment += 1
                now = times[segment - 1]
                turn = starts[segment] - base if segment < segments else size
                if _SEVERAL_REPLIES < turn - pos <= limit and buf.endswith(CRLF, pos, turn):
                    pos = whole_replies(buf, pos, turn, now, pending, rows)
                    if pos == turn:
                        continue
            stop = index(CRLF, pos)
            kind = buf[pos]
            end = stop + 2
            if kind == SIMPLE:
                text = lines[buf[pos:stop]]
            elif kind == BULK:
                header = buf[pos:stop]
                if header == b"$-1":
                    text = "null"
                else:
                    begin = end
                    end += sizes[header]
                    try:
                        text = buf[begin:end].decode()
                    except UnicodeDecodeError:
                        text = to_text(buf[begin:end])
                    if "\0" in text:
                        text = text.replace("\0", "\\x00")
                    end += 2
            elif kind == INTEGER:
                text = str(buf[pos + 1 : stop], "ascii")
                if not text.isdigit() or len(text) > 19:
                    break
            elif kind == ARRAY:
                text, end = _flat_array(buf, pos, stop)
            else:
                break
            if end > size or end - pos > limit:
                break
            time, cmd, args, special, note = popleft()
            if special is not None:
                pending.appendleft((time, cmd, args, special, note))
                break
            append((time, cmd, args, text, 0, now - time, note))
            pos = end
    except (KeyError, ValueError, IndexError):
        pass
    return pos


def _flat_array(buf: bytes, pos: int, stop: int) -> tuple[str, int]:
    """An array of short strings as JSON, and where it ends; KeyError or ValueError when it is anything else."""
    digits = buf[pos + 1 : stop]
    if not digits.isdigit() or len(digits) > 4 or (count := int(digits)) == 0:
        raise KeyError(digits)
    index, sizes = buf.index, SIZES
    at = stop + 2
    values = []
    for _ in range(count):
        stop = index(CRLF, at)
        begin = stop + 2
        stop = begin + sizes[buf[at:stop]]
        values.append(buf[begin:stop])
        at = stop + 2
    return bytes_array(values), at
