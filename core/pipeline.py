"""What all connections of one run share: the protocols, the choices, where rows go, and the counts shown at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pxcap.core.columns import CONN_STATS
from pxcap.core.inference import Recogniser
from pxcap.core.protocol import ProtocolSpec, Row, Settings
from pxcap.core.registry import Registry
from pxcap.core.sink import Sink

if TYPE_CHECKING:
    from pxcap.core.connection import Connection, Endpoint

BATCH = 512  # rows of one table handed to the sink at once: bounds memory when every row holds a 64 KiB body
MAX_ERROR_NAMES = 1000  # names of malformed input are a plugin's words: keep a runaway one from filling memory
SERVER = 2  # trace_role: from packets a record is seen from the server
_INET, _INET6 = 2, 10  # address families as Linux numbers them


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked of a run.

    Attributes:
        settings: Given to every parser.
        only: Protocols to record; empty for all. The others are recognised and left alone.
        decode_as: Server port to protocol name, overriding recognition.
    """

    settings: Settings = field(default_factory=Settings)
    only: frozenset[str] = frozenset()
    decode_as: Mapping[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class TableCount:
    """What came of one table: records, places that could not be parsed, payload bytes the capture did not hold."""

    records: int = 0
    errors: int = 0
    bytes_lost: int = 0


@dataclass(slots=True)
class _Totals:
    """Sums over the connections of one remote address, local endpoint and protocol, in the order of conn_stats."""

    opened: int = 0
    closed: int = 0
    active: int = 0
    sent: int = 0
    received: int = 0
    retransmits: int = 0
    lost: int = 0
    errors: int = 0
    records: int = 0


class Pipeline:
    """The shared part of a run.

    Raises:
        UsageError: `options` names a protocol that is not installed.
    """

    def __init__(self, registry: Registry, sink: Sink, options: Options) -> None:
        self.settings = options.settings
        self.recogniser = Recogniser(registry.protocols, self.plugin_failed)
        self.tables: dict[str, TableCount] = {table.name: TableCount() for table in registry.tables()}
        self.errors: dict[str, int] = {}
        self.plugin_failures: dict[str, int] = {}
        self.connections = 0
        self.unrecognised = 0
        self._only = frozenset(registry.protocol(name).name for name in options.only)
        self._forced = {port: registry.protocol(name) for port, name in options.decode_as.items()}
        self._sink = sink
        self._rows: dict[str, list[Row]] = {}
        self._totals: dict[tuple[str, str, int, str], _Totals] = {}

    def forced(self, ends: "tuple[Endpoint, Endpoint]") -> tuple[ProtocolSpec, int] | None:
        """The protocol the person fixed for one of these ports, and the index of that end."""
        if self._forced:
            for server in (1, 0):
                if (spec := self._forced.get(ends[server][1])) is not None:
                    return spec, server
        return None

    def wanted(self, spec: ProtocolSpec) -> bool:
        """Whether records of the protocol were asked for."""
        return not self._only or spec.name in self._only

    def likely_server(self, ends: "tuple[Endpoint, Endpoint]") -> int:
        """Index of the end that is the server, by ports alone."""
        return self.recogniser.likely_server(ends)

    def emit(self, table: str, rows: list[Row]) -> None:
        """Collect rows and hand full batches to the sink."""
        waiting = self._rows.get(table)
        if waiting is None:
            waiting = self._rows[table] = []
        waiting += rows
        if len(waiting) >= BATCH:
            self._hand_over(table)

    def flush(self) -> None:
        """Hand everything collected to the sink."""
        for table in list(self._rows):
            self._hand_over(table)

    def records(self) -> int:
        """Records made so far, those not yet handed over included."""
        return sum(count.records for count in self.tables.values()) + sum(map(len, self._rows.values()))

    def plugin_failed(self, spec: ProtocolSpec, err: Exception) -> None:
        """Count a plugin that raised, by protocol and kind of error."""
        name = f"{spec.name}: {type(err).__name__}: {err}"[:200]
        if name in self.plugin_failures or len(self.plugin_failures) < MAX_ERROR_NAMES:
            self.plugin_failures[name] = self.plugin_failures.get(name, 0) + 1

    def parser_over(self, connection: "Connection", spec: ProtocolSpec, errors: dict[str, int]) -> None:
        """Take the counts of a parser that will not be called again."""
        for name, count in errors.items():
            key = f"{spec.name}: {name}"
            if key in self.errors or len(self.errors) < MAX_ERROR_NAMES:
                self.errors[key] = self.errors.get(key, 0) + count
        total = sum(errors.values())
        if total:
            self.tables[spec.table].errors += total
            self._of(connection, spec).errors += total

    def connection_over(self, connection: "Connection", spec: ProtocolSpec | None, closed: bool) -> None:
        """Take the counts of a connection; `closed` when its end was seen."""
        self.connections += 1
        lost = sum(connection.lost)
        totals = self._of(connection, spec)
        totals.opened += connection.opened
        totals.closed += closed
        totals.active += not closed
        totals.sent += connection.sent[1 - connection.flip]
        totals.received += connection.sent[connection.flip]
        totals.retransmits += connection.retransmits
        totals.lost += lost
        totals.records += connection.records
        if spec is not None:
            self.tables[spec.table].bytes_lost += lost
        else:
            self.unrecognised += 1

    def write_totals(self, time: int) -> None:
        """Write a conn_stats row for every group of connections, as of `time` (ns since the epoch)."""
        rows: list[Row] = []
        for (remote, local, port, protocol), sums in self._totals.items():
            family = _INET6 if ":" in local else _INET
            rows.append(
                (
                    *(time, "", remote, 0, local, port, SERVER, family, protocol, False),
                    *(sums.opened, sums.closed, sums.active, sums.sent, sums.received),
                    *(sums.retransmits, sums.lost, sums.errors, sums.records),
                )
            )
        self._totals.clear()
        if rows:
            self.emit(CONN_STATS.name, rows)

    def _of(self, connection: "Connection", spec: ProtocolSpec | None) -> _Totals:
        remote, local = connection.ends[connection.flip], connection.ends[1 - connection.flip]
        key = (remote[0], *local, spec.name if spec else "")
        totals = self._totals.get(key)
        if totals is None:
            totals = self._totals[key] = _Totals()
        return totals

    def _hand_over(self, table: str) -> None:
        rows = self._rows.pop(table, None)
        if rows:
            self._sink.write(table, rows)
            self.tables[table].records += len(rows)
