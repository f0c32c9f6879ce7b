"""Requests that await their answers, in the order in which the server gives them, and the rows made of both.

The server answers in order, and each answer tells by its type what it answers (section 54.2), so pairing needs no counting
while nothing was lost. After a loss an answer takes the first request that it can answer; those before lost theirs. Who
speaks again after a loss has, unless it pipelines, seen the answers to all before: what waits then lost its answer.
ReadyForQuery ends a cycle and with it all doubt. Answers that no request fits are gathered into a record of their own.
"""

from collections import deque
from collections.abc import Callable
from itertools import islice

from pxcap.core.protocol import LOST, REQUEST, Row, Settings
from pxcap.plugins.pgsql.doubt import ENDS, Doubt
from pxcap.plugins.pgsql.rows import row_of, unanswered
from pxcap.plugins.pgsql.types import COPY_END, CYCLE, OVERHEAD, STARTUP, UNKNOWN, Request, Whole, heft
from pxcap.plugins.pgsql.voided import Voided
from pxcap.plugins.pgsql.waiting import crowd, slim
from pxcap.plugins.pgsql.wire import DESCRIBE, EXECUTE, FUNCTION_CALL, PARSE, QUERY, SYNC

MAX_PENDING = 4096  # requests without an answer
MAX_WEIGHT = 1 << 20  # bytes of their texts and parameters
_FORMAL = frozenset({CYCLE, COPY_END})
_LAST_WORDS = ("FATAL", "PANIC")
_NOTHING: deque[Request] = deque(maxlen=0)
DEEP = 256  # requests looked at for the one an answer belongs to
MAX_TAGS = 64  # shown of one request
MAX_SAID = 4096  # characters of notices and errors


class Stitcher:
    """Everything between the requests and the answers of one connection.

    Attributes:
        pending: Requests without an answer, oldest first.
        weight: Bytes of their texts.
        sure: The first of `pending` is what the next answer answers.
        orphan: The answer being gathered whose request was not seen.
        skipping: The server skips messages up to the next Sync, after an error.
        rows: Made and not yet taken.
    """

    # fmt: off
    __slots__ = (
        "_doubt", "_error", "_extended", "_goodbye", "_goodbye_heard", "_voided", "ignoring_sync", "limit",
        "orphan", "pending", "refused", "rows", "skipping", "sure", "weight",
    )
    # fmt: on

    def __init__(self, settings: Settings, sure: bool, error: Callable[[str], None]) -> None:
        self.limit = settings.body_limit
        self._error = error
        self._extended = False  # the answers since the last ReadyForQuery are those of the extended protocol
        self._goodbye: Request | None = None  # why the server ends the connection, said unasked
        self._goodbye_heard = False
        self.pending: deque[Request] = deque()
        self.weight = 0
        self.sure = sure
        self._voided = Voided()
        self._doubt = Doubt()
        self.orphan: Request | None = None
        self.skipping = False
        self.ignoring_sync = False  # the server takes COPY data, and no notice of a Sync
        self.refused: tuple[Request, int] | None = None  # a request for encryption, and when it was refused
        self.rows: list[Row] = []

    # What the client sends.

    def put(self, request: Request) -> None:
        """Note a request, in the order in which it was sent."""
        kind = request.kind
        self.weight += heft(request)
        if self._goodbye is not None and kind != SYNC:  # sent before the client read why the server goes
            request.code, request.said, request.answered = self._goodbye.code, self._goodbye.said, True
            self._row(request, None)
            self._goodbye_heard = True
            return
        if self.refused is not None and kind == STARTUP:
            self.refused = None  # it goes on without
        if self.skipping:
            if kind != SYNC:
                self._skipped(request)
                return
            self.skipping = False
        if self.ignoring_sync and kind == SYNC:
            return
        if not self.sure:
            if self.orphan is not None and LOST in self.orphan.flaws:
                self.orphan_over()  # the rest of that answer was lost
            if self.pending and self.pending[-1].holed:
                self._give_up_holed()
            if self._doubt.asked(kind, not self.pending):
                request.flaws = f"{request.flaws},guessed" if request.flaws else "guessed"
        self.pending.append(request)
        self.trim()

    def trim(self) -> None:
        """Keep no more than may wait: of texts and values beginnings only, and give up the oldest beyond MAX_PENDING."""
        if self.weight > MAX_WEIGHT:
            self.expand()
            self.weight = slim(self.pending)
        while len(self.pending) > MAX_PENDING:
            self.front()
            self._unanswered(self.pending.popleft())

    def trim_cycles(self) -> None:
        """The same after whole cycles were added, of which an entry may hold several."""
        few = len(self.pending) + self.weight // OVERHEAD <= MAX_PENDING
        for _ in range(0 if few else crowd(self.pending) - MAX_PENDING):
            first = self.pending.popleft()
            for request in self._peeled(first) if isinstance(first, Whole) else (first,):
                self._unanswered(request)
        self.trim()

    def rows_of_cancel(self, request: Request) -> None:
        """A cancel request: it is never answered."""
        self.weight += len(request.text or "")
        self._row(request, None)

    def copy_ended(self, time: int) -> None:
        """The client sent CopyDone or CopyFail."""
        if self.ignoring_sync:
            self.ignoring_sync = False
        elif self.pending:
            self.pending.append(Request(COPY_END, time))

    def _give_up_holed(self) -> None:
        """The client spoke again after a loss: whole cycles that may have lost their answers did."""
        pending = self.pending
        last = max(at for at, request in enumerate(pending) if request.holed)
        kinds = [request.kind for request in islice(pending, last + 1) if request.kind != COPY_END]
        if kinds and kinds[-1] not in ENDS:
            return
        for _ in range(last + 1):
            self._unanswered(pending.popleft())
        self.orphan_over()
        self.sure = not pending

    def _catch_up(self, when: int) -> bool:
        """The same for requests that ran ahead; returns whether all that wait were sent after this answer came."""
        pending = self.pending
        if pending and pending[0].holed:
            spoken = next((request for request in pending if not request.holed), None)
            if spoken is not None and spoken.time <= when:
                self._give_up_holed()
        return bool(pending) and pending[0].time > when

    def copy_began(self) -> None:
        """The server takes COPY data from now on: it skips the Syncs that were sent before the data's end."""
        pending = self.pending
        if self.orphan is not None or not pending:
            return
        self.expand()
        ended = any(request.kind == COPY_END for request in pending)
        kept: list[Request] = [pending.popleft()]
        while pending and pending[0].kind in (SYNC, COPY_END):
            if pending.popleft().kind == COPY_END:
                break
        self.ignoring_sync = not ended
        pending.extendleft(reversed(kept))

    # What the server sends.

    def head(self, kinds: frozenset[int], when: int) -> Request:
        """The request that an answer, which only `kinds` are given, belongs to; a new orphan when there is none."""
        pending = self.pending
        early = not self.sure and self._catch_up(when)
        if pending and pending[0].kind in _FORMAL:
            self.front()
        if early:
            pending = _NOTHING
        if pending and (request := pending[0]).kind in kinds and self.orphan is None:
            request.answered = True
            return request
        if pending and self.orphan is None:
            if any(request.kind == CYCLE for request in islice(pending, DEEP)):
                self.expand()
            at = next((at for at, request in enumerate(islice(pending, DEEP)) if request.kind in kinds), -1)
            if self.sure:
                self._error("unexpected_answer")
                if at < 0 or pending[at].time > when:  # no loss explains it: nobody asked
                    return Request(UNKNOWN, when)
                self.sure = False
            if at >= 0:
                for _ in range(at):
                    self._unanswered(pending.popleft())
                pending[0].answered = True
                return pending[0]
        if self.orphan is None:
            self.orphan = Request(UNKNOWN, when)
            self.orphan.flaws = "no_request"
        return self.orphan

    def front(self) -> None:
        """Make the first of `pending` a request that is answered."""
        pending = self.pending
        while pending and (request := pending[0]).kind in _FORMAL:
            pending.popleft()
            if isinstance(request, Whole):
                pending.extendleft(reversed(self._peeled(request)))

    def _peeled(self, first: Whole) -> list[Request]:
        """The requests of the oldest cycle of what was first; what is left of it is first again."""
        parts = self._taken(first)
        if first.left:
            self.pending.appendleft(first)
        return parts

    def _taken(self, whole: Whole) -> list[Request]:
        self.weight -= whole.weight
        parts = whole.take()
        self.weight += whole.weight
        for part in parts:  # weighed one by one
            part.holed = whole.holed
            self.weight += heft(part)
        return parts

    def expand(self) -> None:
        """Make requests of all cycles: there is doubt about which answers which."""
        pending = self.pending
        if any(request.kind == CYCLE for request in pending):
            found: list[Request] = []
            for one in pending:
                found += [p for _ in range(one.left) for p in self._taken(one)] if isinstance(one, Whole) else [one]
            pending.clear()
            pending.extend(found)

    def complete(self, request: Request, when: int) -> None:
        """An answer is whole."""
        if request is self.orphan:
            self.orphan = None
        elif self.pending and self.pending[0] is request:
            self.pending.popleft()
        elif not request.code:
            return  # nobody asked
        self._row(request, when)

    def small_answer(self, kind: int, when: int, said: str) -> None:
        """An answer of one message to a request of a kind: ParseComplete, BindComplete, CloseComplete, NoData."""
        self.orphan_over()
        self._extended = True
        request = self.head(_ONLY[kind], when)
        if request is self.orphan:
            request.kind = kind
        request.said = f"{request.said}; {said}" if request.said else said
        if kind == PARSE and request.statement is not None:
            request.statement.before = None
        self.complete(request, when)

    def result_kind(self) -> int:
        """What a result that no request fits answers: an Execute in the extended protocol, else not known."""
        return EXECUTE if self._extended else UNKNOWN

    @property
    def plain(self) -> bool:
        """Nothing is in doubt, skipped or ignored: cycles may be taken as one."""
        return (
            self.sure and not self.skipping and not self.ignoring_sync and self._goodbye is None and self.orphan is None
        )

    @property
    def extended(self) -> bool:
        """The answers of this cycle are those of the extended protocol."""
        return self._extended

    def orphan_over(self) -> None:
        """Nothing more belongs to the orphan."""
        orphan, self.orphan = self.orphan, None
        if orphan is not None:
            self._row(orphan, None)

    def failed(self, code: str, text: str, when: int) -> None:
        """An error: of the first request, and in the extended protocol of all up to the next Sync."""
        pending = self.pending
        if not self.sure and self._catch_up(when):
            pending = _NOTHING
        self.front()
        if self.sure and not pending and text.startswith(_LAST_WORDS):
            self._goodbye = Request(UNKNOWN, when)
            self._goodbye.code, self._goodbye.said = code, text
            return
        if self.orphan is not None or not pending:
            request = self.orphan or Request(UNKNOWN, when)
            request.flaws = "no_request"
            request.code, request.said = code, text
            self.complete(request, when)
            return
        request = pending[0]
        request.answered = True
        request.code = code
        request.said = f"{request.said}; {text}"[:MAX_SAID] if request.said else text
        request.last = when
        self._voided.add(request)
        self.ignoring_sync = False
        if request.kind in (QUERY, FUNCTION_CALL):
            return  # ReadyForQuery follows
        self.complete(request, when)
        if request.kind in (STARTUP, SYNC):
            if request.kind == SYNC:
                pending.appendleft(Request(SYNC, request.time))
            return
        self.front()
        while pending and pending[0].kind != SYNC:
            self._skipped(pending.popleft())
            self.front()
        self.skipping = not pending

    def ready(self, when: int) -> None:
        """ReadyForQuery: the cycle is over."""
        orphan, pending = self.orphan, self.pending
        self._extended = False
        self._doubt.ready(orphan is not None)
        self.weight += self._voided.restore(pending)
        early = not self.sure and self._catch_up(when)
        self.front()
        if orphan is not None:
            orphan.kind = orphan.kind or UNKNOWN
            self.orphan = None
            self._row(orphan, when)
            if pending and pending[0].kind == SYNC and not early:
                pending.popleft()
        elif not early:
            while pending:
                request = pending.popleft()
                kind = request.kind
                if kind in ENDS:
                    if kind != SYNC:
                        self._row(request, when)
                    break
                if kind == CYCLE:
                    pending.appendleft(request)
                    self.front()
                elif kind != COPY_END:
                    if self.sure:
                        self._error("unexpected_answer")
                    self._unanswered(request)
        if not pending:
            self.sure = not self._doubt.due
            self.skipping = False

    # Loss and the end.

    def gap(self, side: int, when: int) -> None:
        """Messages of a side may have been lost, as was seen at `when`."""
        if side == REQUEST:
            self.expand()
            self._doubt.lost(self.pending)
            self.sure = False
            return
        self.holed(when)
        self._doubt.answers_lost()
        if self.pending:
            self.sure = False
        if self.orphan is not None:
            self.orphan.flaws = f"no_request,{LOST}"

    def holed(self, when: int) -> None:
        """Bytes of the answer that is on its way were lost, as was seen at `when`."""
        self.expand()
        for request in self.pending:
            if request.time <= when:  # else it ran ahead
                request.holed = True

    def finish(self) -> None:
        """The connection is over."""
        self.orphan_over()
        self.expand()
        if self._goodbye is not None and not self._goodbye_heard:
            self._row(self._goodbye, None)
        if self.refused is not None:
            self._row(*self.refused)
        for request in self.pending:
            self._unanswered(request)
        self.pending.clear()

    # Rows.

    def _skipped(self, request: Request) -> None:
        if request.kind != COPY_END:
            request.said = "skipped: an error came before it in the pipeline"
            request.answered = True
            self._voided.add(request)
            self._row(request, None)

    def _unanswered(self, request: Request) -> None:
        if request.kind in (SYNC, COPY_END):
            return
        request.flaws = unanswered(request)
        self._row(request, request.last)

    def _row(self, request: Request, when: int | None) -> None:
        self.weight -= heft(request)
        if request.kind != SYNC or request.code:
            self.rows.append(row_of(request, when, self.limit))


_ONLY = {kind: frozenset({kind}) for kind in (PARSE, DESCRIBE, FUNCTION_CALL)} | {
    kind: frozenset({kind}) for kind in b"BC"
}
