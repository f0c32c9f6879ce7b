"""What a script can read: the tables of a store, and what Pixie has that pxcap does not fill."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pxcap.scripts.types import Data, Field, Schema, Semantic, Type

NOT_FILLED = {
    "amqp_events": "AMQP messages",
    "jvm_stats": "memory of Java processes",
    "mongodb_events": "MongoDB requests",
    "mux_events": "Mux requests",
    "network_stats": "counters of network devices",
    "probe_status": "the state of tracepoints",
    "proc_exit_events": "processes that ended",
    "process_stats": "CPU, memory and I/O of processes",
    "stack_traces.beta": "sampled stacks",
    "stirling_error": "errors of tracers",
    "tls_events": "TLS handshakes",
}
"""Tables that Pixie's scripts read, and of what they are. One that a catalog has a schema for is read as any other."""

SEEN = ("time_", "upid")
"""Columns that are known of every process that was captured."""

_COUNTS = ("major_faults", "minor_faults", "num_threads")
_NANOSECONDS = ("cpu_utime_ns", "cpu_ktime_ns")
_BYTES = ("vsize_bytes", "rss_bytes", "rchar_bytes", "wchar_bytes", "read_bytes", "write_bytes")
PRESENCE: dict[str, Schema] = {
    "process_stats": (
        Field("time_", Type(Data.TIME64NS, Semantic.TIME_NS)),
        Field("upid", Type(Data.STRING, Semantic.UPID)),
        *(Field(name, Type(Data.INT64)) for name in _COUNTS),
        *(Field(name, Type(Data.INT64, Semantic.DURATION_NS)) for name in _NANOSECONDS),
        *(Field(name, Type(Data.INT64, Semantic.BYTES)) for name in _BYTES),
    ),
}
"""Those of NOT_FILLED with a row for each process at each time: whoever asks for SEEN only is told what was captured."""


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A table for `px.GetTables` and `px.GetSchemas`; columns are name, type and meaning."""

    name: str
    meaning: str
    columns: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Agent:
    """A machine whose records the store has, for `px.GetAgentStatus`; times are ns."""

    name: str
    address: str
    state: str
    first_time: int
    since_last: int
    headers_installed: bool = False


class Catalog(Protocol):
    """What is asked of a store while a script is read."""

    def schema(self, table: str) -> Schema | None:
        """The columns of a table, aliases allowed; also of one that has no rows yet. None when there is none."""

    def tables(self) -> Sequence[TableInfo]:
        """All tables, by name."""

    def newest(self) -> int:
        """The time of the newest record, ns since the epoch: `px.now()`, and what `-5m` counts from."""

    def agents(self) -> Sequence[Agent]:
        """The machines the records are of."""


_BY_NAME: dict[str, Semantic] = {
    "upid": Semantic.UPID,
    "remote_addr": Semantic.IP_ADDRESS,
    "local_addr": Semantic.IP_ADDRESS,
    "remote_port": Semantic.PORT,
    "local_port": Semantic.PORT,
    "req_method": Semantic.HTTP_METHOD,
}
_BY_UNIT: dict[str, Semantic] = {"bytes": Semantic.BYTES, "ns": Semantic.DURATION_NS}
_DATA: dict[str, Data] = {"TEXT": Data.STRING, "JSON": Data.STRING, "BOOL": Data.BOOLEAN}


def field_of(table: str, name: str, type_: str, unit: str) -> Field:
    """A stored column as scripts see it; `type_` is a name of `pxcap.core.columns.ColumnType`."""
    if unit == "ns since epoch":
        return Field(name, Type(Data.TIME64NS, Semantic.TIME_NS))
    if (table, name) == ("http_events", "resp_status"):
        return Field(name, Type(Data.INT64, Semantic.HTTP_STATUS))
    semantic = _BY_NAME.get(name) or _BY_UNIT.get(unit, Semantic.JSON if type_ == "JSON" else Semantic.NONE)
    return Field(name, Type(_DATA.get(type_, Data.INT64), semantic))
