"""Walking plans. A plan is a graph: a frame that two others were made from stands in it once, and is computed once.

Operators are told apart by identity: comparing two plans by value takes as long as both are deep. So `merged` comes first,
which makes equal ones the same.
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import fields, replace

from pxcap.scripts.plan import (
    Aggregate,
    Column,
    Counts,
    Expression,
    Filter,
    Join,
    Limit,
    Operator,
    Project,
    Rows,
    Scan,
    Union,
    columns_of,
    names,
)

_PARENTS = ("parent", "parents", "left", "right")


def parents(node: Operator) -> tuple[Operator, ...]:
    """What an operator's rows are made of."""
    if isinstance(node, Scan | Rows):
        return ()
    if isinstance(node, Join):
        return (node.left, node.right)
    if isinstance(node, Union):
        return node.parents
    return (node.parent,)


def in_order(roots: Iterable[Operator], ends: Container[int] = ()) -> list[Operator]:
    """Every operator once, each behind those it is made of. Deep plans need no deep calls.

    Args:
        roots: The plans.
        ends: Operators, by identity, at which to turn back: what they are made of is left out.
    """
    done: set[int] = set()
    found: list[Operator] = []
    waiting: list[tuple[Operator, bool]] = [(root, False) for root in reversed(list(roots))]
    while waiting:
        node, ready = waiting.pop()
        if id(node) in done:
            continue
        if ready:
            done.add(id(node))
            found.append(node)
        else:
            waiting.append((node, True))
            if id(node) not in ends:
                waiting.extend((parent, False) for parent in reversed(parents(node)))
    return found


def readers(roots: Sequence[Operator]) -> Counter[int]:
    """How many operators read each, by identity; showing it counts as one."""
    found = Counter(id(root) for root in roots)
    found.update(id(parent) for node in in_order(roots) for parent in parents(node))
    return found


def with_parents(node: Operator, made: dict[int, Operator]) -> Operator:
    """The operator over others: `made` gives, by identity, what stands for each of its parents."""
    if isinstance(node, Scan | Rows):
        return node
    if isinstance(node, Join):
        return replace(node, left=made[id(node.left)], right=made[id(node.right)])
    if isinstance(node, Union):
        return replace(node, parents=tuple(made[id(parent)] for parent in node.parents))
    return replace(node, parent=made[id(node.parent)])


def merged(roots: Sequence[Operator]) -> list[Operator]:
    """The same plans, in which operators that are equal are one: functions of a script make the same frame each anew."""
    known: dict[tuple[object, ...], Operator] = {}
    made: dict[int, Operator] = {}
    for node in in_order(roots):
        above = tuple(id(made[id(parent)]) for parent in parents(node))
        own = (getattr(node, field.name) for field in fields(node) if field.name not in _PARENTS)
        key = (type(node), above, *own)
        made[id(node)] = known.setdefault(key, with_parents(node, made))
    return [made[id(root)] for root in roots]


def prune(roots: Sequence[Operator]) -> list[Operator]:
    """The same plans without the columns that nobody asks for, shared operators still shared."""
    order = in_order(roots)
    wanted: dict[int, set[str]] = {id(node): set() for node in order}
    for root in roots:
        wanted[id(root)] |= set(names(root.schema))
    for node in reversed(order):
        _ask(node, wanted[id(node)], wanted)
    made: dict[int, Operator] = {}
    for node in order:
        made[id(node)] = _narrowed(node, wanted[id(node)], made)
    return [made[id(root)] for root in roots]


def _ask(node: Operator, asked: set[str], wanted: dict[int, set[str]]) -> None:
    """Note what an operator of which `asked` is asked needs of its parents."""
    if not asked:
        asked.add(node.schema[0].name)  # rows are counted by some column
    if isinstance(node, Project):
        for name, expression in node.columns:
            if name in asked:
                wanted[id(node.parent)] |= columns_of(expression)
    elif isinstance(node, Filter):
        wanted[id(node.parent)] |= asked | columns_of(node.condition)
    elif isinstance(node, Aggregate):
        used = {one.column for one in node.aggregations if one.name in asked and one.function != "count"}
        wanted[id(node.parent)] |= {*node.keys, *used}
    elif isinstance(node, Join):
        for side, (parent, keys) in enumerate(((node.left, node.left_on), (node.right, node.right_on))):
            wanted[id(parent)] |= {source for name, at, source in node.columns if at == side and name in asked}
            wanted[id(parent)] |= set(keys)
    elif isinstance(node, Union):
        for parent in node.parents:
            wanted[id(parent)] |= asked
    elif isinstance(node, Limit):
        time = {"time_"} & set(names(node.schema))
        wanted[id(node.parent)] |= asked | time
    elif isinstance(node, Counts):
        counting = {"time_", node.first, *node.keys} if asked & set(node.counters) else set()
        wanted[id(node.parent)] |= asked | counting


def _narrowed(node: Operator, asked: set[str], made: dict[int, Operator]) -> Operator:
    """The operator with the columns asked for, over its narrowed parents."""
    if isinstance(node, Scan):
        return replace(node, schema=tuple(field for field in node.schema if field.name in asked))
    if isinstance(node, Project):
        columns = tuple((name, one) for name, one in node.columns if name in asked)
        return Project(made[id(node.parent)], columns)
    if isinstance(node, Aggregate):
        kept = tuple(one for one in node.aggregations if one.name in asked)
        kept = kept or node.aggregations[:1] if not node.keys else kept
        there = names(made[id(node.parent)].schema)
        kept = tuple(one if one.column in there else replace(one, column=there[0]) for one in kept)  # rows are counted
        return Aggregate(made[id(node.parent)], node.keys, kept)
    if isinstance(node, Join):
        kept_columns = tuple(column for column in node.columns if column[0] in asked)
        left, right = made[id(node.left)], made[id(node.right)]
        if (
            node.how == "left"
            and not any(side for _, side, _ in kept_columns)
            and _is_unique(node.right, node.right_on)
        ):
            types = {field.name: field.type for field in node.left.schema}
            return Project(left, tuple((name, Column(source, types[source])) for name, _, source in kept_columns))
        return replace(node, left=left, right=right, columns=kept_columns)
    if isinstance(node, Union):
        return Union(tuple(_selected(made[id(parent)], names(node.schema), asked) for parent in node.parents))
    if isinstance(node, Counts):
        counters = tuple(name for name in node.counters if name in asked)
        return replace(node, parent=made[id(node.parent)], counters=counters) if counters else made[id(node.parent)]
    return with_parents(node, made)


def _selected(node: Operator, order: tuple[str, ...], asked: set[str]) -> Operator:
    """The columns asked for, in one order: what a union's parents must have in common."""
    types = {field.name: field.type for field in node.schema}
    columns: list[tuple[str, Expression]] = [(name, Column(name, types[name])) for name in order if name in asked]
    return Project(node, tuple(columns))


def _is_unique(node: Operator, keys: tuple[str, ...]) -> bool:
    """Whether no two rows have the same values of these columns: they are what the rows are grouped by."""
    wanted = set(keys)
    while isinstance(node, Project | Filter):
        if isinstance(node, Project):
            made = dict(node.columns)
            wanted = {one.name for name in wanted if isinstance(one := made[name], Column)}
        node = node.parent
    return isinstance(node, Aggregate) and wanted >= set(node.keys)
