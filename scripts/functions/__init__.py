"""The functions of scripts: which there are, what they give, and how they are computed. See `base` for what one is.

For the language:
    exists(name), aggregate_exists(name)
    resolve(name, types) -> Type            result of px.name(...); operators too: add, subtract, multiply, divide, modulo,
                                            negate, invert, equal, notEqual, lessThan, lessThanEqual, greaterThan,
                                            greaterThanEqual, logicalAnd, logicalOr, logicalNot. UsageError when it cannot be.
    resolve_aggregate(name, type) -> Type   of `out=('column', px.name)`
    functions(), aggregates()               all of them, by name, for GetUDFList and GetUDAList and for help
    faults()                                what is wrong with functions of plugins, to be shown
    call(name, args) -> Call                the same with the arguments: make calls by this, it joins some that belong together
    fold(call) -> Literal | None            of constants; None where it cannot be said before the script runs
    pxcap.scripts.names: context(key, schema) -> Expression for `df.ctx[key]`; process(schema) -> Expression | None, what
    `upid` of a table is to be (rows read from packets have none: their own address stands for it).

For the engine (a Call's arguments written already; every SQL value has the type of SQL_TYPES for its data type):
    sql(call, dialect, args, names) -> str | None          None only for "postgres": computed here then
    aggregate_sql(aggregation, type, dialect, column) -> str | None      `type` is that of the column
    register(connection, names)             makes the Arrow functions that DuckDB's SQL calls known to a connection

`names` is a `pxcap.scripts.names.Names`, made once for a run from the store: it holds the small mapping tables.
"""

from pxcap.scripts.functions.base import SQL_TYPES, AggregateFunction, Dialect, Function, Overload
from pxcap.scripts.functions.registry import (
    aggregate_exists,
    aggregate_sql,
    aggregates,
    call,
    exists,
    faults,
    functions,
    resolve,
    resolve_aggregate,
    sql,
)
from pxcap.scripts.functions.udf import fold, register

__all__ = [
    "SQL_TYPES",
    "AggregateFunction",
    "Dialect",
    "Function",
    "Overload",
    "aggregate_exists",
    "aggregate_sql",
    "aggregates",
    "call",
    "exists",
    "faults",
    "fold",
    "functions",
    "register",
    "resolve",
    "resolve_aggregate",
    "sql",
]
