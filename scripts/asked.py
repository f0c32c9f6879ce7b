"""What a script asks of a store: which tables, of when. From it follow the times and names that nobody gave.

Relative times count from the newest record of the store. A store of old captures may hold each protocol at another time, and
a script's `-5m` would show nothing although there is something to see: an output whose tables have nothing in the time asked
for counts from their newest record instead, and that is told.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.execute import run_plans
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.language import Compiled, compile_script
from pxcap.scripts.names import Names
from pxcap.scripts.plan import Output, Scan, names
from pxcap.store import Store

_SERVER = 2  # trace_role
_SEEN = """
import px
df = px.DataFrame({table!r}, start_time={start}, end_time={stop})
df = df.groupby(['upid', 'trace_role', 'remote_addr']).agg(calls=('upid', px.count))
df.own = df.ctx[{kind!r}]
df.peer = px.select(df.trace_role == 2, px.pod_id_to_{told}(px.ip_to_pod_id(df.remote_addr)), '')
df = df[df.own != '']
px.display(df.groupby(['own', 'peer', 'trace_role']).agg(calls=('calls', px.sum)))
"""
_TOLD = {"service": "service_name", "pod": "pod_name", "namespace": "namespace", "node": "node_name"}


def in_time(compile_at: Callable[[int | None], Compiled], catalog: StoreCatalog) -> tuple[Compiled, dict[str, int]]:
    """A script's outputs, each at a time when there is something of what it reads.

    Args:
        compile_at: Compiles the script with the time that is now; None for that of the newest record.
        catalog: Of the store.

    Returns:
        The outputs, and what now is for tables, named with commas between them, that have nothing in the time asked for.
    """
    first = compile_at(None)
    at: dict[int, Compiled] = {}
    outputs: list[Output] = []
    moved: dict[str, int] = {}
    for position, output in enumerate(first.outputs):
        now = _last(output, catalog)
        if now is not None:
            if now not in at:
                at[now] = compile_at(now)
            other = at[now].outputs[position]
            if _ranges([other]) != _ranges([output]):  # the same when the script names its times itself
                tables = {table for table, start, _ in _ranges([other]) if start is not None}
                moved[", ".join(sorted(tables))] = now
                output = other
        outputs.append(output)
    return Compiled(tuple(outputs), first.refused), moved


def _last(output: Output, catalog: StoreCatalog) -> int | None:
    """The time of the newest record of the tables an output reads, when none of them has any in the time asked for."""
    last = [(catalog.last(table), start) for table, start, _ in _ranges([output]) if start is not None]
    found = [(time, start) for time, start in last if time is not None]
    if not found or any(time >= start for time, start in found):
        return None
    return max(time for time, _ in found)


def _ranges(outputs: Iterable[Output]) -> list[tuple[str, int | None, int | None]]:
    """Tables with the range of time that is read of them, each once."""
    scans = [node for node in in_order(output.plan for output in outputs) if isinstance(node, Scan)]
    return list(dict.fromkeys((scan.table, scan.start, scan.stop) for scan in scans))


def stand_ins(
    kinds: Mapping[str, str], outputs: Sequence[Output], store: Store, catalog: StoreCatalog, who: Names
) -> dict[str, str]:
    """What arguments that must be given may stand for: the busiest service, pod, ... of what the script reads.

    Of two of one kind the first asks and the second answers: they are the two ends of the busiest edge.

    Args:
        kinds: `service`, `pod`, `namespace` or `node` by the argument's name.
        outputs: The script's, whatever the arguments are.
        store: Where to look.
        catalog: Of the store.
        who: Names of the store's processes and addresses.
    """
    chosen: dict[str, str] = {}
    for kind in dict.fromkeys(kinds.values()):
        wanted = [name for name, one in kinds.items() if one == kind]
        edges = _edges(kind, _ranges(outputs), store, catalog, who) or _edges(
            kind, [("conn_stats", None, None)], store, catalog, who
        )
        if not edges:
            continue
        own, peer = _busiest(edges)
        if len(wanted) == 2 and (ends := {edge: calls for edge, calls in edges.items() if edge[1]}):
            own, peer = _busiest(ends)
        chosen |= dict.fromkeys(wanted, own)
        if len(wanted) == 2 and peer:
            chosen[wanted[0]] = peer
    return chosen


def _busiest(edges: Mapping[tuple[str, str], tuple[int, int]]) -> tuple[str, str]:
    """The edge of the end that answers most calls, or that has most where none answers."""
    sums: dict[str, tuple[int, int]] = {}
    for (own, _), (served, calls) in edges.items():
        held = sums.get(own, (0, 0))
        sums[own] = held[0] + served, held[1] + calls
    best = max(sums, key=lambda own: (sums[own], own))
    return max((edge for edge in edges if edge[0] == best), key=lambda edge: (edges[edge], edge))


def _edges(
    kind: str,
    ranges: Iterable[tuple[str, int | None, int | None]],
    store: Store,
    catalog: StoreCatalog,
    who: Names,
) -> dict[tuple[str, str], tuple[int, int]]:
    """Calls of each end of what was seen with each other, those it answered apart: by its name and the other's."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for table, start, stop in ranges:
        schema = catalog.schema(table)
        if schema is None or not {"upid", "trace_role", "remote_addr"} <= set(names(schema)):
            continue
        text = _SEEN.format(table=table, start=start, stop=stop, kind=kind, told=_TOLD[kind])
        outputs = compile_script(text, "busiest", {}, catalog).outputs
        for _, rows in run_plans(store, outputs, who, catalog.is_stored):
            for row in rows.to_pylist():
                held = found.get((row["own"], row["peer"]), (0, 0))
                served = row["calls"] * (row["trace_role"] == _SERVER)
                found[row["own"], row["peer"]] = held[0] + served, held[1] + row["calls"]
    return found
