import json

from tests.plugins.redis.cases import BEGUN_STEPS
from tests.plugins.redis.exchange import play

from pxcap.core.columns import ColumnType
from pxcap.plugins.redis.plugin import REDIS, register_protocols


def test_what_is_registered() -> None:
    assert register_protocols() == (REDIS,)
    assert (REDIS.name, REDIS.api, REDIS.table) == ("redis", 1, "redis_events")
    assert REDIS.ports == {6379}
    assert [(column.name, column.type.value) for column in REDIS.columns] == [
        ("req_cmd", "TEXT"),
        ("req_args", "JSON"),
        ("resp", "TEXT"),
        ("resp_error", "BOOL"),
    ]


def test_rows_fit_the_columns() -> None:
    checks = {
        ColumnType.TEXT: lambda value: isinstance(value, str) and "\0" not in value,
        ColumnType.JSON: lambda value: isinstance(json.loads(value), list),
        ColumnType.BOOL: lambda value: value in (0, 1),
    }
    for steps in BEGUN_STEPS:
        for row in play(*steps):
            assert isinstance(row[0], int)
            assert row[5] is None or isinstance(row[5], int)
            for column, value in zip(REDIS.columns, row[1:5], strict=True):
                assert value is None or checks[column.type](value), (column.name, value)
