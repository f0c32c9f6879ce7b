"""The loop for common exchanges gives what the readers give."""

import pytest
from tests.plugins.mysql.build import Talk, inbox, ok, packet, query, rows

from pxcap.core.protocol import Row, Settings
from pxcap.plugins.mysql.commands import Commands
from pxcap.plugins.mysql.fast import common_exchanges

COMMON = [
    (query(b"SELECT 1"), rows(b"1")),
    (query(b"SELECT 0"), rows()),
    (query("SELECT 'é'".encode()), rows(b"1", b"\xfb" * 30)),
    (query(b"INSERT"), ok(affected=3)),
]
UNCOMMON = [
    (query(b"SET NAMES latin1"), ok()),
    (query(b"/* */ set names latin1"), ok()),
    (query(b"SET PASSWORD = 'x'"), ok()),
    (query(b"SELECT 1; SELECT 2"), rows(b"1").replace(b"\xfe\0\0\2", b"\xfe\0\0\x0a") + packet(5, b"\0\0\0\2\0\0\0")),
    (query(b"SELEC"), packet(1, b"\xff\x28\4#42000no")),
    (packet(0, b"\x0e"), ok()),
]


def alone(ask: bytes, tell: bytes) -> tuple[list[Row], int]:
    asked, answers, found = inbox(ask), inbox(tell), list[Row]()
    common_exchanges(asked, answers, Commands(Settings()), found, 65536)
    return found, asked.pos


@pytest.mark.parametrize(("ask", "tell"), COMMON)
def test_what_is_common_is_taken_as_the_readers_take_it(ask: bytes, tell: bytes) -> None:
    found, end = alone(ask, tell)
    assert end == len(ask)
    slow = Talk().login().ask(ask).tell(tell[:-1]).tell(tell[-1:]).finish()
    assert [row[1:10] for row in found] == [row[1:10] for row in slow]


@pytest.mark.parametrize(("ask", "tell"), UNCOMMON)
def test_the_rest_is_left(ask: bytes, tell: bytes) -> None:
    assert alone(ask, tell) == ([], 0)


@pytest.mark.parametrize(("ask", "tell"), COMMON)
def test_what_is_not_whole_is_left(ask: bytes, tell: bytes) -> None:
    for cut in range(len(tell)):
        assert alone(ask, tell[:cut]) == ([], 0)
    for cut in range(len(ask)):
        assert alone(ask[:cut], tell) == ([], 0)
