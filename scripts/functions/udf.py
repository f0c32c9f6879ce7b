"""Functions that DuckDB's SQL cannot say, as functions over Arrow arrays registered with a connection."""

from collections.abc import Sequence
from functools import cache, partial
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

from pxcap.scripts.functions.base import SQL_TYPES, Arrow
from pxcap.scripts.functions.registry import aggregates, functions, sql, udf_name
from pxcap.scripts.names import Names
from pxcap.scripts.plan import Call, Literal
from pxcap.scripts.types import Data

if TYPE_CHECKING:
    import duckdb


def register(connection: "duckdb.DuckDBPyConnection", names: "Names") -> None:
    """Make them known to a connection; what `sql` gives for "duckdb" calls them by `udf_name`."""
    done: set[str] = set()
    for function in functions().values():
        if function.arrow is not None and udf_name(function, 0) not in done:
            for at, overload in enumerate(function.overloads):
                done.add(udf_name(function, at))
                call = partial(function.arrow, names) if function.named else function.arrow
                arguments = [SQL_TYPES[one] for one in overload.arguments]
                _create(connection, udf_name(function, at), call, arguments, overload.result)
    for aggregate in aggregates().values():
        if aggregate.arrow is not None:
            data, result = next(iter(aggregate.results.items()))
            _create(connection, udf_name(aggregate, 0), aggregate.arrow, [f"{SQL_TYPES[data]}[]"], result)


def _create(
    connection: "duckdb.DuckDBPyConnection", name: str, call: Arrow, arguments: Sequence[str], result: Data
) -> None:
    def bare(*columns: Any) -> Any:
        return call(*columns)

    # DuckDB looks at the signature, and would evaluate the annotations.
    places = [Parameter(f"a{at}", Parameter.POSITIONAL_ONLY) for at in range(len(arguments))]
    bare.__signature__ = Signature(places)  # type: ignore[attr-defined]
    options: Any = {"type": "arrow", "null_handling": "special"}
    connection.create_function(name, bare, list(arguments), SQL_TYPES[result], **options)


def fold(call: Call) -> Literal | None:
    """The value of a call whose arguments are constants; None where there is none, or the run decides it."""
    args = []
    for one in call.args:
        known = fold(one) if isinstance(one, Call) else one
        if not isinstance(known, Literal):
            return None
        args.append(known)
    if functions()[call.function].named:
        return None
    whole = Call(call.function, tuple(args), call.type)
    marks = [f"CAST($v{at}_ AS {SQL_TYPES[one.type.data]})" for at, one in enumerate(args)]
    text = sql(whole, "duckdb", marks, Names())
    values = {f"v{at}_": one.value for at, one in enumerate(args) if f"$v{at}_" in (text or "")}
    try:
        with _folding().cursor() as cursor:
            row = cursor.execute(f"SELECT {text}", values).fetchone()
    except _duckdb_error():
        return None  # an overflow or the like: whoever runs the script is told then
    return None if row is None or row[0] is None else Literal(row[0], call.type)


@cache
def _folding() -> "duckdb.DuckDBPyConnection":
    import duckdb

    connection = duckdb.connect(":memory:")
    register(connection, Names())
    return connection


def _duckdb_error() -> type[Exception]:
    import duckdb

    return duckdb.Error
