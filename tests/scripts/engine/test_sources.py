import pytest

from pxcap.core.errors import UsageError
from pxcap.scripts.engine.sources import BATCH, columns_of_rows, postgres_scan, sqlite_scan
from pxcap.scripts.plan import Scan
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, TIME, Field

SCHEMA = (Field("time_", TIME), Field('a"b', STRING))


def test_how_tables_are_read() -> None:
    assert sqlite_scan(Scan("t", SCHEMA), SCHEMA) == 'SELECT "time_", "a""b" FROM "t"'
    scan = Scan("x.beta", SCHEMA, 5, 9)
    schema = (SCHEMA[0], Field('length("c")', INT64))
    assert sqlite_scan(scan, schema, {'length("c")'}, ['"c" = 1']) == (
        'SELECT "time_", length("c") FROM "x.beta" WHERE "time_" >= 5 AND "time_" < 9 AND "c" = 1'
    )
    assert postgres_scan(scan) == (
        'SELECT CAST("time_" AS BIGINT) AS "time_", CAST("a""b" AS TEXT) AS "a""b" FROM "x.beta"'
        ' WHERE "time_" >= 5 AND "time_" < 9'
    )


def test_rows_become_columns() -> None:
    schema = (Field("t", TIME), Field("ok", BOOLEAN), Field("x", FLOAT64), Field("s", STRING))
    rows = [(n, n % 2, n / 2, None if n % 3 else str(n)) for n in range(BATCH + 5)]
    table = columns_of_rows(rows, schema, len(rows), "t")
    assert table.num_rows == len(rows)
    assert table.column_names == ["t", "ok", "x", "s"]
    assert table.slice(BATCH - 1, 2).to_pylist() == [
        {"t": n, "ok": bool(n % 2), "x": n / 2, "s": None if n % 3 else str(n)} for n in (BATCH - 1, BATCH)
    ]
    assert columns_of_rows([], schema, 0, "t").schema.names == ["t", "ok", "x", "s"]


def test_values_of_another_type_than_their_column() -> None:
    schema = (Field("i", INT64), Field("f", FLOAT64), Field("s", STRING))
    rows = [("7", "1.5", 3), ("x", "y", b"\xff"), (2**70, 2, None), (None, None, "z")]
    found = columns_of_rows(rows, schema, 9, "t").to_pylist()
    assert found == [
        {"i": 7, "f": 1.5, "s": "3"},
        {"i": None, "f": None, "s": "�"},
        {"i": None, "f": 2.0, "s": None},
        {"i": None, "f": None, "s": "z"},
    ]


def test_too_many_rows_are_not_read() -> None:
    with pytest.raises(UsageError, match=r"the script reads more than 9 rows of http_events"):
        columns_of_rows(((n,) for n in range(10)), (Field("t", TIME),), 9, "http_events")
