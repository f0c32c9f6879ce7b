"""Tables that a script can ask for and no store has: which tables, functions and machines there are."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pxcap.scripts.functions import aggregates, functions
from pxcap.scripts.language.catalog import Catalog
from pxcap.scripts.types import BOOLEAN, INT64, STRING, TIME, Data, Field, Schema, Semantic, Type

Tuples = tuple[tuple[Any, ...], ...]
_FUNCTION = (Field("name", STRING), Field("return_type", STRING), Field("args", STRING), Field("description", STRING))
SCHEMAS: Mapping[str, Schema] = {
    "GetTables": (Field("table_name", STRING), Field("table_desc", STRING)),
    "GetSchemas": (
        Field("table_name", STRING),
        Field("column_name", STRING),
        Field("column_type", STRING),
        Field("column_desc", STRING),
    ),
    "GetUDFList": _FUNCTION,
    "GetUDAList": _FUNCTION,
    "GetUDTFList": (
        Field("name", STRING),
        Field("executor", STRING),
        Field("init_args", STRING),
        Field("output_relation", STRING),
    ),
    "GetAgentStatus": (
        Field("agent_id", STRING),
        Field("asid", INT64),
        Field("hostname", STRING),
        Field("ip_address", STRING),
        Field("agent_state", STRING),
        Field("create_time", TIME),
        Field("last_heartbeat_ns", Type(Data.INT64, Semantic.DURATION_NS)),
        Field("kernel_headers_installed", BOOLEAN),
    ),
}
ARGUMENTS: Mapping[str, tuple[str, ...]] = {"GetAgentStatus": ("include_kelvin",)}  # which pxcap has none of
NOT_OFFERED = {
    "amqp_frame_type_name": "AMQP messages",
    "amqp_method_name": "AMQP messages",
    "mux_frame_type_name": "Mux requests",
    "GetTracepointStatus": "tracepoints",
    "GetProfilerSamplingPeriodMS": "profiler",
    "GetDebugMDState": "metadata of Pixie's agents",
    "GetDebugMDWithPrefix": "metadata of Pixie's agents",
    "GetDebugTableInfo": "tables of Pixie's agents",
    "GetDebugTablesInfo": "tables of Pixie's agents",
    "GetViziers": "Pixie's clusters",
    "GetCronScriptHistory": "scripts that run by the clock",
    "GetTraceUPIDs": "tracepoints",
    "_HeapGrowthStacks": "heap profiles of Pixie's agents",
    "_HeapGrowthStats": "heap profiles of Pixie's agents",
    "_HeapRangeInfo": "heap profiles of Pixie's agents",
    "_HeapStats": "heap profiles of Pixie's agents",
}


def rows_of(name: str, catalog: Catalog) -> Tuples:
    """The rows of one of `SCHEMAS`."""
    return _MAKERS[name](catalog)


def _tables(catalog: Catalog) -> Tuples:
    return tuple((one.name, one.meaning) for one in catalog.tables())


def _schemas(catalog: Catalog) -> Tuples:
    return tuple((one.name, *column) for one in catalog.tables() for column in one.columns)


def _functions(_: Catalog) -> Tuples:
    return tuple(
        (name, str(overload.result), _args(list(overload.arguments)), one.doc)
        for name, one in sorted(functions().items())
        if not name.startswith("_")
        for overload in one.overloads
    )


def _aggregates(_: Catalog) -> Tuples:
    return tuple(
        (name, str(result), _args([column]), one.doc)
        for name, one in sorted(aggregates().items())
        for column, result in one.results.items()
    )


def _args(types: list[Data]) -> str:
    return json.dumps({"args": types})


def _table_functions(_: Catalog) -> Tuples:
    return tuple(
        (
            name,
            "pxcap",
            json.dumps({"args": [{"name": one} for one in ARGUMENTS.get(name, ())]}),
            json.dumps({"relation": [{"name": one.name, "type": one.type.data} for one in schema]}),
        )
        for name, schema in sorted(SCHEMAS.items())
    )


def _agents(catalog: Catalog) -> Tuples:
    return tuple(
        (one.name, at, one.name, one.address, one.state, one.first_time, one.since_last, one.headers_installed)
        for at, one in enumerate(catalog.agents(), 1)
    )


_MAKERS: Mapping[str, Callable[[Catalog], Tuples]] = {
    "GetTables": _tables,
    "GetSchemas": _schemas,
    "GetUDFList": _functions,
    "GetUDAList": _aggregates,
    "GetUDTFList": _table_functions,
    "GetAgentStatus": _agents,
}
