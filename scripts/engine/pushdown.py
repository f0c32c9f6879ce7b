"""What of a plan goes to the database.

PostgreSQL takes every part that it can say: the largest ones, from the tables up. SQLite takes conditions of the simplest
kind, which its scan then leaves fewer rows of; computing in columns here is faster than in it.
"""

from collections.abc import Callable, Mapping, Sequence

from pxcap.scripts.engine.generate import quoted
from pxcap.scripts.engine.graph import in_order, parents, with_parents
from pxcap.scripts.plan import Call, Column, Expression, Filter, Literal, Operator, Project, Scan
from pxcap.scripts.types import Data

_COMPARISONS = {"equal": "=", "lessThan": "<", "lessThanEqual": "<=", "greaterThan": ">", "greaterThanEqual": ">="}


def largest(root: Operator, can: Callable[[Operator], bool]) -> list[Operator]:
    """The operators that the database computes with all that is below them: as far up as it can say.

    Args:
        root: The plan.
        can: Whether it can say this one operator, its parents left aside.
    """
    sayable: dict[int, bool] = {}
    order = in_order([root])
    for node in order:
        sayable[id(node)] = all(sayable[id(parent)] for parent in parents(node)) and can(node)
    tops: list[Operator] = []
    waiting = [root]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if sayable[id(node)]:
            tops.append(node)
        else:
            waiting.extend(parents(node))
    return tops


def conditions(roots: Sequence[Operator]) -> dict[int, list[str]]:
    """For each scan of some plans, by identity, SQLite's words for conditions that every one of its rows has to fulfil.

    A condition is found when only filters and columns passed on lie between it and a scan that nothing else reads, in
    any of the plans.
    """
    order = in_order(roots)
    readers: dict[int, int] = {}
    for root in roots:  # whoever looks at an output reads it, too
        readers[id(root)] = readers.get(id(root), 0) + 1
    for node in order:
        for parent in parents(node):
            readers[id(parent)] = readers.get(id(parent), 0) + 1
    found: dict[int, list[str]] = {}
    for node in order:
        if isinstance(node, Filter):
            _find(node, readers, found)
    return found


def _find(node: Filter, readers: Mapping[int, int], found: dict[int, list[str]]) -> None:
    wanted = list(_conjuncts(node.condition))
    below = node.parent
    while readers.get(id(below)) == 1:
        if isinstance(below, Scan):
            types = {field.name: field.type.data for field in below.schema}
            texts = [text for one in wanted if (text := _simple(one, types)) is not None]
            found.setdefault(id(below), []).extend(texts)
            return
        if isinstance(below, Project):
            made = dict(below.columns)
            wanted = [moved for one in wanted if (moved := _moved(one, made)) is not None]
            below = below.parent
        elif isinstance(below, Filter):
            below = below.parent
        else:
            return


def _conjuncts(expression: Expression) -> list[Expression]:
    found: list[Expression] = []
    waiting = [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call) and one.function == "logicalAnd":
            waiting.extend(one.args)
        else:
            found.append(one)
    return found


def _moved(expression: Expression, made: Mapping[str, Expression]) -> Expression | None:
    """A comparison in terms of the columns below a projection; None when it is not that simple."""
    if not isinstance(expression, Call) or expression.function not in _COMPARISONS:
        return None
    args: list[Expression] = []
    for arg in expression.args:
        source = made.get(arg.name) if isinstance(arg, Column) else arg
        if not isinstance(source, Column | Literal):
            return None
        args.append(source)
    return Call(expression.function, tuple(args), expression.type)


def _simple(expression: Expression, types: Mapping[str, Data]) -> str | None:
    """`column < constant` of one data type in SQLite's words."""
    if not isinstance(expression, Call) or expression.function not in _COMPARISONS or len(expression.args) != 2:
        return None
    left, right = expression.args
    if not isinstance(left, Column) or not isinstance(right, Literal):
        return None
    data = types.get(left.name)
    value = right.value
    if data is Data.STRING and isinstance(value, str) and expression.function == "equal" and "\0" not in value:
        text = "'" + value.replace("'", "''") + "'"
    elif data in (Data.INT64, Data.TIME64NS) and isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    else:
        return None
    return f"{quoted(left.name)} {_COMPARISONS[expression.function]} {text}"


def replaced(root: Operator, by: Mapping[int, Operator]) -> Operator:
    """The plan with some operators replaced by others of the same columns."""
    made: dict[int, Operator] = {}
    for node in in_order([root]):
        made[id(node)] = by[id(node)] if id(node) in by else with_parents(node, made)
    return made[id(root)]
