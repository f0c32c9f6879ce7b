"""Runs a script over a store: arguments in, named outputs out, each with how it is to be drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pxcap.core.columns import Table
from pxcap.core.errors import UsageError
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.execute import Limits, run_plans
from pxcap.scripts.language import Invocation, Refused, compile_script
from pxcap.scripts.names import Names
from pxcap.scripts.resolver import load_names
from pxcap.scripts.shelf import Script
from pxcap.scripts.types import Schema
from pxcap.scripts.vis import Widget
from pxcap.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

    from pxcap.scripts.reverse import ReverseDns

_ENTITY = {"PX_SERVICE": "service", "PX_POD": "pod", "PX_NAMESPACE": "namespace", "PX_NODE": "node"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One output: its rows with the type of each column, and the widgets that draw it (none: as a table)."""

    name: str
    schema: Schema
    table: "pa.Table"
    widgets: tuple[Widget, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A script that is running.

    Attributes:
        outputs: Each when it is asked for, in the script's order.
        refused: Outputs that cannot be given, with the reason.
        chosen: Arguments that were not given and stand for something in the store, such as the busiest service.
    """

    outputs: Iterator[Shown]
    refused: tuple[Refused, ...]
    chosen: Mapping[str, str]


def run_script(
    script: Script,
    given: Mapping[str, str],
    store: Store,
    declared: Sequence[Table] = (),
    map_file: Path | None = None,
    limits: Limits | None = None,
    dns: "ReverseDns | None" = None,
) -> Run:
    """Compile a script and begin to compute what it shows.

    Args:
        script: From `shelf`.
        given: Its arguments as text, by name.
        store: What it reads.
        declared: Tables of the installed plugins; those the store has not are empty.
        map_file: Names for addresses and processes; None for none.
        limits: None for the usual.
        dns: Asked for names that nothing else knows; None: nobody is.

    Raises:
        UsageError: An argument is missing or unknown, or the script is wrong.
        StoreError: The store cannot be read.
    """
    catalog = StoreCatalog(store, declared)
    names = load_names(store, map_file, dns)
    arguments, chosen = _arguments(script, given, store, catalog, names)
    invocations = _invocations(script, arguments)
    compiled = compile_script(script.text, script.name, {} if invocations else arguments, catalog, invocations)
    widgets: dict[str, list[Widget]] = {}
    for widget in script.vis.widgets if script.vis else ():
        widgets.setdefault(widget.output, []).append(widget)

    def outputs() -> Iterator[Shown]:
        for output, table in run_plans(store, compiled.outputs, names, catalog.is_stored, limits):
            yield Shown(output.name, output.plan.schema, table, tuple(widgets.get(output.name, ())))

    return Run(outputs(), compiled.refused, chosen)


def _invocations(script: Script, arguments: Mapping[str, str]) -> list[Invocation]:
    """The calls of the vis spec that something shows, in the order in which it is shown."""
    if script.vis is None:
        return []
    order = dict.fromkeys(widget.output for widget in script.vis.widgets) or script.vis.calls
    return [
        Invocation(script.vis.calls[one].function, one, script.vis.calls[one].arguments(arguments)) for one in order
    ]


def _arguments(
    script: Script, given: Mapping[str, str], store: Store, catalog: StoreCatalog, names: Names
) -> tuple[dict[str, str], dict[str, str]]:
    """The arguments with defaults filled in, and those that were chosen here.

    Raises:
        UsageError: One is unknown, not allowed, or missing with nothing in the store to stand for it.
    """
    variables = {one.name: one for one in script.variables()}
    takes = ", ".join(f"--{name}" for name in variables) or "no arguments"
    for name in given:
        if name not in variables:
            raise UsageError(f"{script.name} has no argument {name!r}", f"it takes {takes}")
    values: dict[str, str] = {}
    chosen: dict[str, str] = {}
    for name, variable in variables.items():
        value = given.get(name, variable.default)
        if value is None:
            value = chosen[name] = _stand_in(variable.type, store, catalog, names)
        if not value and name not in given and variable.default is None and variable.type in _ENTITY:
            raise UsageError(
                f"{script.name} needs --{name}, and the store has no {_ENTITY[variable.type]}", f"it takes {takes}"
            )
        if variable.allowed and value not in variable.allowed:
            raise UsageError(f"--{name} {value!r}: expected one of {', '.join(variable.allowed)}")
        values[name] = value
    return values, {name: value for name, value in chosen.items() if value}


def _stand_in(kind: str, store: Store, catalog: StoreCatalog, names: Names) -> str:
    """What an argument that must be given may stand for: the service, pod, ... with most connections; else ""."""
    if kind not in _ENTITY:
        return ""
    text = "\n".join(
        (
            "import px",
            "df = px.DataFrame('conn_stats')",
            f"df.x = df.ctx['{_ENTITY[kind]}']",
            "df = df[df.x != '']",
            "px.display(df.groupby('x').agg(n=('bytes_sent', px.sum)))",
        )
    )
    compiled = compile_script(text, "busiest", {}, catalog)
    for _, table in run_plans(store, compiled.outputs, names, catalog.is_stored):
        rows = table.to_pylist()
        if rows:
            return str(max(rows, key=lambda row: (row["n"] or 0, row["x"]))["x"])
    return ""
