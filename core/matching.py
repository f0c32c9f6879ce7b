"""Pairing by order, for protocols that answer in the order they were asked, and finding the order again after a loss.

While nothing was lost the first unanswered request belongs to the next response. After a gap, or in a connection joined
in mid-stream, the number of lost messages is unknown, so counting from the front would pair everything wrongly from then
on. Then responses are held, and counted **from the back** when the client speaks again: a client that sends its next
request has, unless it pipelines without pause, seen the answers to all before. The last response belongs to the last
request; what is left over in front lost its other half. Requests that were waiting when bytes of the client were lost
are still the next to be answered, in order; only those behind the loss are counted from the back. This needs the two
directions interleaved as they were sent, hence `Parser.lockstep`.
"""

from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

from pxcap.core.stream import REQUEST

Q = TypeVar("Q")
P = TypeVar("P")

MAX_PENDING = 65536  # requests without an answer; one window of the capture can hold that many small ones
MAX_HELD = 4096  # responses held while the order is unknown


class FifoMatcher(Generic[Q, P]):
    """Pairs requests of type Q with responses of type P; each method returns what it settled.

    A settled item is `(request or None, response or None, guessed)`; None stands for a side that was not captured.

    Attributes:
        pending: Requests without an answer, oldest first. While `sure`, a parser's hot loop may use it directly.
        sure: The first of `pending` is the one the next response answers.
    """

    __slots__ = ("_held", "_known", "pending", "sure")

    def __init__(self, sure: bool = True) -> None:
        self.pending: deque[Q] = deque()
        self.sure = sure
        self._held: deque[P] = deque()
        self._known = 0  # of `pending`, from the front, whose order is known though not `sure`

    def request(self, request: Q) -> Iterable[tuple[Q | None, P | None, bool]]:
        """Note a request; settles held responses, and requests beyond MAX_PENDING as unanswered."""
        settled: Iterable[tuple[Q | None, P | None, bool]] = ()
        if self._held:
            settled = self.settle()
        self.pending.append(request)
        if len(self.pending) > MAX_PENDING:
            settled = [*settled, (self.pending.popleft(), None, False)]
            self._known = max(0, self._known - 1)
        return settled

    def response(self, response: P) -> Iterable[tuple[Q | None, P | None, bool]]:
        """Note a response; pairs it at once unless the order is unknown."""
        pending = self.pending
        if not pending:
            return ((None, response, False),)
        if self.sure:
            return ((pending.popleft(), response, False),)
        if self._known:
            self._known -= 1
            return ((pending.popleft(), response, False),)
        self._held.append(response)
        return self.settle() if len(self._held) > MAX_HELD else ()

    def gap(self, side: int) -> Iterable[tuple[Q | None, P | None, bool]]:
        """Messages of a side may have been lost whole; what the client said of them settles what is held, too."""
        settled = self.settle() if side == REQUEST and self._held else ()
        if side != REQUEST:
            self._known = 0
        elif self.sure:
            self._known = len(self.pending)
        if side == REQUEST or self.pending:
            self.sure = False
        return settled

    def in_turn(self) -> None:
        """Clients and servers of this protocol mostly take turns: a request that waits alone is what is answered next.

        To be called when a request was noted. Says nothing of the order of several.
        """
        if not self.sure and len(self.pending) == 1:
            self._known = 1

    def settle(self) -> list[tuple[Q | None, P | None, bool]]:
        """Pair what is held from the back; the order is known from here on."""
        pending, held = self.pending, self._held
        both = min(len(pending), len(held))
        guessed = len(pending) != len(held) and both > 1
        settled: list[tuple[Q | None, P | None, bool]] = []
        settled += [(pending.popleft(), None, False) for _ in range(len(pending) - both)]
        settled += [(None, held.popleft(), False) for _ in range(len(held) - both)]
        settled += [(pending.popleft(), held.popleft(), guessed) for _ in range(both)]
        self.sure = True
        self._known = 0
        return settled

    def finish(self) -> list[tuple[Q | None, P | None, bool]]:
        """The connection is over: settle everything, the unanswered too."""
        settled = self.settle() if self._held else []
        settled += [(request, None, False) for request in self.pending]
        self.pending.clear()
        return settled
