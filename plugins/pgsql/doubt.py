"""After a loss: whether it is certain which request the next answer belongs to."""

from collections.abc import Iterable

from pxcap.plugins.pgsql.types import COPY_END, STARTUP, Request
from pxcap.plugins.pgsql.wire import FUNCTION_CALL, QUERY, SYNC

SILENT = frozenset({SYNC, COPY_END})  # have no record, most often
ENDS = frozenset({SYNC, QUERY, FUNCTION_CALL, STARTUP})  # what ReadyForQuery answers


class Doubt:
    """What was lost of the client's side may still be answered, ahead of what was sent behind it.

    Attributes:
        due: ReadyForQuery to come until all that was sent before the loss is answered, if one cycle was lost.
    """

    __slots__ = ("_behind", "_heard", "due")

    def __init__(self) -> None:
        self.due = 0
        self._behind = False  # a whole cycle waits
        self._heard = False  # the last cycle that was over is one that was not seen being asked for

    def asked(self, kind: int, alone: bool) -> bool:
        """A request was sent, behind others or `alone`, while there is doubt; returns whether its answer is a guess."""
        if alone:
            self._behind = False
        guessed = (self._behind or self.due > 0) and kind not in SILENT
        self._behind = self._behind or kind in ENDS
        return guessed

    def lost(self, pending: Iterable[Request]) -> None:
        """Requests were lost behind those that wait; none if it was COPY data, or the answer to them came already."""
        waiting = list(pending)
        none = self._heard or any(request.copying for request in waiting)
        self.due = 0 if none else sum(request.kind in ENDS for request in waiting) + 1
        self._heard = False

    def answers_lost(self) -> None:
        """Those to what was lost may be among them, and are unless the client pipelines."""
        self.due = 0

    def ready(self, unasked: bool) -> None:
        """A cycle is over; `unasked` when it was not seen how it began."""
        self.due = max(0, self.due - 1)
        self._heard = unasked
