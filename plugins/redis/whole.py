"""The fastest loops: a segment that holds whole plain messages, as nearly all do, cut into its lines by one call.

A length that is not that of its line (the value holds a line end), and anything else out of the ordinary, ends the loop;
`fast` goes on there. Both ways give the same requests and rows.
"""

from collections import deque
from collections.abc import Callable

from pxcap.core.protocol import Row
from pxcap.core.text import quote
from pxcap.plugins.redis.render import bytes_array
from pxcap.plugins.redis.request import SPECIAL_COMMANDS, word_text
from pxcap.plugins.redis.types import Request
from pxcap.plugins.redis.wire import BULK, CRLF, INTEGER, MAX_WORD, SIZES

_MAX_WORDS = 4096
_MAX_LINES = 1024
_COUNTS = {b"*%d" % items: items - 1 for items in range(1, 33)}


class _Words(dict[bytes, tuple[bytes, str]]):
    """The length line and the text of plain command words, by the word."""

    def __missing__(self, word: bytes) -> tuple[bytes, str]:
        """Look at one seen for the first time; KeyError sends anything unusual to `RequestReader`."""
        cmd = word_text(word)
        if not 0 < len(word) <= MAX_WORD or cmd in SPECIAL_COMMANDS:
            raise KeyError(word)
        if len(self) >= _MAX_WORDS:
            self.clear()
        self[word] = entry = (b"$%d" % len(word), cmd)
        return entry


class Lines(dict[bytes, str]):
    """Text of short status replies, by their line."""

    def __missing__(self, line: bytes) -> str:
        """Decode one seen for the first time; KeyError sends long ones to `ReplyReader`."""
        if line[:1] != b"+" or len(line) > 32 or not line.isascii() or b"\0" in line:
            raise KeyError(line)
        if len(self) >= _MAX_LINES:
            self.clear()
        self[line] = text = line[1:].decode("ascii")
        return text


_WORDS = _Words()
LINES = Lines()


def whole_requests(buf: bytes, pos: int, end: int, time: int, append: Callable[[Request], object]) -> int:
    """Append the plain requests of `buf[pos:end]`, which ends with a line end; returns where it met anything else.

    A segment with a NUL is left whole: looking for one here is cheaper than in every text.
    """
    if buf.find(0, pos, end) >= 0:
        return pos
    words, counts, sizes = _WORDS, _COUNTS, SIZES
    parts = buf[pos:end].split(CRLF)
    count, at = len(parts) - 1, 0
    try:
        while at < count:
            length, cmd = words[parts[at + 2]]
            if parts[at + 1] != length:
                break
            items = counts[parts[at]]
            following = at + 3 + 2 * items
            if items == 1:
                first = parts[at + 4]
                if sizes[parts[at + 3]] != len(first):
                    break
                args = f"[{quote(first.decode())}]"
            elif items == 2:
                first, second = parts[at + 4], parts[at + 6]
                if sizes[parts[at + 3]] != len(first) or sizes[parts[at + 5]] != len(second):
                    break
                args = f"[{quote(first.decode())},{quote(second.decode())}]"
            elif items:
                values = parts[at + 4 : following : 2]
                if [sizes[line] for line in parts[at + 3 : following : 2]] != [len(value) for value in values]:
                    break
                args = bytes_array(values)
            else:
                args = "[]"
            if following > count:
                break
            append((time, cmd, args, None, ""))
            at = following
    except (KeyError, ValueError, IndexError):
        pass
    return end if at == count else pos + sum(map(len, parts[:at])) + 2 * at


def whole_replies(buf: bytes, pos: int, end: int, now: int, pending: deque[Request], rows: list[Row]) -> int:
    """Answer plain pending requests with the plain replies of `buf[pos:end]`, as `whole_requests` does."""
    if buf.find(0, pos, end) >= 0:
        return pos
    lines, sizes = LINES, SIZES
    popleft, append = pending.popleft, rows.append
    parts = buf[pos:end].split(CRLF)
    count, at = len(parts) - 1, 0
    try:
        while at < count:
            line = parts[at]
            text = lines.get(line)
            following = at + 1
            if text is None:
                kind = line[0]
                if kind == BULK:
                    if line == b"$-1":
                        text = "null"
                    else:
                        value = parts[following]
                        following += 1
                        if sizes[line] != len(value):
                            break
                        text = value.decode()
                elif kind == INTEGER:
                    text = str(line[1:], "ascii")
                    if not text.isdigit() or len(text) > 19:
                        break
                else:
                    text = lines[line]
            if following > count:
                break
            time, cmd, args, special, note = popleft()
            if special is not None:
                pending.appendleft((time, cmd, args, special, note))
                break
            append((time, cmd, args, text, 0, now - time, note))
            at = following
    except (KeyError, ValueError, IndexError):
        pass
    return end if at == count else pos + sum(map(len, parts[:at])) + 2 * at
