"""What a protocol declares, and what its parser starts with."""

import pytest
from tests.core.toy import TOY, ToyParser

from pxcap.core.columns import LEADING_COLUMNS, TRAILING_COLUMNS
from pxcap.core.protocol import ConnectionInfo, Parser


def test_the_table_has_the_common_columns_around_its_own() -> None:
    table = TOY.schema()
    assert table.name == "toy_events"
    assert table.columns == (*LEADING_COLUMNS, *TOY.columns, *TRAILING_COLUMNS)
    assert [column.name for column in LEADING_COLUMNS] == [
        *("time_", "upid", "remote_addr", "remote_port", "local_addr", "local_port", "trace_role", "encrypted"),
    ]
    assert [column.name for column in TRAILING_COLUMNS] == ["latency", "note"]
    assert TOY.width == len(table.columns) - len(LEADING_COLUMNS) + 1


def test_a_parser_starts_in_lockstep_when_joined_in_mid_stream() -> None:
    assert ToyParser(ConnectionInfo(midstream=True)).lockstep
    assert not ToyParser(ConnectionInfo()).lockstep


def test_errors_are_counted_by_name() -> None:
    parser = ToyParser(ConnectionInfo())
    parser.error("bad line")
    parser.error("bad line", 2)
    parser.error("too long")
    assert parser.errors == {"bad line": 3, "too long": 1}


def test_a_parser_must_take_bytes_and_survive_loss() -> None:
    class Deaf(Parser):
        """Neither takes bytes nor survives loss."""

    with pytest.raises(TypeError, match="feed, gap"):
        Deaf(ConnectionInfo())  # type: ignore[abstract]
