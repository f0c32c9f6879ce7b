"""What a script asks of a store, and from it the times and arguments that nobody gave.

Relative times count from the newest record of the store. A store of old captures may hold each protocol at another time, and
a script's `-5m` would show nothing although there is something to see: an output whose tables have nothing in the time asked
for counts from their newest record instead, and that is told.

An argument that must be given and is not may be one that rows are chosen by: then the most frequent value among these rows
stands for it. To find out, the script is read with a mark for the argument, and what is compared with the mark is looked at.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pxcap.core.columns import CONN_STATS
from pxcap.core.errors import UsageError
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.execute import run_plans
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.language import Compiled, compile_script
from pxcap.scripts.names import Names
from pxcap.scripts.plan import (
    Aggregate,
    Aggregation,
    Call,
    Expression,
    Filter,
    Literal,
    Operator,
    Output,
    Project,
    Scan,
)
from pxcap.scripts.types import INT64, Data
from pxcap.store import Store

ENTITIES = {"PX_SERVICE": "service", "PX_POD": "pod", "PX_NAMESPACE": "namespace", "PX_NODE": "node"}
_COMPARISONS = ("equal", "has_service_name", "has_service_id", "has_value", "_match_endpoint")
_MOST = 5  # values that are tried where another argument finds nothing with the first
_MARK = "\x01{}\x01"
_BUSIEST = """
import px
df = px.DataFrame('conn_stats')
df.own = df.ctx[{kind!r}]
df = df[df.own != '']
px.display(df.groupby('own').agg(bytes=('bytes_sent', px.sum)))
"""


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
    outputs = list(first.outputs)
    moved: dict[str, int] = {}
    kept: list[int] = []
    for position, output in enumerate(first.outputs):
        now = _last(output, catalog)
        if now is not None:
            if now not in at:
                at[now] = compile_at(now)
            other = at[now].outputs[position]
            if _ranges(other) != _ranges(output):  # the same when the script names its times itself
                late = {
                    table for table, start in _ranges(other) if start is not None and catalog.last(table) is not None
                }
                moved[", ".join(sorted(late))] = now
                outputs[position] = other
                continue
        kept.append(position)
    times = set(moved.values())
    if len(times) == 1 and all(_of_others(first.outputs[position], catalog) for position in kept):
        for position in kept:
            outputs[position] = at[max(times)].outputs[position]
    return Compiled(tuple(outputs), first.refused), moved


def _of_others(output: Output, catalog: StoreCatalog) -> bool:
    """Whether an output reads no records, but what is made of all of them: it is of the time of the other outputs."""
    return all(catalog.last(table) is None for table, _ in _ranges(output))


def _last(output: Output, catalog: StoreCatalog) -> int | None:
    """The time of the newest record of the tables an output reads, when none of them has any in the time asked for."""
    last = [(catalog.last(table), start) for table, start in _ranges(output) if start is not None]
    found = [(time, start) for time, start in last if time is not None]
    if not found or any(time >= start for time, start in found):
        return None
    return max(time for time, _ in found)


def _ranges(output: Output) -> list[tuple[str, int | None]]:
    """Tables, and from when they are read."""
    return [(node.table, node.start) for node in in_order([output.plan]) if isinstance(node, Scan)]


@dataclass(frozen=True, slots=True)
class StandIns:
    """Finds what arguments that were not given stand for.

    Attributes:
        compile_with: Compiles the script with these arguments, which may be marks.
        store: Where to look.
        catalog: Of the store.
        names: Who is behind the store's processes and addresses.
    """

    compile_with: Callable[[dict[str, str]], Compiled]
    store: Store
    catalog: StoreCatalog
    names: Names

    def find(self, kinds: Mapping[str, str]) -> dict[str, str]:
        """Values of arguments; one for which there is none is left out.

        Args:
            kinds: Pixie's types by the arguments' names.
        """
        plain = len(self._compiled({}))
        marked = {n: kind for n, kind in kinds.items() if len(self._compiled({n: _MARK.format(n)})) == plain}
        found = self._solved(marked, {})
        for name, kind in kinds.items():
            if name not in found and kind in ENTITIES and (busiest := self._busiest(ENTITIES[kind])):
                found[name] = busiest
        return found

    def _compiled(self, arguments: dict[str, str]) -> Sequence[Output]:
        """The outputs; none where the script refuses an argument, as it does a mark for a time."""
        try:
            return self.compile_with(arguments).outputs
        except UsageError:
            return ()

    def _solved(self, left: Mapping[str, str], chosen: dict[str, str]) -> dict[str, str]:
        """The chosen, and as many of those left as have something to stand for them together with these."""
        votes = self._votes(left, chosen)
        if not votes:
            return chosen
        name, values = next(iter(votes.items()))
        rest = {other: kind for other, kind in left.items() if other != name}
        best = chosen
        for value, _ in sorted(values.items(), key=lambda one: (-one[1], one[0]))[:_MOST]:
            found = self._solved(rest, chosen | {name: value})
            if len(found) > len(best):
                best = found
            if len(best) == len(chosen) + len(left):
                break
        return best

    def _votes(self, left: Mapping[str, str], chosen: Mapping[str, str]) -> dict[str, Counter[str]]:
        """How many rows each value is of, by the argument with which it is compared."""
        if not left:
            return {}
        marks = {_MARK.format(name): name for name in left}
        asked: list[tuple[str, Output]] = []
        outputs = self._compiled({**chosen, **{name: mark for mark, name in marks.items()}})
        for node in in_order(output.plan for output in outputs):
            if not isinstance(node, Filter | Project) or _marked(node.parent):
                continue
            for mark, value in _compared(node, marks, left):
                if not _marked(Project(node.parent, (("value", value),))):
                    rows = Project(node.parent, (("value", value),))
                    counted = Aggregate(rows, ("value",), (Aggregation("rows", "count", "value", INT64),))
                    asked.append((marks[mark], Output(mark, counted)))
        votes: dict[str, Counter[str]] = {}
        computed = run_plans(self.store, [one for _, one in asked], self.names, self.catalog.is_stored)
        for (name, _), (_, table) in zip(asked, computed, strict=True):
            values = {row["value"]: row["rows"] for row in table.to_pylist() if row["value"]}
            if values:
                votes.setdefault(name, Counter()).update(values)
        return votes

    def _busiest(self, kind: str) -> str:
        """The service, pod, ... with most connections; else ""."""
        if not self.catalog.is_stored(CONN_STATS.name):
            return ""
        outputs = compile_script(_BUSIEST.format(kind=kind), "busiest", {}, self.catalog).outputs
        for _, table in run_plans(self.store, outputs, self.names, self.catalog.is_stored):
            rows = table.to_pylist()
            if rows:
                return str(max(rows, key=lambda row: (row["bytes"] or 0, row["own"]))["own"])
        return ""


def _compared(node: Operator, marks: Mapping[str, str], kinds: Mapping[str, str]) -> Iterator[tuple[str, Expression]]:
    """Marks with what is compared with them there."""
    for call in _calls(node):
        for mark in call.args:
            if not (isinstance(mark, Literal) and isinstance(mark.value, str) and mark.value in marks):
                continue
            # What holds a text is enough for a name only: nobody leaves it out to mean all of them.
            if call.function in _COMPARISONS or (call.function == "contains" and kinds[marks[mark.value]] in ENTITIES):
                for other in call.args:
                    if not isinstance(other, Literal) and other.type.data is Data.STRING:
                        yield mark.value, other


def _calls(node: Operator) -> Iterator[Call]:
    waiting: list[Expression] = []
    if isinstance(node, Filter):
        waiting.append(node.condition)
    elif isinstance(node, Project):
        waiting.extend(value for _, value in node.columns)
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call):
            yield one
            waiting.extend(one.args)


def _marked(plan: Operator) -> bool:
    """Whether a plan depends on a mark."""
    literals: Iterable[Expression] = (arg for node in in_order([plan]) for call in _calls(node) for arg in call.args)
    return any(isinstance(one, Literal) and isinstance(one.value, str) and "\x01" in one.value for one in literals)
