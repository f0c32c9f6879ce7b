"""Both directions walked side by side: the short way for plain messages of versions 3 and 4, which are most.

A request is looked at where it lies, remembered by its stream id, and shown together with its response; no object is made
for either. Whatever is unusual becomes a `Message` and goes the long way, through `Stitcher`; what is no whole plain message
ends the walk, and the reader of messages goes on where it ended. Both ways give the same rows.
"""

from bisect import bisect_right
from collections.abc import Callable
from struct import Struct, error

from pxcap.plugins.cql.lane import Lane
from pxcap.plugins.cql.stitch import Stitcher
from pxcap.plugins.cql.types import Message
from pxcap.plugins.cql.wire import BATCH, EVENT, EXECUTE, HEADER_SIZE, PREPARE, QUERY, RESPONSES, RESULT

_HEAD = Struct(">HhBI").unpack_from  # version and flags, stream, opcode, size
_ASKED = frozenset({0x0300, 0x0400})  # versions with the direction, and flags: none
_ANSWERED = frozenset({0x8300, 0x8400})
_SAME = frozenset({QUERY, PREPARE, EXECUTE, BATCH})  # requests that change nothing when they are taken in
_VOID = b"\0\0\0\1"  # a RESULT of this kind, whole
_MOST = 4096  # requests remembered here
_BEFORE = -HEADER_SIZE  # position behind which no header is looked for

Waiting = tuple[int, int, int, bytes, int, int]
"""When it was seen, version, opcode, buffer, and where in it the body begins and ends."""


class Abreast:
    """Walks the two lanes of a connection.

    Args:
        lanes: Of requests and of responses.
        stitch: Takes what is unusual, and has the requests that wait from before; rows go to it.
        pull: Hands one more request to `stitch`, of those seen before a time unless that is None; False when there is none.
        keep: Longest body.
    """

    __slots__ = ("_keep", "_lanes", "_limit", "_pull", "_stitch")

    def __init__(
        self, lanes: tuple[Lane, Lane], stitch: Stitcher, pull: Callable[[int | None], bool], keep: int, limit: int
    ) -> None:
        self._lanes = lanes
        self._stitch = stitch
        self._pull = pull
        self._keep = keep
        self._limit = limit

    def walk(self, lossy: bool) -> None:
        """Take responses as long as they are plain and whole, and their requests.

        Args:
            lossy: A request may be missing: one seen after a response is not the one it answers.
        """
        asks, replies = self._lanes
        if not replies.plain:
            return
        stitch, keep, limit = self._stitch, self._keep, self._limit
        pending, plans, show = stitch.matcher.pending, stitch.usual.plans, stitch.usual.show
        shown_answer, append = stitch.reader.usual, stitch.rows.append
        waiting: dict[int, Waiting] = {}
        pop, head_at = waiting.pop, _HEAD

        inbox = replies.inbox
        buf, pos, base = inbox.buf, inbox.pos, inbox.base
        starts, times = inbox.segments
        end, begun = len(buf), pos
        segment, turn, time = bisect_right(starts, base + pos), -1, 0

        asked = asks.inbox
        q_buf, q_pos, q_base = asked.buf, asked.pos, asked.base
        q_starts, q_times = asked.segments
        q_end, q_begun = len(q_buf) if asks.plain else _BEFORE, q_pos
        q_segment, q_turn, q_time = bisect_right(q_starts, q_base + q_pos), -1, 0

        while pos + HEADER_SIZE <= end:
            head, stream, opcode, size = head_at(buf, pos)
            body = pos + HEADER_SIZE
            after = body + size
            if after > end or size > keep or (head not in _ANSWERED and head >> 8 not in (0x83, 0x84)):
                break
            if opcode != RESULT and opcode not in RESPONSES:
                break
            if pos >= turn:
                while segment < len(starts) and starts[segment] <= base + pos:
                    segment += 1
                time = times[segment - 1]
                turn = starts[segment] - base if segment < len(starts) else end
            pos = after
            found = pop(stream, None)
            if found is None and stream >= 0 and opcode != EVENT and stream not in pending:
                while True:
                    if q_pos + HEADER_SIZE <= q_end:
                        q_head, q_stream, q_opcode, q_size = head_at(q_buf, q_pos)
                        q_body = q_pos + HEADER_SIZE
                        q_after = q_body + q_size
                        if q_after <= q_end and q_head in _ASKED and q_opcode in _SAME and q_size <= keep:
                            if q_pos >= q_turn:
                                while q_segment < len(q_starts) and q_starts[q_segment] <= q_base + q_pos:
                                    q_segment += 1
                                q_time = q_times[q_segment - 1]
                                q_turn = q_starts[q_segment] - q_base if q_segment < len(q_starts) else q_end
                            if lossy and q_time >= time:
                                break
                            if q_stream not in waiting and q_stream not in pending and len(waiting) < _MOST:
                                q_pos = q_after
                                one = q_time, q_head >> 8, q_opcode, q_buf, q_body, q_after
                                if q_stream == stream:
                                    found = one
                                    break
                                waiting[q_stream] = one
                                continue
                    # The next request is not a plain one, or uses an id again, or is not all there.
                    self._hand_over(waiting)
                    asks.passed(q_pos, q_pos > q_begun)
                    pulled = self._pull(time if lossy else None)
                    q_buf, q_pos, q_base = asked.buf, asked.pos, asked.base
                    q_starts, q_times = asked.segments
                    q_end, q_begun = len(q_buf) if pulled and asks.plain else _BEFORE, q_pos
                    q_segment, q_turn = bisect_right(q_starts, q_base + q_pos), -1
                    if not pulled or stream in pending:
                        break
            if found is None:
                stitch.response(_message(time, head, stream, opcode, buf, body, after))
                continue
            seen, version, kind, b, low, high = found
            if opcode == RESULT and head in _ANSWERED:
                statement = params = None
                text = ""
                try:
                    plan = plans.get(b[low : low + 7 + b[low + 1]]) if kind == EXECUTE else None
                    if plan is not None:
                        bind, decoders, front, text, statement = plan
                        params = bind(b, low + 7 + b[low + 1], high, limit, decoders, front)
                    elif (made := show(b, low, high, kind, version)) is not None:
                        text, params, statement = made
                except (IndexError, error):
                    pass
                if params is not None:
                    if size == 4 and buf[body:after] == _VOID:
                        append((seen, kind, text, RESULT, "Void", params, None, None, version, time - seen, ""))
                        continue
                    answer = shown_answer(buf, body, after, statement)
                    if answer is not None:
                        shown, rows = answer
                        append((seen, kind, text, RESULT, shown, params, None, rows, version, time - seen, ""))
                        continue
            request = _message(seen, version << 8, stream, kind, b, low, high)
            stitch.answer(request, _message(time, head, stream, opcode, buf, body, after))
        self._hand_over(waiting)
        asks.passed(q_pos, q_pos > q_begun)
        replies.passed(pos, pos > begun)

    def _hand_over(self, waiting: dict[int, Waiting]) -> None:
        """Let `stitch` have the requests that wait."""
        for stream, (time, version, opcode, buf, low, high) in waiting.items():
            self._stitch.request(_message(time, version << 8, stream, opcode, buf, low, high))
        waiting.clear()


def _message(time: int, head: int, stream: int, opcode: int, buf: bytes, low: int, high: int) -> Message:
    return Message(time, head >> 8 & 0x7F, head & 0xFF, stream, opcode, high - low, buf[low:high], "")
