"""What a store holds, as scripts see it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pxcap.core.columns import Table
from pxcap.scripts.engine.generate import quoted
from pxcap.scripts.language.catalog import Agent, TableInfo, field_of
from pxcap.scripts.types import Schema
from pxcap.store import Store
from pxcap.store.described import ALIAS

_NOT_RECORDS = ("processes",)  # their time is when a process started, not when something was seen


@dataclass
class StoreCatalog:
    """The tables of a store, and those that plugins would fill, which are read as empty.

    Attributes:
        store: Where records are.
        declared: Tables of the installed plugins.
    """

    store: Store
    declared: Sequence[Table] = field(default=())

    def schema(self, table: str) -> Schema | None:
        """The columns of a table or of what an alias stands for, those that it does not have yet, too; None when there is none."""
        name = self._aliases.get(table, table)
        columns = {column: (kind, unit) for column, kind, unit, _ in self._stored.get(name, ())}
        if (known := self._declared.get(name)) is not None:
            columns = {one.name: (one.type.value, one.unit) for one in known.columns} | columns
        return tuple(field_of(name, column, *told) for column, told in columns.items()) or None

    def columns(self, table: str) -> Collection[str]:
        """The names of the columns that the store has of a table; none where it has no such table."""
        return [column for column, *_ in self._stored.get(self._aliases.get(table, table), ())]

    def tables(self) -> Sequence[TableInfo]:
        """The tables that are stored, by name."""
        return [
            TableInfo(
                name, self._meanings.get(name, ""), tuple((column, kind, text) for column, kind, _, text in columns)
            )
            for name, columns in sorted(self._stored.items())
        ]

    def newest(self) -> int:
        """The time of the newest record, ns since the epoch; 0 when there is none."""
        return max((last for _, last in self._times.values()), default=0)

    def last(self, table: str) -> int | None:
        """The time of the newest record of a table or of what an alias stands for; None when it has none."""
        times = self._times.get(self._aliases.get(table, table))
        return None if times is None else times[1]

    def agents(self) -> Sequence[Agent]:
        """The machines whose processes were captured; without any, the store stands for one."""
        first = min((first for first, _ in self._times.values()), default=0)
        nodes = [""]
        if "processes" in self._stored:
            with self.store.query("SELECT DISTINCT node FROM processes ORDER BY node") as result:
                nodes = [str(node) for (node,) in result.rows] or nodes
        return [Agent(node or "capture", "", "AGENT_STATE_HEALTHY", first, 0) for node in nodes]

    def is_stored(self, table: str) -> bool:
        """Whether the store has that table, or an alias of that name."""
        return table in self._stored or table in self._aliases

    @cached_property
    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        return self.store.described()

    @cached_property
    def _stored(self) -> Mapping[str, list[tuple[str, str, str, str]]]:
        found: dict[str, list[tuple[str, str, str, str]]] = {}
        for table, column, kind, unit, meaning in self._rows:
            if column:
                found.setdefault(table, []).append((column, kind, unit, meaning))
        return found

    @cached_property
    def _meanings(self) -> Mapping[str, str]:
        return {table: meaning for table, column, _, _, meaning in self._rows if not column}

    @cached_property
    def _aliases(self) -> Mapping[str, str]:
        return {table: target for table, column, kind, _, target in self._rows if not column and kind == ALIAS}

    @cached_property
    def _declared(self) -> Mapping[str, Table]:
        return {name: table for table in self.declared for name in (table.name, *table.aliases)}

    @cached_property
    def _times(self) -> Mapping[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for table, columns in self._stored.items():
            if table not in _NOT_RECORDS and any(column == "time_" for column, *_ in columns):
                with self.store.query(f"SELECT min(time_), max(time_) FROM {quoted(table)}") as result:
                    first, last = next(iter(result.rows))
                if last is not None:
                    found[table] = (int(first), int(last))
        return found
