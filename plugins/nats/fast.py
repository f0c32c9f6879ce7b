"""The fast loops: whole PUB and MSG messages of common size, which nearly all are, from one contiguous buffer.

Each stops at anything else, and the parser takes that in line by line. Both ways give the same rows.
"""

from bisect import bisect_right

from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.core.stream import Chunk
from pxcap.core.text import quote, to_text
from pxcap.plugins.nats.render import answered, opening
from pxcap.plugins.nats.stitch import Stitcher
from pxcap.plugins.nats.types import Message, Pull
from pxcap.plugins.nats.wire import CRLF, MAX_COMMON, number

_MAX_HEADS = 4096


class _Heads(dict[bytes, tuple[str, str, str]]):
    """Subject, beginning of the body and sid by a control line without its size, for lines without a reply subject."""

    def __missing__(self, head: bytes) -> tuple[str, str, str]:
        """Parse a head seen for the first time; KeyError sends anything unusual to the slow way."""
        words = head.split()
        if len(words) == 2 and words[0] == b"PUB":
            sid = ""
        elif len(words) == 3 and words[0] == b"MSG":
            sid = to_text(words[2])
        else:
            raise KeyError(head)
        subject = to_text(words[1])
        if subject.startswith("$JS."):
            raise KeyError(head)
        entry = (subject, opening(subject, sid, ""), sid)
        if not subject.startswith("_INBOX."):  # of those each is seen once
            if len(self) >= _MAX_HEADS:
                self.clear()
            self[head] = entry
        return entry


class _Sizes(dict[bytes, int]):
    """Payload size by its digits, for sizes the fast loops take; bounded by them."""

    def __missing__(self, digits: bytes) -> int:
        """Parse a size seen for the first time; KeyError for any other."""
        size = number(digits)
        if not 0 <= size <= MAX_COMMON or len(digits) > 5:
            raise KeyError(digits)
        self[digits] = size
        return size


_HEADS = _Heads()
_SIZES = _Sizes()


def publications(buf: bytes, pos: int, base: int, chunk: Chunk, stitch: Stitcher, limit: int) -> int:
    """Take the whole plain PUBs that lie in `buf` from `pos` on; returns where it met anything else.

    Args:
        buf: Contiguous bytes.
        pos: Where a message begins, inside `chunk`.
        base: Stream offset of `buf[0]`.
        chunk: For the times.
        stitch: Takes the messages.
        limit: Longest payload taken, so that none needs cutting.
    """
    index, rfind, startswith, append = buf.index, buf.rfind, buf.startswith, stitch.rows.append
    heads, sizes = _HEADS, _SIZES
    awaited, ask, lost = stitch.awaited, stitch.ask, stitch.requests.lost[RESPONSE]
    starts, times, size = chunk.starts, chunk.times, len(buf)
    segments = len(starts)
    segment = bisect_right(starts, base + pos)
    time, turn = times[segment - 1], pos
    nul = buf.find(b"\0", pos) >= 0
    try:
        while pos < size:
            if pos >= turn:
                turn = base + pos
                while segment < segments and starts[segment] <= turn:
                    segment += 1
                time = times[segment - 1]
                turn = starts[segment] - base if segment < segments else size
            stop = index(CRLF, pos, pos + MAX_COMMON)
            begin = stop + 2
            blank = rfind(b" ", pos, stop)
            count = sizes[buf[blank + 1 : stop]]
            reply = ""
            try:
                subject, body, _ = heads[buf[pos:blank]]
            except KeyError:
                words = buf[pos:stop].split()
                if len(words) != 4 or words[0] != b"PUB":
                    break
                subject, reply = to_text(words[1]), to_text(words[2])
                if subject.startswith("$JS."):
                    break
                body = ""
            end = begin + count
            if count > limit or not startswith(CRLF, end):
                break
            if lost and subject.startswith("_INBOX."):
                break
            if subject in awaited:
                if reply:
                    break
                payload = buf[begin:end]
                delivery = awaited.pop(subject)
                stitch.waits(delivery, -1)
                message = Message(time, "PUB", subject, payload=payload, size=count)
                append(answered(delivery, message, limit))
                pos = end + 2
                continue
            if nul:
                text = to_text(buf[begin:end])
            else:
                try:
                    text = buf[begin:end].decode()
                except UnicodeDecodeError:
                    text = to_text(buf[begin:end])
            if reply:
                body = opening(subject, "", reply)
                ask((time, "PUB", body + quote(text), subject, reply, None, count, ""), reply)
            else:
                append((time, "PUB", body + quote(text) + "}", None, subject, None, None, count, None, ""))
            pos = end + 2
    except (KeyError, ValueError):
        pass
    return pos


def deliveries(buf: bytes, pos: int, base: int, chunk: Chunk, stitch: Stitcher, limit: int) -> int:
    """The same for MSGs."""
    index, rfind, startswith, append = buf.index, buf.rfind, buf.startswith, stitch.rows.append
    heads, sizes = _HEADS, _SIZES
    requests, deliver, orphans = stitch.requests.by_reply, stitch.deliver, stitch.requests.lost[REQUEST]
    starts, times, size = chunk.starts, chunk.times, len(buf)
    segments = len(starts)
    segment = bisect_right(starts, base + pos)
    time, turn = times[segment - 1], pos
    nul = buf.find(b"\0", pos) >= 0
    try:
        while pos < size:
            if pos >= turn:
                turn = base + pos
                while segment < segments and starts[segment] <= turn:
                    segment += 1
                time = times[segment - 1]
                turn = starts[segment] - base if segment < segments else size
            stop = index(CRLF, pos, pos + MAX_COMMON)
            begin = stop + 2
            blank = rfind(b" ", pos, stop)
            count = sizes[buf[blank + 1 : stop]]
            reply = ""
            try:
                subject, body, sid = heads[buf[pos:blank]]
            except KeyError:
                words = buf[pos:stop].split()
                if len(words) != 5 or words[0] != b"MSG":
                    break
                subject, sid, reply = to_text(words[1]), to_text(words[2]), to_text(words[3])
                body = ""
            end = begin + count
            if count > limit or not startswith(CRLF, end):
                break
            if subject in requests:
                if isinstance(requests[subject], Pull):
                    break
                message = Message(time, "MSG", subject, reply, sid=sid, payload=buf[begin:end], size=count)
                stitch.answer(message)
                pos = end + 2
                continue
            if orphans and subject.startswith("_INBOX."):
                break
            if nul:
                text = to_text(buf[begin:end])
            else:
                try:
                    text = buf[begin:end].decode()
                except UnicodeDecodeError:
                    text = to_text(buf[begin:end])
            if reply:
                body = opening(subject, sid, reply)
                deliver((time, "MSG", body + quote(text), subject, reply, None, count, ""), sid)
            else:
                append((time, "MSG", body + quote(text) + "}", None, subject, None, None, count, None, ""))
            pos = end + 2
    except (KeyError, ValueError):
        pass
    return pos
