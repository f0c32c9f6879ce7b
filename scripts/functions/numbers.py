"""Functions of numbers. What has no number as result is NULL: a root or logarithm of a negative number, overflow of a float."""

from pxcap.scripts.functions.base import F, Function, I, Overload, S, T, Write, Writing
from pxcap.scripts.functions.operators import magnitude

_ONE = (Overload((F,), F),)
_FITS = "9.2e18"  # below it a float fits an integer


def _bin(call: Writing) -> str:
    value, size = call.args
    if call.given[0].type.data is F:
        value = f"(CASE WHEN abs({value}) < {_FITS} THEN trunc({value})::BIGINT END)"
    return f"({value} - mod({value}, NULLIF({size}, 0)))"


def _whole(function: str) -> Write:
    return lambda call: f"(CASE WHEN abs({call.args[0]}) < {_FITS} THEN {function}({call.args[0]})::BIGINT END)"


def _of_duckdb(text: str) -> Write:
    """SQL of DuckDB only: PostgreSQL ends the query where there is no result."""
    return lambda call: f"({text.format(*call.args)})" if call.dialect == "duckdb" else None


def _round(call: Writing) -> str | None:
    """PostgreSQL rounds decimals, not floats: 2.675 would be 2.68 there."""
    value, places = call.args
    if call.dialect == "postgres":
        return None
    return f"printf('%.' || least(greatest({places}, 0), 17) || 'f', {value})"


FUNCTIONS = (
    Function(
        "bin",
        "The value less its remainder: the beginning of the bin of that size it is in.",
        (Overload((I, I), I), Overload((T, I), T), Overload((F, I), I)),
        lambda types: magnitude(types[:1]),
        _bin,
    ),
    Function("ceil", "The least integer that is not less.", (Overload((F,), I),), magnitude, _whole("ceil")),
    Function("floor", "The greatest integer that is not greater.", (Overload((F,), I),), magnitude, _whole("floor")),
    Function("round", "The number as text with so many decimal places.", (Overload((F, I), S),), write=_round),
    Function(
        "abs",
        "The value without its sign.",
        (Overload((I,), I), Overload((F,), F)),
        magnitude,
        lambda call: f"abs({call.args[0]})",
    ),
    Function(
        "sqrt",
        "The square root.",
        _ONE,
        write=lambda call: f"(CASE WHEN {call.args[0]} >= 0 THEN sqrt({call.args[0]}) END)",
    ),
    Function("exp", "e to the power of the value.", _ONE, write=_of_duckdb("exp({0})")),
    Function("pow", "The first value to the power of the second.", (Overload((F, F), F),), write=_of_duckdb("pow({0}, {1})")),
    Function("ln", "The natural logarithm.", _ONE, write=_of_duckdb("CASE WHEN {0} > 0 THEN ln({0}) END")),
    Function("log2", "The logarithm to base 2.", _ONE, write=_of_duckdb("CASE WHEN {0} > 0 THEN log2({0}) END")),
    Function("log10", "The logarithm to base 10.", _ONE, write=_of_duckdb("CASE WHEN {0} > 0 THEN log10({0}) END")),
    Function(
        "log",
        "The logarithm of the second value to the base of the first.",
        (Overload((F, F), F),),
        write=_of_duckdb("CASE WHEN {0} > 0 AND {1} > 0 THEN ln({1}) / NULLIF(ln({0}), 0) END"),
    ),
)  # fmt: skip
