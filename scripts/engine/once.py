"""Each call once: where both ends of a connection are on the captured machine, both are recorded.

Its client saw a call, and so did its server. Pixie's scripts, which know of no such records, would count it twice: they are
given the server's. A script that asks for what clients saw (`df[df.trace_role == 1]`) is given that. Connections are told by
their addresses and ports, so that no call is left out whose server's end was not captured. Totals of connections
(`conn_stats`) are of each end.
"""

from collections.abc import Callable
from dataclasses import replace

from pxcap.core.columns import CONN_STATS
from pxcap.core.vantage import CLIENT, SERVER
from pxcap.scripts import functions
from pxcap.scripts.engine.ends import ROLE, of_clients
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.engine.pushdown import replaced
from pxcap.scripts.plan import Aggregate, Call, Column, Filter, Join, Literal, Operator, Project, Scan, names
from pxcap.scripts.types import BOOLEAN, INT64

_HERE, _THERE = ("local_addr", "local_port"), ("remote_addr", "remote_port")
_SEEN = "_seen_by_server"


def each_once(plan: Operator, has_both: Callable[[Scan], bool]) -> Operator:
    """The plan without what clients saw of calls that their servers saw, too.

    Args:
        plan: An output's.
        has_both: Whether a table may have records of clients and of servers.
    """
    asked = {id(scan) for scan in of_clients(plan)}
    by: dict[int, Operator] = {}
    for node in in_order([plan]):
        if (
            isinstance(node, Scan)
            and id(node) not in asked
            and node.table != CONN_STATS.name
            and {*_HERE, *_THERE, ROLE} <= set(names(node.schema))
            and has_both(node)
        ):
            by[id(node)] = _once(node)
    return replaced(plan, by) if by else plan


def _once(scan: Scan) -> Operator:
    columns = {field.name: Column(field.name, field.type) for field in scan.schema}
    of_servers = functions.call("equal", (columns[ROLE], Literal(SERVER, INT64)))
    servers = Aggregate(Filter(replace(scan), of_servers), (*_HERE, *_THERE), ())
    keys = tuple((name, columns[name]) for name in (*_HERE, *_THERE))
    seen = Project(servers, (*keys, (_SEEN, Literal(True, BOOLEAN))))
    kept = tuple((name, 0, name) for name in columns)
    joined = Join(replace(scan), seen, "left", (*_THERE, *_HERE), (*_HERE, *_THERE), (*kept, (_SEEN, 1, _SEEN)))
    by_server = Call("select", (Column(_SEEN, BOOLEAN), Literal(False, BOOLEAN), Literal(True, BOOLEAN)), BOOLEAN)
    no_client = functions.call("notEqual", (columns[ROLE], Literal(CLIENT, INT64)))
    return Project(Filter(joined, functions.call("logicalOr", (no_client, by_server))), tuple(columns.items()))
