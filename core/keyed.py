"""Pairing by an id that the protocol puts in both: correlation ids, stream numbers."""

from typing import Generic, TypeVar

K = TypeVar("K")
Q = TypeVar("Q")

MAX_PENDING = 65536  # requests without an answer; one window of the capture can hold that many small ones


class KeyedMatcher(Generic[K, Q]):
    """Requests that wait for their response, by id; bounded.

    Attributes:
        pending: Id to request, oldest first. A parser's hot loop may take from it directly.
    """

    __slots__ = ("_limit", "pending")

    def __init__(self, limit: int = MAX_PENDING) -> None:
        self.pending: dict[K, Q] = {}
        self._limit = limit

    def request(self, key: K, request: Q) -> list[Q]:
        """Note a request; returns those given up for it: one under the same id, or the oldest beyond the limit."""
        pending = self.pending
        gone = [pending.pop(key)] if key in pending else []
        pending[key] = request
        if len(pending) > self._limit:
            gone.append(pending.pop(next(iter(pending))))
        return gone

    def response(self, key: K) -> Q | None:
        """Take out the request that a response with this id answers; None when it was not seen."""
        return self.pending.pop(key, None)

    def finish(self) -> list[Q]:
        """Take out all that were never answered, oldest first."""
        gone = list(self.pending.values())
        self.pending.clear()
        return gone
