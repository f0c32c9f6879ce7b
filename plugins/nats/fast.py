"""The fast loops: whole PUB and MSG messages of common size, which nearly all are, from one contiguous buffer.

Each stops at anything else, and the parser takes that in line by line. Both ways give the same rows.
"""

from bisect import bisect_right

from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.core.stream import Chunk
from pxcap.core.text import quote, to_text
from pxcap.plugins.nats.render import opening, plain_answer
from pxcap.plugins.nats.stitch import Stitcher
from pxcap.plugins.nats.types import Pull
from pxcap.plugins.nats.wire import CRLF, MAX_COMMON, number

_MAX_HEADS = 4096
_PAYLOAD = ',"payload":'  # what `opening` ends in
_BEFORE_PAYLOAD = len(_PAYLOAD)


_Head = tuple[str, str, str, str]
"""Subject, beginning of the body up to the payload, sid, and reply subject."""


class _Heads(dict[bytes, _Head]):
    """Control lines without a reply subject and their size, of one verb, that were seen before.

    Args:
        verb: PUB or MSG.
        words: In such a line.
    """

    def __init__(self, verb: bytes, words: int) -> None:
        super().__init__()
        self._verb = verb
        self._words = words

    def unseen(self, head: bytes, nul: bool) -> _Head | None:
        """Parse a line that is not here, with a reply subject or without; None sends it the slow way.

        The beginning of the body is empty for a subject of an inbox without a reply subject: those are mostly answers,
        which have no body. `nul` says that there may be NULs.

        Raises:
            UnicodeDecodeError: So does this.
        """
        cut = head.rfind(b" ")
        known = self.get(head[:cut])
        if known is not None:
            words = head[cut:].split()
            if len(words) != 1:
                return None
            reply = to_text(words[0]) if nul else words[0].decode()
            subject, body, sid, _ = known
            if reply.startswith("$JS."):
                return subject, opening(subject, sid, reply), sid, reply
            return subject, f'{body[:-_BEFORE_PAYLOAD]},"reply-to":{quote(reply)}{_PAYLOAD}', sid, reply
        words = head.split()
        more = len(words) - self._words
        if not 0 <= more <= 1 or words[0] != self._verb:
            return None
        texts = [to_text(word) if nul else word.decode() for word in words]
        subject, sid = texts[1], texts[2] if self._words == 3 else ""
        if subject.startswith("$JS."):
            return None
        if more:
            if head[cut + 1 :] == words[-1] and not subject.startswith("_INBOX."):
                self._keep(head[:cut], subject, sid)  # for the next one, with another reply subject
            return subject, opening(subject, sid, texts[-1]), sid, texts[-1]
        if subject.startswith("_INBOX."):  # each is seen once
            return subject, "", sid, ""
        return self._keep(head, subject, sid)

    def _keep(self, head: bytes, subject: str, sid: str) -> _Head:
        if len(self) >= _MAX_HEADS:
            self.clear()
        entry = self[head] = (subject, opening(subject, sid, ""), sid, "")
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


_PUBS = _Heads(b"PUB", 2)
_MSGS = _Heads(b"MSG", 3)
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
    heads, sizes = _PUBS.get, _SIZES
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
            head = buf[pos:blank]
            entry = heads(head) or _PUBS.unseen(head, nul)
            if entry is None:
                break
            subject, body, sid, reply = entry
            end = begin + count
            if count > limit or not startswith(CRLF, end):
                break
            if lost and subject.startswith("_INBOX."):
                break
            delivery = awaited.get(subject)
            if delivery is not None and reply:
                break
            if nul:
                text = to_text(buf[begin:end])
            else:
                try:
                    text = buf[begin:end].decode()
                except UnicodeDecodeError:
                    text = to_text(buf[begin:end])
            if delivery is not None:
                del awaited[subject]
                stitch.waits(delivery, -1)
                append(plain_answer(delivery, time, "PUB", "", text, count))
            elif reply:
                ask((time, "PUB", body + quote(text), subject, reply, None, count, ""), reply)
            else:
                body = (body or opening(subject, sid, "")) + quote(text) + "}"
                append((time, "PUB", body, None, subject, None, None, count, None, ""))
            pos = end + 2
    except (KeyError, ValueError):
        pass
    return pos


def deliveries(buf: bytes, pos: int, base: int, chunk: Chunk, stitch: Stitcher, limit: int) -> int:
    """The same for MSGs."""
    index, rfind, startswith, append = buf.index, buf.rfind, buf.startswith, stitch.rows.append
    heads, sizes = _MSGS.get, _SIZES
    requests, take, deliver = stitch.requests.by_reply, stitch.take, stitch.deliver
    orphans = stitch.requests.lost[REQUEST]
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
            head = buf[pos:blank]
            entry = heads(head) or _MSGS.unseen(head, nul)
            if entry is None:
                break
            subject, body, sid, reply = entry
            end = begin + count
            if count > limit or not startswith(CRLF, end):
                break
            held = requests.get(subject)
            if held is not None and (reply or isinstance(held, Pull) or subject.startswith("$JS.")):
                break
            if orphans and held is None and subject.startswith("_INBOX."):
                break
            if nul:
                text = to_text(buf[begin:end])
            else:
                try:
                    text = buf[begin:end].decode()
                except UnicodeDecodeError:
                    text = to_text(buf[begin:end])
            if held is not None:
                append(plain_answer(take(subject), time, "MSG", sid, text, count))
            elif reply:
                deliver((time, "MSG", body + quote(text), subject, reply, None, count, ""), sid)
            else:
                body = (body or opening(subject, sid, "")) + quote(text) + "}"
                append((time, "MSG", body, None, subject, None, None, count, None, ""))
            pos = end + 2
    except (KeyError, ValueError):
        pass
    return pos
