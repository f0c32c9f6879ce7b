"""Commands and answers into rows."""

from pxcap.core.protocol import REQUEST, RESPONSE, Settings
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.commands import Commands
from pxcap.plugins.mysql.replies import ReplyReader
from pxcap.plugins.mysql.stitch import Stitcher, notes
from pxcap.plugins.mysql.types import Reply, Request


def made(midstream: bool = False) -> tuple[Stitcher, Commands]:
    commands = Commands(Settings())
    return Stitcher(commands, ReplyReader(99), midstream), commands


def request(time: int, command: int = wire.QUERY, text: str = "x", names: str = "") -> Request:
    return Request(time, command, text, None, "", 1, names)


def reply(time: int, status: int = 2, prepared: tuple[int, int] | None = None) -> Reply:
    return Reply(time, time, status, "OK", None, None, None, 0, "", prepared)


def test_a_pair_is_a_row_and_silence_one_at_once() -> None:
    stitch, _ = made()
    stitch.request(request(1))
    stitch.request(request(2, wire.QUIT, ""))
    stitch.response(reply(5))
    assert [(row[0], row[3], row[-2], row[-1]) for row in stitch.rows] == [(2, 1, None, ""), (1, 2, 4, "")]


def test_what_a_command_changes() -> None:
    stitch, commands = made()
    stitch.request(request(1, names="gbk"))
    stitch.response(reply(2))
    stitch.request(request(3, wire.STMT_PREPARE, "SELECT ?"))
    stitch.response(reply(4, prepared=(7, 1)))
    assert commands.charset == "gbk"
    assert commands.statements[7].text == "SELECT ?"
    stitch.request(request(5, wire.RESET_CONNECTION))
    stitch.response(reply(6, 3))
    assert commands.statements
    stitch.request(request(7, wire.CHANGE_USER))
    stitch.response(reply(8))
    assert not commands.statements
    stitch.request(request(9, wire.BINLOG_DUMP))
    stitch.response(reply(10))
    assert stitch.stream


def test_halves_are_rows_too() -> None:
    stitch, _ = made(True)
    stitch.response(reply(1))
    stitch.request(request(2))
    stitch.finish()
    assert [row[-1] for row in stitch.rows] == ["no_request,midstream", "no_response"]


def test_an_answer_that_was_held_counts_before_the_next_command_is_read() -> None:
    stitch, commands = made()
    stitch.gap(REQUEST)
    stitch.request(request(0))
    stitch.request(request(1, wire.STMT_PREPARE, "SELECT ?"))
    stitch.matcher.gap(RESPONSE)
    stitch.response(reply(2, prepared=(7, 1)))
    assert not commands.statements
    stitch.spoken()
    assert commands.statements[7].text == "SELECT ?"


def test_a_command_alone_has_the_answer_behind_it_also_after_a_loss() -> None:
    stitch, _ = made()
    stitch.gap(REQUEST)
    stitch.response(reply(1))
    stitch.request(request(2))
    stitch.response(reply(3))
    stitch.response(reply(4))
    stitch.request(request(5))
    stitch.finish()
    assert [(row[0], row[-1]) for row in stitch.rows] == [
        (1, "no_request"),
        (2, ""),
        (4, "no_request"),
        (5, "no_response"),
    ]


def test_an_answer_lost_from_its_first_byte_is_that_of_the_first_command() -> None:
    stitch, _ = made()
    stitch.request(request(1))
    stitch.unanswered()
    stitch.gap(RESPONSE)
    stitch.response(reply(3))
    stitch.unanswered()
    assert [(row[0], row[-1]) for row in stitch.rows] == [(1, "no_response"), (3, "no_request")]


def test_refused_connections() -> None:
    stitch, _ = made()
    stitch.refused(reply(1, 3), False)
    stitch.refused(reply(2), True)
    assert [(row[1], row[2], row[-1]) for row in stitch.rows] == [(11, "", ""), (11, None, "no_request")]


def test_notes() -> None:
    assert notes("gap,midstream", "", "gap") == "gap,midstream"
