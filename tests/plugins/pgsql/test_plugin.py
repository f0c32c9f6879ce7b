import json

from tests.plugins.pgsql.exchange import play
from tests.plugins.pgsql.messages import BOUND, PARSED, SYNC, bind, done, error, execute, parse, query, ready, row

from pxcap.core.columns import ColumnType
from pxcap.plugins.pgsql.peer import COMPARISON
from pxcap.plugins.pgsql.plugin import PGSQL, register_comparisons, register_protocols


def test_what_is_registered() -> None:
    assert register_protocols() == (PGSQL,)
    assert register_comparisons() == (COMPARISON,)
    assert (PGSQL.name, PGSQL.api, PGSQL.table, PGSQL.ports) == ("pgsql", 1, "pgsql_events", {5432})
    assert [(column.name, column.type.value) for column in PGSQL.columns] == [
        ("req_cmd", "TEXT"),
        ("req", "TEXT"),
        ("resp", "TEXT"),
        ("req_params", "JSON"),
        ("resp_tag", "TEXT"),
        ("resp_rows", "INT64"),
        ("resp_sqlstate", "TEXT"),
    ]


def test_rows_fit_the_columns() -> None:
    checks = {
        ColumnType.TEXT: lambda value: isinstance(value, str) and "\0" not in value,
        ColumnType.JSON: lambda value: isinstance(json.loads(value), list | dict),
        ColumnType.INT64: lambda value: isinstance(value, int),
    }
    rows = play(
        (">", parse(b"", b"SELECT $1", 17) + bind(b"", b"", b"\0", None, formats=(1,)) + execute() + SYNC),
        ("<", PARSED + BOUND + row(b"\0") + done(b"SELECT 1") + ready()),
        (">", query(b"SELECT '\xff")),
        ("<", error(b"42601", b"unterminated") + ready()),
    )
    assert len(rows) == 4
    for each in rows:
        assert isinstance(each[0], int)
        assert each[8] is None or isinstance(each[8], int)
        for column, value in zip(PGSQL.columns, each[1:8], strict=True):
            assert value is None or checks[column.type](value), (column.name, value)
