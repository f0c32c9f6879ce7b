"""Why an output has no rows, as far as the tables it reads tell: an empty table alone does not say whether all is well."""

from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.language.catalog import PRESENCE
from pxcap.scripts.plan import Output, Scan
from pxcap.scripts.values import time_text


def why_none(output: Output, catalog: StoreCatalog) -> str:
    """A sentence about it; empty for an output that reads no table.

    Args:
        output: What was computed.
        catalog: Of the store it was computed from.
    """
    starts: dict[str, int] = {}
    for node in in_order([output.plan]):
        if isinstance(node, Scan):
            starts[node.table] = min(starts.get(node.table, node.start or 0), node.start or 0)
    last = {table: catalog.last(table) for table in starts}
    seen = {table: time for table, time in last.items() if time is not None}
    late = sorted(table for table, time in seen.items() if time >= starts[table])
    if late:
        return f"the script keeps no record of those in {', '.join(late)}"
    if seen:
        table = max(seen, key=lambda one: seen[one])
        return f"{table} has no record that late, the newest is of {time_text(seen[table])}"
    if any(table in PRESENCE for table in starts):
        return "the script keeps no process of those that were captured"
    return f"the store has no records in {', '.join(sorted(starts))}" if starts else ""
