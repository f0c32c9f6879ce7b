"""Runs a script over a store: arguments in, named outputs out, each with how it is to be drawn."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pxcap.core.columns import Table
from pxcap.core.errors import UsageError
from pxcap.scripts.asked import ENTITIES, StandIns, in_time
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.execute import Limits, run_plans
from pxcap.scripts.engine.presence import told
from pxcap.scripts.language import Compiled, Invocation, Refused, compile_script
from pxcap.scripts.nothing import why_none
from pxcap.scripts.resolver import load_names
from pxcap.scripts.shelf import Script
from pxcap.scripts.types import Schema
from pxcap.scripts.vis import Widget
from pxcap.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

    from pxcap.scripts.reverse import ReverseDns

_NUMBERS = {"PX_INT64": "a whole number", "PX_FLOAT64": "a number", "PX_BOOLEAN": "true or false"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One output.

    Attributes:
        name: Of the output.
        schema: The type of each column.
        table: Its rows.
        widgets: What draws it; none: as a table.
        why_none: A sentence when there are no rows.
    """

    name: str
    schema: Schema
    table: "pa.Table"
    widgets: tuple[Widget, ...] = ()
    why_none: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A script that is running.

    Attributes:
        outputs: Each when it is asked for, in the script's order.
        refused: Outputs that cannot be given, with the reason.
        chosen: Arguments that were not given and stand for something in the store, such as the busiest service.
        moved: What relative times count from, ns since the epoch, for tables that have nothing as late as was asked for.
    """

    outputs: Iterator[Shown]
    refused: tuple[Refused, ...]
    chosen: Mapping[str, str]
    moved: Mapping[str, int]


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
    arguments, missing = _arguments(script, given)

    def compiled_with(more: dict[str, str]) -> tuple[Compiled, dict[str, int]]:
        invocations = _invocations(script, arguments | more)
        own = {} if invocations else arguments | more
        return in_time(lambda now: compile_script(script.text, script.name, own, catalog, invocations, now), catalog)

    chosen: dict[str, str] = {}
    if missing:
        chosen = StandIns(lambda more: compiled_with(more)[0], store, catalog, names).find(missing)
        for name, kind in missing.items():
            if name not in chosen and kind in ENTITIES:
                problem = f"{script.name} needs --{name}, and the store has no {ENTITIES[kind]}"
                raise UsageError(problem, _takes(arguments))
    compiled, moved = compiled_with(chosen)
    widgets: dict[str, list[Widget]] = {}
    for widget in script.vis.widgets if script.vis else ():
        widgets.setdefault(widget.output, []).append(widget)

    def outputs() -> Iterator[Shown]:
        plans = told(compiled.outputs, catalog)
        computed = run_plans(store, plans, names, catalog.is_stored, limits)
        for asked, (output, table) in zip(compiled.outputs, computed, strict=True):
            why = "" if table.num_rows else why_none(asked, catalog)
            yield Shown(output.name, output.plan.schema, table, tuple(widgets.get(output.name, ())), why)

    return Run(outputs(), compiled.refused, chosen, moved)


def _invocations(script: Script, arguments: Mapping[str, str]) -> list[Invocation]:
    """The calls of the vis spec that something shows, in the order in which it is shown."""
    if script.vis is None:
        return []
    order = dict.fromkeys(widget.output for widget in script.vis.widgets) or script.vis.calls
    return [
        Invocation(script.vis.calls[one].function, one, script.vis.calls[one].arguments(arguments)) for one in order
    ]


def _arguments(script: Script, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The arguments with defaults filled in, and the types of those that something in the store may stand for.

    Raises:
        UsageError: One is unknown, not allowed, or a number that must be given.
    """
    variables = {one.name: one for one in script.variables()}
    for name in given:
        if name not in variables:
            raise UsageError(f"{script.name} has no argument {name!r}", _takes(variables))
    values: dict[str, str] = {}
    for name, variable in variables.items():
        value = values[name] = given.get(name, variable.default or "")
        if variable.allowed and value not in variable.allowed:
            raise UsageError(f"--{name} {value!r}: expected one of {', '.join(variable.allowed)}")
    missing = [one for one in variables.values() if one.name not in given and one.default is None]
    for one in missing:
        if one.type in _NUMBERS:
            raise UsageError(f"{script.name} needs --{one.name}, {_NUMBERS[one.type]}", _takes(variables))
    return values, {one.name: one.type for one in missing if one.type in ENTITIES or one.type == "PX_STRING"}


def _takes(names: Iterable[str]) -> str:
    return f"it takes {', '.join(f'--{name}' for name in names) or 'no arguments'}"
