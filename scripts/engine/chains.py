"""What SQLite does of a plan: its scan leaves rows out, and gives what is short instead of what it is made of.

Computing in columns here is faster than in SQLite, but each value that is read of it costs as much as computing with it ten
times. So the filters and projections that lie over a scan, up to the first operator that needs more than a row, are told in terms of the scan's columns. Then conditions on texts that SQLite decides as we do are left
to it, and their columns need not be read; other simple ones are decided by both; and of a body of which only the length is
asked only that is read.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field

from pxcap.scripts import functions
from pxcap.scripts.engine.generate import quoted
from pxcap.scripts.engine.graph import in_order, parents
from pxcap.scripts.engine.pushdown import in_python
from pxcap.scripts.engine.sources import sqlite_scan
from pxcap.scripts.names import Names
from pxcap.scripts.plan import Call, Column, Expression, Filter, Literal, Operator, Project, Scan, columns_of
from pxcap.scripts.types import Data, Field, Schema

MOST = 200  # parts of an expression when it is told in terms of the scan: a column of a column ... may double each time
_COMPARISONS = {"lessThan": "<", "lessThanEqual": "<=", "greaterThan": ">", "greaterThanEqual": ">="}
_EQUALS = {"equal": "=", "notEqual": "<>"}
_BOTH = {"logicalAnd": "AND", "logicalOr": "OR"}


@dataclass
class Chain:
    """Filters and projections over a scan, told in terms of its columns.

    Attributes:
        scan: It.
        top: The last of them; the scan itself where there is none.
        columns: What `top` gives.
        kept: Columns that Python computes: once each, beside those of the scan.
        conditions: What each row fulfils.
    """

    scan: Scan
    top: Operator
    columns: dict[str, Expression]
    kept: dict[str, Expression] = field(default_factory=dict)
    conditions: list[Expression] = field(default_factory=list)

    def longer(self, node: Operator) -> "Chain | None":
        """The chain with one more operator; None when that cannot be."""
        if isinstance(node, Filter):
            wanted = [("", one) for one in _conjuncts(node.condition)]
        elif isinstance(node, Project):
            wanted = list(node.columns)
        else:
            return None
        sizes = {name: _size(one, {}) for name, one in self.columns.items()}
        if any(_size(one, sizes) > MOST for _, one in wanted):
            return None
        found = [(name, _told(one, self.columns)) for name, one in wanted]
        slow = [one for _, one in found if in_python(one)]
        if any(columns_of(one) & self.kept.keys() for one in slow):
            return None
        new = dict.fromkeys(one for one in slow if one not in self.kept.values())
        kept = self.kept | {f"python {at}": one for at, one in enumerate(new, len(self.kept))}
        names = {one: Column(name, one.type) for name, one in kept.items()}
        found = [(name, names.get(one, one)) for name, one in found]
        if isinstance(node, Filter):
            return Chain(self.scan, node, self.columns, kept, [*self.conditions, *(one for _, one in found)])
        return Chain(self.scan, node, dict(found), kept, self.conditions)


@dataclass
class Reading:
    """A statement that reads a table, and the plans that take its rows further."""

    text: str
    schema: Schema
    what: str
    tops: dict[int, Callable[[Operator], Operator]]


def readings(roots: Sequence[Operator], names: Names, ends: Container[int] = ()) -> list[Reading]:
    """What is to be read for some plans; `tops` holds, by identity, all operators at which reading ends.

    A table is read once for all that ask for no certain value: of what each leaves out the others need most.

    Args:
        roots: The plans.
        names: Who is behind addresses and processes.
        ends: Operators, by identity, that are computed once: nothing over them is told in terms of a scan.
    """
    together: dict[tuple[int, frozenset[str]], list[tuple[Chain, dict[str, bool]]]] = defaultdict(list)
    for chain in _chains(roots, ends):
        texts: dict[str, bool] = {}
        certain = False
        for one in chain.conditions:
            exact, text = (False, "") if columns_of(one) & chain.kept.keys() else _condition(one)
            if text:
                texts[text] = exact
                certain = certain or _is_certain(one)
        together[id(chain.scan), frozenset(texts if certain else ())].append((chain, texts))
    return [_reading(chains, names) for chains in together.values()]


def _chains(roots: Sequence[Operator], ends: Container[int]) -> list[Chain]:
    order, shown = in_order(roots), {id(root) for root in roots}
    above: dict[int, dict[int, Operator]] = defaultdict(dict)
    for node in order:
        for parent in parents(node):
            above[id(parent)][id(node)] = node
    found = []
    waiting = [_whole(node) for node in reversed(order) if isinstance(node, Scan)]
    while waiting:
        chain = waiting.pop()
        here = id(chain.top)
        longer = [] if here in ends else [one for node in above[here].values() if (one := chain.longer(node))]
        waiting += reversed(longer)
        if here in shown or len(longer) < len(above[here]):
            found.append(chain)
    return found


def _whole(scan: Scan) -> Chain:
    return Chain(scan, scan, {field.name: Column(field.name, field.type) for field in scan.schema})


def _reading(chains: Sequence[tuple[Chain, Mapping[str, bool]]], names: Names) -> Reading:
    scan = chains[0][0].scan
    common = set.intersection(*(set(texts) for _, texts in chains))
    computed: dict[str, Field] = {}
    tops: dict[int, Callable[[Operator], Operator]] = {}
    plain: set[str] = set()
    for chain, texts in chains:
        kept = {name: _shortened(one, scan, computed, names) for name, one in chain.kept.items()}
        columns = {name: _shortened(one, scan, computed, names) for name, one in chain.columns.items()}
        decided = {text for text, exact in texts.items() if exact and text in common}
        rest = [one for one in chain.conditions if _condition(one)[1] not in decided]
        conditions = [_shortened(one, scan, computed, names) for one in rest]
        plain |= {name for one in (*kept.values(), *columns.values(), *conditions) for name in columns_of(one)}
        tops[id(chain.top)] = _rebuilt(kept, columns, conditions)
    read = tuple(one for one in scan.schema if one.name in plain)
    schema = (*read, *computed.values()) or scan.schema[:1]
    return Reading(sqlite_scan(scan, schema, computed, sorted(common)), schema, scan.table, tops)


def _rebuilt(
    kept: Mapping[str, Expression], columns: Mapping[str, Expression], conditions: Sequence[Expression]
) -> Callable[[Operator], Operator]:
    def over(node: Operator) -> Operator:
        if kept:
            passed = {one.name: Column(one.name, one.type) for one in node.schema}
            node = Project(node, tuple({**passed, **kept}.items()))
        for one in conditions:
            node = Filter(node, one)
        return Project(node, tuple(columns.items()))

    return over


def _conjuncts(expression: Expression) -> list[Expression]:
    found: list[Expression] = []
    waiting = [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call) and one.function == "logicalAnd" and all(_is_truth(arg) for arg in one.args):
            waiting.extend(reversed(one.args))
        else:
            found.append(one)
    return found


def _is_truth(expression: Expression) -> bool:
    return expression.type.data is Data.BOOLEAN


def _size(expression: Expression, sizes: Mapping[str, int]) -> int:
    if isinstance(expression, Column):
        return sizes.get(expression.name, 1)
    return 1 if isinstance(expression, Literal) else 1 + sum(_size(arg, sizes) for arg in expression.args)


def _told(expression: Expression, columns: Mapping[str, Expression]) -> Expression:
    """An expression with other expressions in place of its columns."""
    if isinstance(expression, Column):
        return columns[expression.name]
    if isinstance(expression, Literal):
        return expression
    return Call(expression.function, tuple(_told(arg, columns) for arg in expression.args), expression.type)


def _shortened(expression: Expression, scan: Scan, computed: dict[str, Field], names: Names) -> Expression:
    """The expression with what SQLite computes as columns, which are noted in `computed`, named by their SQL."""
    if not isinstance(expression, Call):
        return expression
    text = _short(expression, scan, names)
    if text is not None:
        computed[text] = Field(text, expression.type)
        return Column(text, expression.type)
    args = tuple(_shortened(arg, scan, computed, names) for arg in expression.args)
    return Call(expression.function, args, expression.type)


def _short(call: Call, scan: Scan, names: Names) -> str | None:
    """SQLite's words for what is shorter than the columns of the scan that it is made of."""
    own = {field.name for field in scan.schema}  # others are computed here, and to SQLite their names would be texts
    if not all(isinstance(arg, Column) and arg.name in own for arg in call.args):
        return None
    args = [quoted(arg.name) for arg in call.args if isinstance(arg, Column)]
    if call.function == "length" and call.args[0].type.data is Data.STRING:
        return f"length(CAST({args[0]} AS BLOB))"
    return (
        functions.sql(call, "duckdb", args, names) if call.function == "_process" else None
    )  # SQLite has the same words


def _condition(one: Expression) -> tuple[bool, str]:
    """Whether SQLite decides a condition just as we do, and its words for it; "" where it has none."""
    if isinstance(one, Call) and len(one.args) == 2:
        left, right = one.args
        if one.function in _BOTH:
            parts = [_condition(arg) for arg in one.args]
            exact = all(exact and text for exact, text in parts)
            return exact, f"({f' {_BOTH[one.function]} '.join(text for _, text in parts)})" if exact else ""
        if isinstance(left, Column) and isinstance(right, Literal):
            return _comparison(one.function, left, right.value)
    return False, ""


def _is_certain(one: Expression) -> bool:
    """Whether it asks for certain values, which few rows have."""
    if not isinstance(one, Call):
        return False
    return one.function == "equal" or (one.function == "logicalOr" and all(map(_is_certain, one.args)))


def _comparison(function: str, column: Column, value: bool | float | str) -> tuple[bool, str]:
    if column.type.data is Data.STRING and isinstance(value, str) and function in _EQUALS and "\0" not in value:
        text = "'" + value.replace("'", "''") + "'"
        return True, f"{quoted(column.name)} {_EQUALS[function]} {text}"
    operator = {**_COMPARISONS, "equal": "="}.get(function)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if column.type.data in (Data.INT64, Data.TIME64NS) and whole and operator:
        return False, f"{quoted(column.name)} {operator} {value}"  # SQLite lets texts stand there, which we do not see
    return False, ""
