"""Totals of connections as scripts see them: counters that begin at zero and only grow, as Pixie's.

A row of conn_stats tells what was counted up to its time, and each capture counts anew. Scripts subtract the least of a window
of time from the most: of a replayed file, which has a single row for each group, nothing would be left, and of two captures
only what one of them saw. So a count goes on where the one before ended, and before its first row stands one of what was
counted until then.
"""

from collections.abc import Callable

from pxcap.core.columns import ADDRESS_COLUMNS, CONN_STATS
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.engine.pushdown import replaced
from pxcap.scripts.plan import Counts, Operator, Scan, names

KEYS = (*(column.name for column in ADDRESS_COLUMNS), "protocol", "ssl")
FIRST = "first_time"
COUNTERS = (
    *("conn_open", "conn_close", "bytes_sent", "bytes_recv"),
    *("retransmits", "bytes_lost", "parse_errors", "records"),
)


def counted(plan: Operator) -> Operator:
    """The plan over counters where it reads totals.

    Those of an older pxcap do not tell counts apart: one begins where a counter fell, and has no row of where it began.
    """
    needed = {"time_", FIRST, *KEYS}
    found = [
        node
        for node in in_order([plan])
        if isinstance(node, Scan) and node.table == CONN_STATS.name and needed <= set(names(node.schema))
    ]
    by = {
        id(node): Counts(node, KEYS, FIRST, tuple(one for one in COUNTERS if one in names(node.schema)))
        for node in found
    }
    return replaced(plan, by) if by else plan


def sql(node: Counts, above: str, quoted: Callable[[str], str]) -> str:
    """The rows of `node` over those of `above`; DuckDB and PostgreSQL have the same words."""
    time, first = quoted("time_"), quoted(node.first)
    keys = ", ".join(map(quoted, node.keys))
    order = ", ".join((time, *map(quoted, node.counters)))  # in which two replays of one file give the same everywhere
    befores, afters, grown, started = [], [], {}, {}
    for at, name in enumerate(node.counters):
        value, before, after = quoted(name), quoted(f"before {at}"), quoted(f"after {at}")
        anew = f"{time} = {first} OR {before} IS NULL OR {value} < {before}"
        befores.append(f"lag({value}) OVER w AS {before}")
        afters.append(
            f"CAST(sum(CASE WHEN {anew} THEN {value} ELSE {value} - {before} END) OVER w AS BIGINT) AS {after}"
        )
        grown[name] = f"{after} AS {value}"
        started[name] = f"{after} - {value} AS {value}"
    columns = names(node.schema)
    return (
        f"WITH told AS (SELECT *, {', '.join(befores)} FROM {above}"
        f" WINDOW w AS (PARTITION BY {keys}, {first} ORDER BY {order})),"
        f" grown AS (SELECT *, {', '.join(afters)} FROM told"
        f" WINDOW w AS (PARTITION BY {keys} ORDER BY {first} NULLS FIRST, {order} ROWS UNBOUNDED PRECEDING))"
        f" SELECT {', '.join(grown.get(one, quoted(one)) for one in columns)} FROM grown UNION ALL"
        f" SELECT {', '.join(started.get(one, quoted(one)) for one in columns)} FROM grown WHERE {time} = {first}"
    )
