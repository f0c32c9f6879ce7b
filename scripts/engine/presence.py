"""Which process was there when, told by all that was captured, for tables of which nothing else is known."""

from collections.abc import Sequence

from pxcap.scripts.engine.constants import unseen
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.engine.pushdown import replaced
from pxcap.scripts.language.catalog import PRESENCE, SEEN, Catalog
from pxcap.scripts.names import process
from pxcap.scripts.plan import Column, Expression, Operator, Output, Project, Rows, Scan, Union, columns_of
from pxcap.scripts.types import Schema

_PROCESSES = "processes"  # its times are when they started


def told(outputs: Sequence[Output], catalog: Catalog) -> list[Output]:
    """The outputs over records of every table in place of one that tells only who was there.

    Args:
        outputs: As the script asks for them.
        catalog: What the store has; a table that it has is left as it is.
    """
    by: dict[int, Operator] = {}
    for node in in_order(output.plan for output in outputs):
        if isinstance(node, Scan) and node.table in PRESENCE and catalog.schema(node.table) is None:
            by[id(node)] = _present(node, catalog)
    return [Output(output.name, replaced(output.plan, by)) for output in outputs] if by else list(outputs)


def _present(scan: Scan, catalog: Catalog) -> Operator:
    found = []
    for table in catalog.tables():
        own = process(schema) if (schema := catalog.schema(table.name)) and table.name != _PROCESSES else None
        if schema and own is not None:
            needed = tuple(one for one in schema if one.name in columns_of(own) or one.name in SEEN)
            found.append(_records(Scan(table.name, needed, scan.start, scan.stop), own, scan.schema))
    return Union(tuple(found)) if found else Rows(scan.schema, ())


def _records(scan: Scan, own: Expression, wanted: Schema) -> Operator:
    made = {"upid": own}
    columns = (
        (one.name, made.get(one.name, Column(one.name, one.type)) if one.name in SEEN else unseen(one.type))
        for one in wanted
    )
    return Project(scan, tuple(columns))
