"""Which end of a call is shown of what was read from packets, where both ends are the same distance away.

A packet belongs to nobody, and its record is stored as its server saw it. A script that asks for what clients saw would find
nothing in a store of captures. So an output that is made of nothing else of a table (`df[df.trace_role == 1]`) is given these
records as seen from the client: the addresses change places, and in place of a process stands the client's address. One that
looks at other records of the table, too, has them already.
"""

from collections.abc import Callable
from dataclasses import replace

from pxcap.core.columns import ADDRESS_COLUMNS
from pxcap.core.vantage import CLIENT, SERVER
from pxcap.scripts import functions
from pxcap.scripts.engine.graph import in_order, parents, prune, with_parents
from pxcap.scripts.engine.pushdown import replaced
from pxcap.scripts.plan import (
    Aggregate,
    Call,
    Column,
    Expression,
    Filter,
    Join,
    Literal,
    Operator,
    Project,
    Rows,
    Scan,
    Union,
    names,
)
from pxcap.scripts.types import STRING

ROLE = "trace_role"
_OF_AN_END = {column.name for column in ADDRESS_COLUMNS}
_OTHER_END = {"remote_addr": "local_addr", "remote_port": "local_port", "bytes_sent": "bytes_recv"}
_OTHER_END |= {other: one for one, other in _OTHER_END.items()}
_ONLY_CLIENTS = (("equal", CLIENT), ("notEqual", SERVER))


def from_clients(plan: Operator, has_packets: Callable[[], bool]) -> Operator:
    """The plan with records of packets as clients saw them, where it asks for what clients saw only.

    Args:
        plan: An output's.
        has_packets: Whether the store has anything that was read from packets.
    """
    by: dict[int, Operator] = {}
    turned: dict[int, Operator] = {}  # by scan
    tables: dict[int, str] = {}  # by the same operators as `by`
    for node in in_order([plan]):
        path = _path(node) if isinstance(node, Filter) else None
        if path is not None:
            over, scan = path
            made = turned.setdefault(id(scan), _turned(scan))
            tables[id(node)] = scan.table
            for one in reversed(over):
                made = with_parents(one, {id(parents(one)[0]): made})
            by[id(node)] = made
    if not by or not has_packets():
        return plan
    rest = prune([replaced(plan, {at: Rows(node.schema, ()) for at, node in by.items()})])
    known = {one.table for one in in_order(rest) if isinstance(one, Scan) and _OF_AN_END & set(names(one.schema))}
    wanted = {at: node for at, node in by.items() if tables[at] not in known}
    return replaced(plan, wanted) if wanted else plan


def of_clients(plan: Operator) -> list[Scan]:
    """The scans of which a plan takes what clients saw only."""
    paths = [_path(node) for node in in_order([plan]) if isinstance(node, Filter)]
    return [path[1] for path in paths if path is not None]


def _path(node: Filter) -> tuple[list[Operator], Scan] | None:
    """The operators from a filter that leaves only what clients saw down to a scan, and that; None when it does not."""
    for condition in _conjuncts(node.condition):
        path = _down(node, condition)
        if path:
            return path
    return None


def _down(node: Filter, condition: Expression) -> tuple[list[Operator], Scan] | None:
    path: list[Operator] = [node]
    below: Operator = node.parent
    while not isinstance(below, Scan):
        path.append(below)
        if isinstance(below, Project):
            told = _told(condition, dict(below.columns))
            if told is None:
                return None
            condition = told
        elif isinstance(below, Aggregate):
            if not all(column.name in below.keys for column in _columns(condition)):
                return None
        elif isinstance(below, Join | Union | Rows):
            return None
        (below,) = parents(below)
    complete = set(names(below.schema)) >= _OF_AN_END
    return (path, below) if complete and _is_of_clients(condition) else None


def _conjuncts(condition: Expression) -> list[Expression]:
    if isinstance(condition, Call) and condition.function == "logicalAnd":
        return [part for arg in condition.args for part in _conjuncts(arg)]
    return [condition]


def _columns(condition: Expression) -> list[Column]:
    args = condition.args if isinstance(condition, Call) else (condition,)
    return [one for one in args if isinstance(one, Column)]


def _told(condition: Expression, columns: dict[str, Expression]) -> Expression | None:
    """A column, or the comparison of one, in terms of what it is made of; None for anything else."""
    if isinstance(condition, Column):
        return columns[condition.name]
    if isinstance(condition, Call) and len(condition.args) == 2:
        args = tuple(columns[one.name] if isinstance(one, Column) else one for one in condition.args)
        return Call(condition.function, args, condition.type)
    return None


def _is_of_clients(condition: Expression) -> bool:
    if not (isinstance(condition, Call) and len(condition.args) == 2):
        return False
    one, other = condition.args
    column, value = (one, other) if isinstance(one, Column) else (other, one)
    if not (isinstance(column, Column) and column.name == ROLE and isinstance(value, Literal)):
        return False
    return (condition.function, value.value) in _ONLY_CLIENTS


def _turned(scan: Scan) -> Operator:
    """The rows of a scan, those of packets seen from the client."""
    columns = {field.name: Column(field.name, field.type) for field in scan.schema}
    packet = functions.call("equal", (columns["upid"], Literal("", STRING)))
    made: list[tuple[str, Expression]] = []
    for name, own in columns.items():
        other: Expression | None = columns.get(_OTHER_END.get(name, ""))
        if name == ROLE:
            other = Literal(CLIENT, own.type)
        elif name == "upid":
            other = columns["remote_addr"]
        made.append((name, own if other is None else Call("select", (packet, other, own), own.type)))
    return Project(replace(scan), tuple(made))  # a scan of its own, which `prune` tells from others
