"""What all connections of one run share: the protocols, the choices, where rows go, and the counts shown at the end."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pxcap.core.columns import CONN_STATS, CONNECTIONS, Table
from pxcap.core.inference import Recogniser
from pxcap.core.protocol import ProtocolSpec, Row, Settings
from pxcap.core.registry import Registry
from pxcap.core.sink import Sink
from pxcap.core.vantage import CLIENT, Endpoint, Place

if TYPE_CHECKING:
    from pxcap.core.connection import Connection

BATCH = 512  # rows of one table handed to the sink at once: bounds memory when every row holds a 64 KiB body
MAX_ERROR_NAMES = 1000  # names of malformed input are a plugin's words: keep a runaway one from filling memory
MAX_GROUPS = 65536  # of connections summed up together; the one idle for longest is written and begins anew
_INET, _INET6 = 2, 10  # address families as Linux numbers them
Group = tuple[str, str, int, str, int, int, bool, str]
"""upid, remote address and port, local address and port, trace_role, encrypted, protocol."""


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
class Totals:
    """Sums over the connections of one process, peer and protocol, as in conn_stats."""

    opened: int = 0
    closed: int = 0
    active: int = 0
    sent: int = 0
    received: int = 0
    retransmits: int = 0
    lost: int = 0
    errors: int = 0
    records: int = 0
    rtt: int = 0
    rtts: int = 0  # connections of which it is known

    def join(self, other: "Totals") -> None:
        """Take in the sums over other connections."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def add(self, connection: "Connection", opened: bool) -> None:
        """Take in what a connection came to so far."""
        ours = 0 if connection.seen is not None else 1 - connection.flip
        self.opened += connection.opened
        self.active += opened
        self.closed += not opened
        self.sent += connection.sent[ours]
        self.received += connection.sent[1 - ours]
        self.retransmits += connection.retransmits
        self.lost += sum(connection.lost)
        self.records += connection.records
        if connection.rtt is not None:
            self.rtt += connection.rtt
            self.rtts += 1


class Pipeline:
    """The shared part of a run.

    Args:
        registry: The protocols.
        sink: Takes the rows.
        options: What the person chose.
        more: Tables besides those of the registry; rows of `connections` are made when it is among them.

    Raises:
        UsageError: `options` names a protocol that is not installed.
    """

    def __init__(self, registry: Registry, sink: Sink, options: Options, more: Sequence[Table] = ()) -> None:
        self.settings = options.settings
        self.recogniser = Recogniser(registry.protocols, self.plugin_failed)
        self.tables: dict[str, TableCount] = {table.name: TableCount() for table in (*registry.tables(), *more)}
        self.errors: dict[str, int] = {}
        self.plugin_failures: dict[str, int] = {}
        self.connections = 0
        self.unrecognised = 0
        self._only = frozenset(registry.protocol(name).name for name in options.only)
        self._forced = {port: registry.protocol(name) for port, name in options.decode_as.items()}
        self._sink = sink
        self._rows: dict[str, list[Row]] = {}
        self._now = 0  # when the last connection was over or totals were written
        self._written: dict[Group, Row] = {}
        self._first: dict[Group, int] = {}  # when each of them was written first
        self._totals: OrderedDict[Group, Totals] = OrderedDict()

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
        total = sum(errors.values())
        for name, count in errors.items():
            key = f"{spec.name}: {name}"
            if key in self.errors or len(self.errors) < MAX_ERROR_NAMES:
                self.errors[key] = self.errors.get(key, 0) + count
        if total:
            self.tables[spec.table].errors += total
            self._of(connection).errors += total

    def connection_over(self, connection: "Connection", time: int, closed: bool) -> None:
        """Take the counts of a connection; `closed` says that its end was seen, at `time` (ns since the epoch)."""
        self._now = max(self._now, time)
        self.connections += 1
        lost = sum(connection.lost)
        totals = self._of(connection)
        totals.add(connection, False)
        if not closed:
            totals.closed -= 1
            totals.active += 1
        if connection.spec is not None:
            self.tables[connection.spec.table].bytes_lost += lost
        else:
            self.unrecognised += 1
        if CONNECTIONS.name in self.tables:
            self.emit(CONNECTIONS.name, [_row(connection, time if closed else None)])

    def write_totals(self, time: int, alive: Iterable["Connection"] | None = None) -> None:
        """Write a conn_stats row for every group of connections, as of `time` (ns since the epoch).

        With `alive`, the connections that go on, the sums go on as well, and only what changed since is written.
        """
        self.write_sums(time, self.sums(alive), alive is None)

    def sums(self, alive: Iterable["Connection"] | None = None) -> dict[Group, Totals]:
        """The sums of every group of connections; with `alive`, the connections that go on, else they begin anew."""
        totals = {group: replace(sums) for group, sums in self._totals.items()}
        if alive is None:
            self._totals.clear()
        for connection in alive or ():
            totals.setdefault(_group(connection), Totals()).add(connection, True)
        return totals

    def write_sums(self, time: int, totals: Mapping[Group, Totals], last: bool) -> None:
        """Write what changed of `totals` since the last time, as of `time`; `last` says that the next ones begin anew."""
        self._now = max(self._now, time)
        written = {group: _totals_row(group, sums) for group, sums in totals.items()}
        rows = [
            (time, *row, self._first.setdefault(group, time))
            for group, row in written.items()
            if self._written.get(group) != row
        ]
        # Connections whose protocol or client became known belong to another group now.
        left = [group for group in self._written if group not in written]
        rows += [(time, *_totals_row(group, Totals()), self._first.pop(group)) for group in left]
        self._written = {} if last else written
        if last:
            self._first.clear()
        if rows:
            self.emit(CONN_STATS.name, rows)

    def _of(self, connection: "Connection") -> Totals:
        group = _group(connection)
        totals = self._totals.get(group)
        if totals is None:
            totals = self._totals[group] = Totals()
            if len(self._totals) > MAX_GROUPS:
                idle, sums = self._totals.popitem(last=False)
                self._written.pop(idle, None)
                first = self._first.pop(idle, self._now)
                self.emit(CONN_STATS.name, [(self._now, *_totals_row(idle, sums), first)])
        else:
            self._totals.move_to_end(group)
        return totals

    def _hand_over(self, table: str) -> None:
        rows = self._rows.pop(table, None)
        if rows:
            self._sink.write(table, rows)
            self.tables[table].records += len(rows)


def _group(connection: "Connection") -> Group:
    """Whose totals a connection's counts are part of: the port that differs for every connection is left out."""
    at: Place = connection.place
    remote, local = at.remote, at.local
    ports = (remote[1], 0) if at.role == CLIENT else (0, local[1])
    name = connection.spec.name if connection.spec else ""
    return (at.upid, remote[0], ports[0], local[0], ports[1], at.role, at.encrypted, name)


def _totals_row(group: Group, sums: Totals) -> Row:
    """A group's row of conn_stats, without the times in front and at the end."""
    upid, remote, remote_port, local, local_port, role, encrypted, protocol = group
    return (
        *(upid, remote, remote_port, local, local_port, role, _INET6 if ":" in local else _INET, protocol),
        *(encrypted, sums.opened, sums.closed, sums.active, sums.sent, sums.received),
        *(sums.retransmits, sums.lost, sums.errors, sums.records, sums.rtt // sums.rtts if sums.rtts else None),
    )


def _row(connection: "Connection", closed: int | None) -> Row:
    """A connection's row of the table `connections`."""
    ours = 0 if connection.seen is not None else 1 - connection.flip
    return (
        *(connection.began, *connection.place.columns[:-1], connection.transport),
        *(connection.spec.name if connection.spec else "", int(connection.place.encrypted), int(connection.opened)),
        *(closed, connection.sent[ours], connection.sent[1 - ours], sum(connection.lost), connection.records),
        *(connection.retransmits, connection.rtt, connection.seen.netns if connection.seen else 0),
    )
