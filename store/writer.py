"""Rows in, batches out: buffered, one transaction a batch, retried, and never written twice.

The outcome of a commit is unknown when the connection breaks before the answer comes. So every writer has a row in
`pxcap_writers` with the number of its last batch, and the first statement of a batch moves it from n-1 to n. When it
finds no n-1, the batch is already there. Should the broken transaction still be alive on the server, that statement
waits for it, as both want the same row.
"""

import contextlib
import uuid
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from pxcap.core.columns import ColumnType, Table
from pxcap.core.errors import StoreAway, StoreError
from pxcap.core.protocol import Row
from pxcap.store.ddl import WRITERS
from pxcap.store.dialect import Dialect, Fate, Fault
from pxcap.store.retry import Backoff
from pxcap.store.values import complaint

SAMPLE = 8  # the size of every eighth row is taken: looking at each would cost a tenth of storing it
MAX_REASONS = 32  # different reasons for rejected rows that are kept in words; all are counted


class _Emptied(LookupError):
    """The writer's own row is gone from the store."""

    def __init__(self) -> None:
        super().__init__("the store was emptied while it was written to")


class _Buffer:
    __slots__ = ("columns", "long", "name", "rows", "size", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.name = table.name
        self.columns = [column.name for column in table.columns]
        texts = (ColumnType.TEXT, ColumnType.JSON)
        self.long = [at for at, column in enumerate(table.columns) if column.type in texts]
        self.rows: list[Row] = []
        self.size = 0


class StoreWriter:
    """Writes rows of the prepared tables; made by `Store.writer`. Not for use by two threads at once.

    Holds at most `batch` rows a table and the rows of the last call, and about `max_bytes` of text in all (estimated
    from every eighth row). `write` and `flush` block while the store is slow or away: that is the back-pressure. With
    `keep` set it is a `pxcap.core.sink.KeepingSink`: once `retry_for` is over they raise StoreAway and give nothing up.

    Attributes:
        written: Rows stored, by table.
        rejected: Rows the database cannot hold, by table; the others of their batch were stored.
        reasons: Why, as sentences "table.column: reason", with counts.
        lost: Rows given up after `retry_for` seconds, by table; should the connection have broken in the very commit,
            they may be stored all the same.
    """

    def __init__(
        self,
        dialect: Dialect,
        tables: Sequence[Table],
        batch: int,
        max_bytes: int,
        retry_for: float,
        keep: bool = False,
    ) -> None:
        self.written = {table.name: 0 for table in tables}
        self.rejected = dict.fromkeys(self.written, 0)
        self.lost = dict.fromkeys(self.written, 0)
        self.reasons: dict[str, int] = {}
        self._dialect = dialect
        self._engine = dialect.engine
        self._buffers = {table.name: _Buffer(table) for table in tables}
        self._batch = batch
        self._max_bytes = max_bytes
        self._retry_for = retry_for
        self._keep = keep
        self._bytes = 0
        self._name = uuid.uuid4().hex
        self._number = 0  # of the last batch stored
        self._registered = False
        self._pending: tuple[_Buffer, list[Row]] | None = None  # the batch numbered _number + 1, once it was tried
        self._unfit: list[tuple[Row, Fault]] = []  # rows its last try left out; that try may be found committed
        self._connection: sa.Connection | None = None

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Accept rows in column order of a prepared table.

        Raises:
            StoreError: The table was not prepared; or the store stayed away for `retry_for` seconds: everything held
                is then given up and counted in `lost`, and the next call starts afresh.
            StoreAway: Instead, with `keep` set: everything held, these rows too, waits for the next call.
        """
        buffer = self._buffers.get(table)
        if buffer is None:
            raise StoreError(f"table {table} was not prepared", "the plugin that writes it must declare it")
        if not rows:
            return
        held = buffer.rows
        held.extend(rows)
        sample = rows[::SAMPLE]
        size = _text_size(sample, buffer.long) * len(rows) // len(sample)
        buffer.size += size
        self._bytes += size
        if len(held) >= self._batch:
            self._store(buffer)
        elif self._bytes >= self._max_bytes:
            self.flush()

    def flush(self) -> None:
        """Store everything held, and return when it is stored.

        Raises:
            StoreError: As for `write`.
        """
        if self._pending:
            self._store_pending()
        for buffer in self._buffers.values():
            if buffer.rows:
                self._store(buffer)

    def held(self) -> dict[str, int]:
        """Rows accepted and not yet stored, by table; empty when there are none."""
        counts = {name: len(buffer.rows) for name, buffer in self._buffers.items() if buffer.rows}
        if self._pending:
            buffer, rows = self._pending
            counts[buffer.name] = counts.get(buffer.name, 0) + len(rows)
        return counts

    def close(self) -> None:
        """Flush and leave the database; what cannot be stored now is given up, `keep` or not. May be called again.

        Raises:
            StoreError: As for `write`.
        """
        keep, self._keep = self._keep, False
        try:
            self.flush()
        finally:
            self._keep = keep
            self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _store(self, buffer: _Buffer) -> None:
        if self._pending:
            self._store_pending()
        # No call happens between these two stores, so that a signal's exception cannot come between them either.
        self._pending, buffer.rows = (buffer, buffer.rows), []
        self._bytes -= buffer.size
        buffer.size = 0
        self._store_pending()

    def _store_pending(self) -> None:
        backoff = Backoff(self._retry_for)
        careful = False
        while self._pending:
            try:
                self._try(*self._pending, careful)
            except Exception as error:
                fault = self._dialect.fault(error)
                if fault.fate is Fate.ROWS and not careful:
                    careful = True
                    continue
                self._disconnect()
                if fault.fate is not Fate.RETRY or not backoff.wait():
                    raise (self._put_off(fault, error) if self._keep else self._give_up(fault)) from error
            except BaseException:
                self._disconnect()
                raise

    def _try(self, buffer: _Buffer, rows: list[Row], careful: bool) -> None:
        """One transaction; without `careful` a row that does not fit fails it as a whole."""
        connection = self._connect()
        number = self._number + 1
        with connection.begin():
            moved = connection.execute(
                WRITERS.update()
                .where(WRITERS.c.writer == self._name, WRITERS.c.batch == self._number)
                .values(batch=number)
            )
            if moved.rowcount:
                self._unfit = []
                if careful:
                    self._insert_fitting(connection, buffer, rows)
                else:
                    self._dialect.insert(connection, buffer.name, buffer.columns, rows)
            elif self._last_batch(connection) != number:
                raise _Emptied
        self._pending, self._number = None, number
        self.written[buffer.name] += len(rows) - len(self._unfit)
        for row, fault in self._unfit:
            self._reject(buffer, row, fault)

    def _insert_fitting(self, connection: sa.Connection, buffer: _Buffer, rows: Sequence[Row]) -> None:
        """Halve until the rows that do not fit are alone."""
        try:
            with connection.begin_nested():
                self._dialect.insert(connection, buffer.name, buffer.columns, rows)
        except Exception as error:
            fault = self._dialect.fault(error)
            if fault.fate is not Fate.ROWS:
                raise
            if len(rows) == 1:
                self._unfit.append((rows[0], fault))
                return
            half = len(rows) // 2
            self._insert_fitting(connection, buffer, rows[:half])
            self._insert_fitting(connection, buffer, rows[half:])

    def _reject(self, buffer: _Buffer, row: Row, fault: Fault) -> None:
        self.rejected[buffer.name] += 1
        reason = f"{buffer.name}{complaint(buffer.table.columns, row) or ': ' + fault.reason}"
        if reason in self.reasons or len(self.reasons) < MAX_REASONS:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def _put_off(self, fault: Fault, error: Exception) -> StoreAway:
        if isinstance(error, _Emptied):
            self._rename()
        count = sum(self.held().values())
        return StoreAway(f"store {self._dialect.shown}: {fault.reason}; {count} records wait", fault.hint)

    def _give_up(self, fault: Fault) -> StoreError:
        held = self.held()
        count = sum(held.values())
        for name, rows in held.items():
            self.lost[name] += rows
        self._rename()  # the outcome of the pending batch may be unknown, and a later one must not be taken for it
        self._pending = None
        for buffer in self._buffers.values():
            buffer.rows, buffer.size = [], 0
        self._bytes = 0
        stored = sum(self.written.values())
        return StoreError(
            f"store {self._dialect.shown}: {fault.reason}; {count} records could not be written ({stored} were)",
            fault.hint,
        )

    def _rename(self) -> None:
        self._name, self._number, self._registered = uuid.uuid4().hex, 0, False

    def _connect(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        if not self._registered:
            with self._connection.begin():
                if self._last_batch(self._connection) is None:
                    self._connection.execute(WRITERS.insert().values(writer=self._name, batch=self._number))
            self._registered = True
        return self._connection

    def _last_batch(self, connection: sa.Connection) -> int | None:
        return connection.execute(sa.select(WRITERS.c.batch).where(WRITERS.c.writer == self._name)).scalar()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):  # it was broken, that is why it goes
                connection.invalidate()
                connection.close()

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with contextlib.suppress(Exception):  # a row too many in pxcap_writers does no harm
            if self._registered:
                with connection.begin():
                    connection.execute(WRITERS.delete().where(WRITERS.c.writer == self._name))
            connection.close()
        self._rename()


def _text_size(rows: Sequence[Row], columns: Sequence[int]) -> int:
    size = 0
    try:
        for at in columns:
            for row in rows:
                size += len(row[at] or "")
    except (TypeError, IndexError):  # the database will refuse such a row, by name
        return size
    return size
