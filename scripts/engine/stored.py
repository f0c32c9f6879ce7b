"""What scripts may ask for and a store has not: of a table that nobody wrote to, or a column that an older pxcap did not know."""

from collections.abc import Callable, Collection

from pxcap.scripts.engine.constants import unseen
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.engine.pushdown import replaced
from pxcap.scripts.plan import Column, Operator, Project, Rows, Scan


def without_missing(plan: Operator, columns: Callable[[str], Collection[str]]) -> Operator:
    """The plan with no rows in place of tables that are not there, and NULL in place of such columns.

    Args:
        plan: An output's.
        columns: Gives the names of the columns of a table, by its name or an alias; none where there is no such table.
    """
    by: dict[int, Operator] = {}
    for node in in_order([plan]):
        if isinstance(node, Scan):
            stored = set(columns(node.table))
            there = tuple(field for field in node.schema if field.name in stored)
            if not there:
                by[id(node)] = Rows(node.schema, ())
            elif len(there) < len(node.schema):
                by[id(node)] = Project(
                    Scan(node.table, there, node.start, node.stop),
                    tuple(
                        (one.name, Column(one.name, one.type) if one.name in stored else unseen(one.type))
                        for one in node.schema
                    ),
                )
    return replaced(plan, by) if by else plan
