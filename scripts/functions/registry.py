"""All functions by name: what a call comes to, and its SQL."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import cast

from pxcap.core.errors import UsageError
from pxcap.scripts.functions import aggregates as _aggregates
from pxcap.scripts.functions import (
    endpoints,
    jsons,
    metadata,
    network,
    numbers,
    operators,
    protocols,
    ranking,
    redact,
    sqltext,
    strings,
    time,
)
from pxcap.scripts.functions.base import (
    AggregateFunction,
    Dialect,
    Function,
    Join,
    Overload,
    Writing,
    cast_sql,
    types_of,
)
from pxcap.scripts.names import Names
from pxcap.scripts.plan import Aggregation, Call, Expression
from pxcap.scripts.types import STRING, Data, Semantic, Type

_MODULES = (
    operators,
    numbers,
    strings,
    time,
    jsons,
    network,
    protocols,
    sqltext,
    redact,
    endpoints,
    ranking,
    metadata,
)


_OF_ADDRESS = {
    (f"{kind}_id_to_service_{end}", f"ip_to_{kind}_id")
    for kind, end in (("pod", "name"), ("pod", "id"), ("service", "name"))
}


@cache
def _known() -> tuple[Mapping[str, Function], tuple[str, ...]]:
    ours = {one.name: one for module in _MODULES for one in module.FUNCTIONS}
    theirs, faults = protocols.of_plugins(ours)
    return ours | {one.name: one for one in theirs}, tuple(faults)


def functions() -> Mapping[str, Function]:
    """Functions of a row, by name; those of plugins, too."""
    return _known()[0]


def faults() -> tuple[str, ...]:
    """What is wrong with functions of plugins, a line each."""
    return _known()[1]


@cache
def aggregates() -> Mapping[str, AggregateFunction]:
    """Functions of a group, by name."""
    return {one.name: one for one in (*_aggregates.AGGREGATES, *endpoints.AGGREGATES, *ranking.AGGREGATES)}


def exists(name: str) -> bool:
    """Whether there is a function of a row of that name."""
    return name in functions()


def aggregate_exists(name: str) -> bool:
    """Whether there is a function of a group of that name."""
    return name in aggregates()


def resolve(name: str, types: Sequence[Type]) -> Type:
    """The type of a call's result.

    Raises:
        UsageError: There is no such function, or it does not take these types.
    """
    function = functions().get(name)
    if function is None:
        raise UsageError(*_unknown("function", name, functions()))
    _, overload = choose(function, types)
    semantic = function.semantic(types)
    if overload.result is Data.TIME64NS:
        semantic = Semantic.TIME_NS
    return Type(overload.result, semantic)


def call(name: str, args: Sequence[Expression]) -> Call:
    """A call of a function, with the type of its result.

    Raises:
        UsageError: There is no such function, or it does not take these arguments.
    """
    if name == "script_reference":
        args = [one if one.type.data is Data.STRING else Call("_text", (one,), STRING) for one in args]
    if name in ("equal", "notEqual"):
        args = [protocols.as_stored(one, other) for one, other in zip(args, reversed(args), strict=True)]
    result = resolve(name, [one.type for one in args])
    inner = args[0] if args else None
    if (name, inner.function if isinstance(inner, Call) else "") in _OF_ADDRESS:
        # An address that is not inside has no id, but whoever asks for its service is told the address.
        return Call("_ip_to_service_name", cast(Call, inner).args[:1], result)
    return Call(name, tuple(args), result)


def resolve_aggregate(name: str, column: Type) -> Type:
    """The type of an aggregate of a column of that type.

    Raises:
        UsageError: There is no such aggregate, or it does not take this type.
    """
    function = aggregates().get(name)
    if function is None:
        raise UsageError(*_unknown("aggregate", name, aggregates()))
    if column.data not in function.results:
        expected = " or ".join(function.results)
        raise UsageError(f"{name} of a column of {column.data}, expected {expected}")
    result = function.results[column.data]
    return Type(result, Semantic.TIME_NS if result is Data.TIME64NS else function.semantic(column))


def choose(function: Function, types: Sequence[Type]) -> tuple[int, Overload]:
    """The overload that takes these types with the least conversion, with its place in the list.

    Raises:
        UsageError: None does.
    """
    data = [one.data for one in types]
    best: tuple[int, int, Overload] | None = None
    for at, overload in enumerate(function.overloads):
        cost = overload.fits(data)
        if cost is not None and (best is None or cost < best[0]):
            best = (cost, at, overload)
    if best is None:
        found = ", ".join(data)
        expected = " or ".join(dict.fromkeys(_shown(one) for one in function.overloads))
        raise UsageError(f"{function.name}({found}): expected {function.name}{expected}")
    return best[1:]


def sql(call: Call, dialect: Dialect, args: Sequence[str], names: Names, join: Join | None = None) -> str | None:
    """SQL of a call whose arguments are written already; None where PostgreSQL cannot say it.

    Args:
        call: It.
        dialect: Whose SQL.
        args: Its arguments as SQL.
        names: Who is behind addresses and processes.
        join: See `Writing`.
    """
    function = functions()[call.function]
    types = types_of(call)
    at, overload = choose(function, types)
    wanted = cast(tuple[Data, ...], overload.expanded(len(types)))
    converted = [cast_sql(text, have.data, want) for text, have, want in zip(args, types, wanted, strict=True)]
    written = function.write(Writing(dialect, converted, call.args, names, join)) if function.write else None
    if written is None and dialect == "duckdb":
        return f"{udf_name(function, at)}({', '.join(converted)})"
    return written


def aggregate_sql(aggregation: Aggregation, column: Type, dialect: Dialect, text: str) -> str | None:
    """SQL of an aggregate over a column that is written already; None where PostgreSQL cannot say it."""
    function = aggregates()[aggregation.function]
    written = function.write(dialect, text, column.data)
    if written is not None and function.arrow is not None:
        return f"{udf_name(function, 0)}({written})"
    return written


def udf_name(function: Function | AggregateFunction, at: int) -> str:
    """Under which an overload computed over Arrow arrays is registered."""
    shared = function.shared if isinstance(function, Function) else ""
    return f"pxcap_{shared or function.name}_{at}"


def _shown(overload: Overload) -> str:
    return "(" + ", ".join(overload.arguments) + (", ..." if overload.more else "") + ")"


def _unknown(kind: str, name: str, known: Mapping[str, object]) -> tuple[str, str]:
    near = get_close_matches(name, known, 1)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {name!r}{guess}", "the script px/funcs lists all functions"
