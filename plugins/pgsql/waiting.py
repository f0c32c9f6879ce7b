"""How much waits for its answer, and what is kept of it when that is too much."""

from collections.abc import Iterable

from pxcap.plugins.pgsql.types import Request, Whole, heft
from pxcap.plugins.pgsql.wire import BIND

SLIM = 64  # characters of a text, and bytes of values, that are kept


def crowd(pending: Iterable[Request]) -> int:
    """How many wait, each of the cycles of one entry counted."""
    return sum(request.left if isinstance(request, Whole) else 1 for request in pending)


def slim(pending: Iterable[Request]) -> int:
    """Keep of requests only the beginning of their texts, and no long values; returns what they weigh then."""
    weight = 0
    for request in pending:
        if request.text is not None and len(request.text) > SLIM:
            request.text = request.text[:SLIM]
            request.flaws = "truncated"
        if request.kind == BIND and request.portal is not None and request.portal.size > SLIM:
            request.portal.values, request.portal.size, request.flaws = None, 0, "truncated"
        weight += heft(request)
    return weight
