"""MySQL as pxcap finds it."""

from pxcap.core.registry import load_registry
from pxcap.plugins.mysql.plugin import MYSQL, register_protocols


def test_it_is_found_with_the_columns_people_were_promised() -> None:
    assert register_protocols() == (MYSQL,)
    table = next(table for table in load_registry().tables() if table.name == "mysql_events")
    assert [column.name for column in table.columns[8:-2]] == [
        *("req_cmd", "req_body", "resp_status", "resp_body", "req_params"),
        *("resp_code", "resp_sqlstate", "resp_rows", "affected_rows"),
    ]
