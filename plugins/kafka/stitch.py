"""Requests and responses as records.

Responses are paired by correlation id. A broker answers in the order it was asked, so that an answer behind a loss shows
which answers the loss took. A client may use an id again (some always send 0): requests of one id wait in a row.
"""

from collections import deque
from itertools import takewhile

from pxcap.core.keyed import KeyedMatcher
from pxcap.core.protocol import Row
from pxcap.plugins.kafka.render import Answer, Renderer
from pxcap.plugins.kafka.request import Request
from pxcap.plugins.kafka.topics import CONCERNED, Topics

MAX_WEIGHT = 3 << 20  # bytes that unanswered requests may take
_NEAR = MAX_WEIGHT - (1 << 19)  # up to here a request that is not long needs no care
OVERHEAD = 200  # of a request beside its bytes
_MAX_UNASKED = 1024  # correlation ids of requests with acks=0 that are remembered
_TOKENS = 1 << 32  # keys of raw SASL tokens, which have no correlation id: from here on


class Stitcher:
    """Pairs the messages of one connection.

    Attributes:
        pending: Unanswered requests by correlation id, oldest first.
        rows: Finished records; to be taken by the parser.
        lossy: Responses were lost; cleared by the next one.
        tokens: Raw SASL tokens that wait for an answer.
        topics: The topics that were seen.
        weight: Bytes that unanswered requests take.
    """

    __slots__ = (
        "_again",
        "_matcher",
        "_next_token",
        "_render",
        "_unasked",
        "lossy",
        "pending",
        "rows",
        "tokens",
        "topics",
        "weight",
    )

    def __init__(self, render: Renderer) -> None:
        self._matcher: KeyedMatcher[int, Request] = KeyedMatcher()
        self.pending = self._matcher.pending
        self._again: dict[int, deque[Request]] = {}
        self.rows: list[Row] = []
        self._render = render
        self.topics = Topics()
        self.lossy = False
        self.weight = 0
        self.tokens = 0
        self._unasked: set[int] = set()
        self._next_token = _TOKENS

    def quick(self, ident: int, request: Request, size: int) -> None:
        """Note a request with a frame of `size` bytes, as `request` does."""
        if ident in self.pending or self.weight > _NEAR:
            self.request(ident, request)
        else:
            self.pending[ident] = request
            self.weight += OVERHEAD + size

    def request(self, ident: int, request: Request) -> None:
        """Note a request that will be answered."""
        self.weight += weight(request)
        if ident in self.pending and not self.lossy:
            self._again.setdefault(ident, deque()).append(request)
        else:
            for gone in self._matcher.request(ident, request):
                self.weight -= weight(gone)
                self.unanswered(gone)
        while self.weight > MAX_WEIGHT and self.pending:
            self._give_up(next(iter(self.pending)))

    def token(self, request: Request) -> None:
        """Note a raw SASL token of the client: the next unpaired frame of the broker answers it."""
        self.tokens += 1
        self.request(self._next_token, request)
        self._next_token += 1

    @property
    def orderly(self) -> bool:
        """Whether a response answers just the request of its id: no token waits, nothing was lost, no id is used twice."""
        return not (self.tokens or self.lossy or self._again)

    def token_next(self) -> bool:
        """Whether the next frame of the broker answers a raw SASL token."""
        return next(iter(self.pending)) >= _TOKENS

    def taken(self, ident: int) -> Request | None:
        """Take out the request that a response answers, as `response` does."""
        if not self.orderly:
            return self.response(ident)
        request = self.pending.pop(ident, None)
        if request is not None:
            self.weight -= weight(request)
        return request

    def response(self, ident: int) -> Request | None:
        """Take out the request that a response answers; None when it was not seen."""
        if self.tokens and self.token_next():
            ident = next(iter(self.pending))
            self.tokens -= 1
        if self.lossy and ident in self.pending:
            self.lossy = False
            for lost in list(takewhile(lambda other: other != ident, self.pending)):
                self._give_up(lost)
        request = self._matcher.response(ident)
        if request is None:
            return None
        self.weight -= weight(request)
        if self._again:
            self._next(ident)
        return request

    def gap(self) -> None:
        """Responses may have been lost: whatever was asked before the next one that is answered has none."""
        self.lossy = bool(self.pending)

    def once(self, ident: int, request: Request) -> None:
        """A request that is never answered (acks=0): a record at once, and a clean one."""
        if len(self._unasked) >= _MAX_UNASKED:
            self._unasked.clear()
        self._unasked.add(ident)
        self._row(request, None, None, None, "")

    def unanswered(self, request: Request) -> None:
        """A request whose response will not come."""
        self._row(request, None, None, None, "no_response")

    def answered(self, request: Request, answer: Answer, time: int, note: str) -> None:
        """A pair; `time` is when the response began."""
        self._row(request, answer[0], answer[1], time, note)

    def stray(self, ident: int, size: int, time: int) -> None:
        """A response whose request was not seen: what it says cannot be known. One that nobody asked for is no record."""
        if ident in self._unasked:  # a broker that answers acks=0 all the same, as librdkafka's mock cluster does
            self._unasked.discard(ident)
            self._render.count("answer_to_acks_0")
            return
        text = f'{{"correlation_id":{ident},"size":{size}}}'
        self.rows.append((time, None, None, None, text, None, None, None, "no_request"))

    def finish(self) -> None:
        """Everything open is unanswered."""
        for request in self._matcher.finish():
            self.unanswered(request)
        for waiting in self._again.values():
            for request in waiting:
                self.unanswered(request)
        self._again.clear()

    def _row(self, request: Request, text: str | None, code: int | None, time: int | None, note: str) -> None:
        began, key, version, client, _, _, _, own = request
        body = self._render.body(request)
        if key in CONCERNED:
            body, text = self.topics.seen(key, version, body, text)
        if own:
            note = f"{own},{note}" if note and own != note else own
        latency = None if time is None else time - began
        self.rows.append((began, key, client, body, text, version, code, latency, note))

    def _give_up(self, ident: int) -> None:
        request = self._matcher.response(ident)
        if request is not None:
            self.weight -= weight(request)
            self.unanswered(request)
            if ident >= _TOKENS:
                self.tokens -= 1
            self._next(ident)

    def _next(self, ident: int) -> None:
        waiting = self._again.get(ident)
        if waiting:
            self.pending[ident] = waiting.popleft()
            if not waiting:
                del self._again[ident]


def weight(request: Request) -> int:
    """Bytes that a waiting request takes."""
    frame = request[4]
    if frame is not None:
        return OVERHEAD + len(frame)
    text = request[6]
    return OVERHEAD + len(text) if isinstance(text, str) else OVERHEAD
