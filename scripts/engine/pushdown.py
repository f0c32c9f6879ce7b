"""What of the plans the database computes with all that is below it, and what is computed once for several outputs.

PostgreSQL takes every part that it can say: the largest ones, from the tables up. What several operators read is computed
once where that takes effort; but rows as such, which PostgreSQL can make again, are not fetched from it to be shared.
"""

from collections.abc import Callable, Container, Mapping, Sequence

from pxcap.scripts import functions
from pxcap.scripts.engine.graph import in_order, parents, readers, with_parents
from pxcap.scripts.plan import Aggregate, Call, Counts, Expression, Filter, Join, Limit, Operator, Project


def sayable(roots: Sequence[Operator], can: Callable[[Operator], bool]) -> set[int]:
    """The operators, by identity, that the database can compute with all that is below them.

    Args:
        roots: The plans.
        can: Whether it can say this one operator, its parents left aside.
    """
    found: set[int] = set()
    for node in in_order(roots):
        if all(id(parent) in found for parent in parents(node)) and can(node):
            found.add(id(node))
    return found


def largest(roots: Sequence[Operator], said: Container[int], apart: Container[int] = ()) -> list[Operator]:
    """The operators to ask the database for: as far up as it can say.

    Args:
        roots: The plans.
        said: What it can.
        apart: Operators that are asked for by themselves, for others, too: it says nothing over them.
    """
    over: set[int] = set()
    for node in in_order(roots):
        if any(id(parent) in apart or id(parent) in over for parent in parents(node)):
            over.add(id(node))
    tops: list[Operator] = []
    waiting = list(reversed(roots))
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if id(node) in said and id(node) not in over:
            tops.append(node)
        else:
            waiting.extend(reversed(parents(node)))
    return tops


def shared(roots: Sequence[Operator]) -> list[Operator]:
    """The operators that several read and that take more than passing on, choosing and adding up values of a row."""
    count = readers(roots)
    effort: set[int] = set()  # those that would do something over what is shared below
    found: list[Operator] = []
    for node in in_order(roots):
        if _is_effort(node) or any(id(parent) in effort for parent in parents(node)):
            if count[id(node)] > 1:
                found.append(node)
            else:
                effort.add(id(node))
    return found


def shrunk(roots: Sequence[Operator]) -> set[int]:
    """The operators, by identity, that give groups, or so many rows at most, or are made of such."""
    found: set[int] = set()
    for node in in_order(roots):
        above = parents(node)
        if isinstance(node, Aggregate | Limit) or (above and all(id(parent) in found for parent in above)):
            found.add(id(node))
    return found


def replaced(root: Operator, by: Mapping[int, Operator]) -> Operator:
    """The plan with some operators replaced by others of the same columns."""
    made: dict[int, Operator] = {}
    for node in in_order([root], by):
        made[id(node)] = by[id(node)] if id(node) in by else with_parents(node, made)
    return made[id(root)]


def in_python(expression: Expression) -> bool:
    """Whether Python computes a part of it where DuckDB is asked."""
    if not isinstance(expression, Call):
        return False
    return functions.functions()[expression.function].arrow is not None or any(map(in_python, expression.args))


def _is_effort(node: Operator) -> bool:
    if isinstance(node, Project):
        return any(in_python(one) for _, one in node.columns)
    if isinstance(node, Filter):
        return in_python(node.condition)
    return isinstance(node, Aggregate | Join | Limit | Counts)
