"""Statements that a server did not take, though requests sent ahead already speak of them."""

from collections.abc import Iterable

from pxcap.plugins.pgsql.types import CYCLE, Request, Statement
from pxcap.plugins.pgsql.wire import PARSE


class Voided:
    """The Parses of a cycle that failed or were skipped: from the next cycle on their names mean what they did before."""

    __slots__ = ("_statements",)

    def __init__(self) -> None:
        self._statements: list[Statement] = []

    def add(self, request: Request) -> None:
        """A request was not obeyed."""
        if request.kind == PARSE and request.statement is not None and request.statement.before is not None:
            self._statements.append(request.statement)

    def restore(self, pending: Iterable[Request]) -> int:
        """The next cycle begins, with `pending`; returns by how much the texts in it grew."""
        grown = 0
        for statement in self._statements:
            before, statement.before = statement.before, None
            if before is None:
                continue
            statement.text, statement.types, statement.flaw = before.text, before.types, before.flaw
            for request in pending:
                about = request.portal.statement if request.portal is not None else getattr(request, "statement", None)
                if about is statement and request.kind not in (PARSE, CYCLE):
                    grown += len(statement.text or "") - len(request.text or "")
                    request.text = statement.text
        self._statements.clear()
        return grown
