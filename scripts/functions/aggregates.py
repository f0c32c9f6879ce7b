"""Functions of a group: the values of one column, NULL left out, except that `count` counts rows."""

from pxcap.scripts.functions.base import SQL_TYPES, AggregateFunction, B, Dialect, F, I, S, T, float_text
from pxcap.scripts.functions.operators import magnitude
from pxcap.scripts.types import Data, Semantic, Type

QUANTILES = (("p01", 0.01), ("p10", 0.1), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p99", 0.99))
_ORDERED: dict[Data, Data] = {one: one for one in (I, F, T)}


def _kept(column: Type) -> Semantic:
    return magnitude((column,))


def _same(column: Type) -> Semantic:
    return column.semantic


def _spread(column: Type) -> Semantic:
    return Semantic.DURATION_QUANTILES if column.semantic is Semantic.DURATION_NS else Semantic.QUANTILES


def _count(dialect: Dialect, column: str, data: Data) -> str:
    return "count(*)"


def _number(dialect: Dialect, column: str, data: Data) -> str:
    return f"({column})::int" if data is B else column


def _sum(dialect: Dialect, column: str, data: Data) -> str:
    result = SQL_TYPES[F if data is F else I]
    return f"COALESCE(sum({_number(dialect, column, data)}), 0)::{result}"


def _mean(dialect: Dialect, column: str, data: Data) -> str:
    """Not avg: the databases round its result differently."""
    number = _number(dialect, column, data)
    return f"(sum({number})::{SQL_TYPES[F]} / NULLIF(count({number}), 0))"


def _min(dialect: Dialect, column: str, data: Data) -> str:
    return f"min({column})"


def _max(dialect: Dialect, column: str, data: Data) -> str:
    return f"max({column})"


def _any(dialect: Dialect, column: str, data: Data) -> str:
    """The least, so that every store gives the same; an empty text, which tells nothing, only where there is no other."""
    if data is B and dialect == "postgres":
        return f"bool_and({column})"
    if data is S:
        text = f'({column}) COLLATE "C"' if dialect == "postgres" else column
        return f"COALESCE(min(NULLIF({text}, '')), min({text}))"
    return f"min({column})"


def _distinct(dialect: Dialect, column: str, data: Data) -> str:
    return f"count(DISTINCT {column})"


def quantile(dialect: Dialect, column: str, data: Data, at: str) -> str:
    """SQL of one exact quantile, or of more where `at` is an array: between two values by their distance.

    Of integers it is rounded to six places, for the databases differ in the last bit.
    """
    number = f"({column})::{SQL_TYPES[F]}"
    if dialect == "duckdb":
        return f"quantile_cont({number}, {at})"
    return f"percentile_cont({at}) WITHIN GROUP (ORDER BY {number})"


def _quantiles(dialect: Dialect, column: str, data: Data) -> str:
    """One pass for all of them, written as JSON; NULL of no values."""
    wanted = ", ".join(str(at) for _, at in QUANTILES)
    found = quantile(dialect, column, data, f"[{wanted}]" if dialect == "duckdb" else f"ARRAY[{wanted}]")
    parts = []
    for at, (name, _) in enumerate(QUANTILES, 1):
        value = f"({found})[{at}]"
        if data is not F:
            value = rounded(value)
        parts.append(f"""'{"{" if at == 1 else ","}"{name}":' || {float_text(value)}""")
    return f"({' || '.join(parts)} || '}}')"


def rounded(value: str) -> str:
    """SQL of a float rounded to six places, in which the databases agree."""
    return f"(round(({value} * 1000000)) / 1000000)"


def listed(dialect: Dialect, column: str, data: Data) -> str | None:
    """The different values as a list, for an aggregate computed over arrays."""
    return f"list(DISTINCT {column}) FILTER (WHERE {column} IS NOT NULL)" if dialect == "duckdb" else None


AGGREGATES = (
    AggregateFunction("count", "How many rows, whatever the column.", dict.fromkeys((B, I, F, S, T), I), _count),
    AggregateFunction("sum", "The sum; 0 of nothing.", {B: I, I: I, F: F}, _sum, _kept),
    AggregateFunction("mean", "The arithmetic mean.", {B: F, I: F, F: F}, _mean, _kept),
    AggregateFunction("min", "The least value.", _ORDERED, _min, _same),
    AggregateFunction("max", "The greatest value.", _ORDERED, _max, _same),
    AggregateFunction(
        "any",
        "One of the values: the least; an empty text only where there is no other.",
        {one: one for one in (B, I, F, S, T)},
        _any,
        _same,
    ),
    AggregateFunction(
        "quantiles",
        "Exact quantiles as JSON: p01, p10, p25, p50, p75, p90, p99.",
        {I: S, F: S},
        _quantiles,
        _spread,
    ),
    AggregateFunction(
        "approx_count_distinct", "How many different values.", dict.fromkeys((B, I, F, S, T), I), _distinct
    ),
)
