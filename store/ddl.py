"""Tables made from declared columns, and what the store keeps about them.

`pxcap_schema` holds every column's type, unit and meaning, so that a store explains itself where the plugin that wrote
it is not installed. A row with an empty `column_name` stands for the table: `type` is TABLE and `meaning` its sentence, or
`type` is ALIAS and `meaning` the table that a view shows. `pxcap_writers` is the writers' (see `writer.py`).
"""

import logging
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from pxcap.core.columns import Column, Table
from pxcap.core.errors import StoreError
from pxcap.store.described import ALIAS, DESCRIBED, TABLE
from pxcap.store.dialect import Dialect

# It logs an interruption while a connection is closed, and raises it as well: to be told once, and not as a traceback.
logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())

META = sa.MetaData()
SCHEMA = sa.Table(
    DESCRIBED,
    META,
    sa.Column("table_name", sa.Text, primary_key=True),
    sa.Column("column_name", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("meaning", sa.Text, nullable=False),
)
WRITERS = sa.Table(
    "pxcap_writers",
    META,
    sa.Column("writer", sa.Text, primary_key=True),
    sa.Column("batch", sa.BigInteger, nullable=False),
)
_FORGET = SCHEMA.delete().where(SCHEMA.c.table_name == sa.bindparam("of"), SCHEMA.c.column_name == sa.bindparam("at"))


def prepare_tables(connection: sa.Connection, dialect: Dialect, tables: Iterable[Table]) -> None:
    """Create what is missing, inside the open transaction.

    Raises:
        StoreError: A table or column of that name means something else already.
    """
    dialect.lock_schema(connection)
    META.create_all(connection)
    inspector = sa.inspect(connection)
    present = set(inspector.get_table_names()) | set(inspector.get_view_names())
    for table in tables:
        _prepare(connection, dialect, table, present)


def _prepare(connection: sa.Connection, dialect: Dialect, table: Table, present: set[str]) -> None:
    stored = {
        row.column_name: row for row in connection.execute(sa.select(SCHEMA).where(SCHEMA.c.table_name == table.name))
    }
    made = _sqlalchemy_table(table, dialect)
    added: Sequence[Column] = ()
    if table.name not in present:
        made.create(connection)
        present.add(table.name)
    else:
        _check(dialect, table, {name: row.type for name, row in stored.items()})
        added = [column for column in table.columns if column.name not in stored]
        for column in added:
            spelled = CreateColumn(made.c[column.name]).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {_quoted(connection, table.name)} ADD COLUMN {spelled}")
    _describe(connection, table, {name: tuple(row) for name, row in stored.items()})
    for alias in table.aliases:
        _alias(connection, dialect, table.name, alias, present, grown=bool(added))


def _sqlalchemy_table(table: Table, dialect: Dialect) -> sa.Table:
    types = dialect.types()
    columns = [sa.Column(column.name, types[column.type]) for column in table.columns]
    return sa.Table(table.name, sa.MetaData(), *columns)


def _check(dialect: Dialect, table: Table, stored: dict[str, str]) -> None:
    if stored.get("") != TABLE:
        raise StoreError(
            f"store {dialect.shown}: there is already a {table.name} that pxcap did not make",
            "name another store with --store",
        )
    for column in table.columns:
        kind = stored.get(column.name, column.type.value)
        if kind != column.type.value:
            raise StoreError(
                f"store {dialect.shown}: column {table.name}.{column.name} is stored as {kind},"
                f" the plugin now declares {column.type.value}",
                "name another store with --store, or use the plugin version that made this one",
            )


def _describe(connection: sa.Connection, table: Table, stored: dict[str, tuple[object, ...]]) -> None:
    wanted = {"": (table.name, "", 0, TABLE, "", table.meaning)} | {
        column.name: (table.name, column.name, at, column.type.value, column.unit, column.meaning)
        for at, column in enumerate(table.columns, 1)
    }
    if not stored.keys() <= wanted.keys():  # a newer plugin wrote here: it knows better
        wanted = {name: row for name, row in wanted.items() if name not in stored}
    changed = [dict(zip(SCHEMA.c.keys(), row, strict=True)) for name, row in wanted.items() if stored.get(name) != row]
    if not changed:
        return
    if stored:
        connection.execute(_FORGET, [{"of": row["table_name"], "at": row["column_name"]} for row in changed])
    connection.execute(SCHEMA.insert(), changed)


def _alias(
    connection: sa.Connection, dialect: Dialect, table: str, alias: str, present: set[str], *, grown: bool
) -> None:
    known = connection.execute(
        sa.select(SCHEMA.c.meaning).where(
            SCHEMA.c.table_name == alias, SCHEMA.c.column_name == "", SCHEMA.c.type == ALIAS
        )
    ).scalar()
    if alias in present and known != table:
        raise StoreError(
            f"store {dialect.shown}: there is already a {alias} that is no other name of {table}",
            "name another store with --store",
        )
    if alias in present and not grown:
        return
    connection.exec_driver_sql(
        f"{dialect.create_view} {_quoted(connection, alias)} AS SELECT * FROM {_quoted(connection, table)}"
    )
    present.add(alias)
    if known is None:
        connection.execute(SCHEMA.insert().values((alias, "", 0, ALIAS, "", table)))


def _quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
