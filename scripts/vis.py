"""The vis spec beside a script, Pixie's vis.json: which functions to call with what, and how each result is drawn.

Read as Pixie's own scripts have it (px.vispb.Vis, in JSON): variables with defaults, functions shared by several widgets
(`globalFuncs`), and widgets. What is only about a dashboard's layout is not kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pxcap.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Variable:
    """An argument of the script.

    Attributes:
        name: As typed.
        type: Pixie's name of its type, such as PX_STRING or PX_SERVICE.
        default: None when it must be given.
        meaning: A sentence, empty when there is none.
        allowed: The only values it may have; empty for any.
    """

    name: str
    type: str = "PX_STRING"
    default: str | None = None
    meaning: str = ""
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function of the script to call; each argument is a variable's name or a value as text."""

    function: str
    variables: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)

    def arguments(self, given: Mapping[str, str]) -> dict[str, str]:
        """The arguments as text, from the values of the script's variables."""
        return {**self.values, **{name: given[variable] for name, variable in self.variables.items()}}


@dataclass(frozen=True, slots=True)
class Widget:
    """One thing to show.

    Attributes:
        name: Its title.
        output: The name of the output it draws.
        kind: Table, TimeseriesChart, HistogramChart, BarChart, Graph, RequestGraph, ...
        spec: How it is drawn, as Pixie's display specs have it.
    """

    name: str
    output: str
    kind: str = "Table"
    spec: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vis:
    """A vis spec: variables, the calls by the name of their output, and what is shown, in order."""

    variables: tuple[Variable, ...] = ()
    calls: Mapping[str, FunctionCall] = field(default_factory=dict)
    widgets: tuple[Widget, ...] = ()


def parse(text: str, what: str) -> Vis:
    """A vis spec from its text.

    Args:
        text: JSON.
        what: The file, for errors.

    Raises:
        UsageError: It is not a vis spec.
    """
    try:
        raw = json.loads(text)
        if not isinstance(raw, dict):
            raise TypeError(f"it is {type(raw).__name__}, expected an object")
        return _vis(raw)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError(f"{what}: not a vis spec: {type(error).__name__}: {error}") from error


def _vis(raw: Mapping[str, Any]) -> Vis:
    calls = {one["outputName"]: _call(one["func"]) for one in raw.get("globalFuncs") or ()}
    widgets: list[Widget] = []
    for at, one in enumerate(raw.get("widgets") or ()):
        output = one.get("globalFuncOutputName") or ""
        title = one.get("name") or output
        if not output and one.get("func"):
            call = _call(one["func"])
            output = _free(title or call.function, calls)
            calls[output] = call
        spec = one.get("displaySpec") or {}
        kind = str(spec.get("@type", "Table")).rpartition(".")[2]  # what is before the name differs with Pixie's age
        if output not in calls:
            raise ValueError(f"widget {title or at!r} shows {output!r}, which no function gives")
        widgets.append(Widget(title or output, output, kind, spec))
    return Vis(tuple(_variable(one) for one in raw.get("variables") or ()), calls, tuple(widgets))


def _variable(raw: Mapping[str, Any]) -> Variable:
    default = raw.get("defaultValue")
    if isinstance(default, Mapping):
        default = default.get("value", "")
    return Variable(
        raw["name"],
        raw.get("type") or "PX_STRING",
        None if default is None else str(default),
        raw.get("description") or "",
        tuple(map(str, raw.get("validValues") or ())),
    )


def _call(raw: Mapping[str, Any]) -> FunctionCall:
    arguments: Sequence[Mapping[str, Any]] = raw.get("args") or ()
    variables = {one["name"]: one["variable"] for one in arguments if one.get("variable")}
    values = {one["name"]: str(one.get("value", "")) for one in arguments if not one.get("variable")}
    return FunctionCall(raw["name"], variables, values)


def _free(name: str, taken: Mapping[str, FunctionCall]) -> str:
    """The name, numbered when another output has it."""
    number = 2
    free = name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free
