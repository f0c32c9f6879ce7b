"""Parameters of executions."""

import pytest

from pxcap.plugins.mysql.execute import bulk_values, execute_values, read_typed
from pxcap.plugins.mysql.types import Statement
from pxcap.plugins.mysql.values import UnreadableError


def test_types_are_remembered() -> None:
    statement = Statement("?", 2)
    assert execute_values(b"\0\1\1\0\1\0\5\6", 0, statement, False, "utf-8", 99) == {"values": [5, 6]}
    assert execute_values(b"\2\0\7", 0, statement, False, "utf-8", 99) == {"values": [7, None]}


def test_attributes_stand_behind_the_parameters() -> None:
    body = b"\2\0\1\1\0\0\xfd\0\2id\5\1x"
    given = execute_values(body, 0, Statement("?", 1), True, "utf-8", 99)
    assert given == {"values": [5], "attributes": {"id": "x"}}


def test_data_sent_ahead_takes_the_place_of_a_value() -> None:
    pairs, end = read_typed(b"\0\1\xfc\0", 0, 1, "utf-8", {0: (b"long", 9)}, b"", False)
    assert (pairs, end) == ([("", "lon... (9 bytes)")], 4)


def test_without_the_preparation_the_only_number_that_fits_is_taken() -> None:
    assert execute_values(b"\0\1\3\0\5\0\0\0", 0, Statement(None), False, "utf-8", 99) == {"values": [5]}
    assert execute_values(b"", 0, Statement(None), False, "utf-8", 99) == {}
    with pytest.raises(UnreadableError):
        execute_values(b"\0\0\5", 0, Statement(None), False, "utf-8", 99)


def test_rows_of_a_bulk_execution() -> None:
    assert bulk_values(b"\1\0\0\5\1\2\3", 0, 128, Statement("?", 1), "utf-8") == [[5], [None], ["DEFAULT"], ["IGNORE"]]
    with pytest.raises(UnreadableError):
        bulk_values(b"\0\5", 0, 0, Statement("?", 1), "utf-8")
