"""Names of protocols, and the functions that plugins give."""

import json
import keyword
from collections.abc import Callable, Mapping

from pxcap.core.errors import PluginError
from pxcap.core.functions import Kind, ScriptFunction
from pxcap.core.registry import load_registry
from pxcap.scripts.functions.arrays import distinct
from pxcap.scripts.functions.base import B, F, Function, I, Overload, S, Write, Writing, quoted
from pxcap.scripts.plan import Column, Expression, Literal
from pxcap.scripts.types import STRING

# Pixie's numbers, and how it writes the names; tables of pxcap have the names of plugins.
_NUMBERED = (
    "Unknown",
    "HTTP",
    "HTTP2",
    "MySQL",
    "CQL",
    "PGSQL",
    "DNS",
    "Redis",
    "NATS",
    "Mongo",
    "Kafka",
    "Mux",
    "AMQP",
    "TLS",
)
_WRITTEN = {name.lower(): name for name in _NUMBERED} | {"": "Unknown"}
_KINDS = {"bool": B, "int": I, "float": F, "text": S}
_GIVEN: dict[Kind, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (float, int), "text": (str,)}
_FEW = 16  # names for which comparing one by one is fast


def _name_of_text(call: Writing) -> str:
    """A protocol that is not Pixie's keeps the plugin's name."""
    whens = " ".join(f"WHEN {quoted(key)} THEN {quoted(name)}" for key, name in _WRITTEN.items())
    return f"(CASE {call.args[0]} {whens} ELSE {call.args[0]} END)"


def named(table: Mapping[int, str], otherwise: str) -> Write:
    """SQL that names numbers; `otherwise` has the number as {0}."""

    def write(call: Writing) -> str:
        (code,) = call.args
        rest = f"CASE WHEN {code} IS NOT NULL THEN {otherwise.format(f'({code})::TEXT')} END"
        if call.dialect == "duckdb" or len(table) <= _FEW:
            whens = " ".join(f"WHEN {number} THEN {quoted(name)}" for number, name in table.items())
            return f"(CASE {code} {whens} ELSE {rest} END)" if table else f"({rest})"
        return f"COALESCE({quoted(json.dumps(table))}::jsonb ->> ({code})::TEXT, {rest})"

    return write


_by_number = named(dict(enumerate(_NUMBERED)), "'Invalid (' || {0} || ')'")


def _protocol_name(call: Writing) -> str | None:
    return _name_of_text(call) if call.given[0].type.data is S else _by_number(call)


FUNCTIONS = (
    Function("protocol_name", "A protocol's name as Pixie writes it, of its name or Pixie's number.",
             (Overload((S,), S), Overload((I,), S)), write=_protocol_name),
)  # fmt: skip


def as_stored(one: Expression, other: Expression) -> Expression:
    """Pixie's number of a protocol as the name that pxcap stores, where it is compared with that column."""
    if (
        isinstance(one, Literal)
        and one.type.data is I
        and isinstance(other, Column)
        and (other.name, other.type.data) == ("protocol", S)
        and 0 <= int(one.value) < len(_NUMBERED)
    ):
        return Literal(_NUMBERED[int(one.value)].lower() if one.value else "", STRING)
    return one


def of_plugins(taken: Mapping[str, object]) -> tuple[list[Function], list[str]]:
    """The functions that installed plugins give, and what is wrong with the others; `taken` are names they cannot have."""
    given, faults = load_registry().functions()
    found: dict[str, Function] = {}
    for plugin, one in given:
        if one.name in taken or one.name in found:
            faults.append(f"plugin {plugin}: there is already a function {one.name}")
        elif not one.name.isidentifier() or keyword.iskeyword(one.name):
            faults.append(f"plugin {plugin}: {one.name!r} is no name of a function")
        elif unknown := {*one.arguments, one.result} - _KINDS.keys():
            faults.append(f"plugin {plugin}: {one.name} has unknown types: {', '.join(sorted(unknown))}")
        else:
            found[one.name] = _of_plugin(plugin, one)
    return list(found.values()), faults


def _of_plugin(plugin: str, one: ScriptFunction) -> Function:
    result = _KINDS[one.result]
    overload = Overload(tuple(_KINDS[kind] for kind in one.arguments), result)
    if one.table:
        otherwise = quoted(one.otherwise).replace("{", "{{").replace("}", "}}") if one.otherwise else "{0}"
        return Function(one.name, one.doc, (overload,), write=named(one.table, otherwise))
    return Function(one.name, one.doc, (overload,), arrow=distinct(_guarded(plugin, one), result))


def _guarded(plugin: str, one: ScriptFunction) -> Callable[..., object]:
    """What the function gives, if it is what it said it gives; else an error that names the plugin."""
    expected = _GIVEN[one.result]

    def apply(*values: object) -> object:
        try:
            result = one.apply(*values)
        except Exception as error:
            raise PluginError(f"plugin {plugin}: px.{one.name}: {type(error).__name__}: {error}") from error
        if result is not None and not isinstance(result, expected):
            raise PluginError(f"plugin {plugin}: px.{one.name} gave {type(result).__name__}, expected {one.result}")
        return result

    return apply
