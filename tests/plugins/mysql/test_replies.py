"""Answers."""

import pytest
from tests.plugins.mysql.build import chunk, column, inbox, ok, packet, rows

from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.replies import ReplyReader
from pxcap.plugins.mysql.types import Reply

EOF = packet(3, b"\xfe\0\0\2\0")


def read(data: bytes, command: int = wire.QUERY) -> Reply | None:
    return ReplyReader(65536).take(inbox(data), command, 1)


@pytest.mark.parametrize(
    ("data", "command", "text", "count"),
    [
        (rows(b"a", b"b"), wire.QUERY, "Resultset rows = 2", 2),
        (packet(1, b"\1") + column(2) + EOF + packet(4, b"\1x") + EOF, wire.QUERY, "Resultset rows = 1", 1),
        (packet(1, b"\1") + column(2) + packet(3, b"\xfe\0\0\x42\0"), wire.STMT_EXECUTE, "Resultset rows = 0", 0),
        (packet(1, b"\1\0") + packet(2, b"\1x") + ok(3, header=0xFE), wire.QUERY, "Resultset rows = 1", 1),
        (packet(1, b"\0\0\1x") + EOF, wire.STMT_FETCH, "Resultset rows = 1", 1),
        (column(1) + EOF, wire.FIELD_LIST, "Columns = 1", None),
        (packet(1, b"Uptime: 1"), wire.STATISTICS, "Uptime: 1", None),
        (packet(1, b"\0\1\0\0\0\0\0\0\0\0\0\0"), wire.STMT_PREPARE, "Statement = 1, parameters = 0, columns = 0", None),
        (packet(1, b"\xfef\0") + packet(3, b"\1more") + ok(5), wire.CHANGE_USER, "OK", None),
        (packet(1, b"\xff\xff\xff\1\1\0\0\0\0\0") + ok(2), wire.QUERY, "OK", None),
        (packet(1, b"\0\0"), wire.BINLOG_DUMP, "replication stream", None),
        (
            rows(b"a").replace(b"\xfe\0\0\2\0", b"\xfe\0\0\2\x10"),
            wire.QUERY,
            "Resultset rows = 1 (output parameters)",
            1,
        ),
    ],
)
def test_an_answer_whole_and_byte_by_byte(data: bytes, command: int, text: str, count: int | None) -> None:
    reply = read(data, command)
    assert reply is not None
    assert (reply.status, reply.text, reply.rows) == (2, text, count)
    for cut in range(len(data)):
        reader, box = ReplyReader(65536), inbox(data[:cut])
        assert reader.take(box, command, 1) is None
        box.add(chunk(data[cut:], cut))
        assert reader.take(box, command, 1) == reply


def test_an_error_among_rows() -> None:
    data = packet(1, b"\1") + column(2) + packet(3, b"\1x") + packet(4, b"\xff\x25\5#70100killed")
    reply = read(data)
    assert reply is not None
    assert (reply.status, reply.code, reply.rows, reply.text) == (3, 1317, 1, "Resultset rows = 1; killed")


def test_a_row_of_16_mebibytes_is_one_row() -> None:
    long = b"\xfe" + (0xFFFFFF).to_bytes(8, "little") + b"x" * 0xFFFFFF
    data = packet(3, long[:0xFFFFFF]) + packet(4, long[0xFFFFFF:])
    reply = read(packet(1, b"\1") + column(2) + data + ok(5, header=0xFE))
    assert reply is not None
    assert reply.rows == 1


def test_a_file_is_asked_for() -> None:
    reader = ReplyReader(65536)
    assert reader.take(inbox(packet(1, b"\xfbname")), wire.QUERY, 1) is None
    assert reader.upload
    reply = reader.take(inbox(ok(4)), wire.QUERY, 1)
    assert reply is not None
    assert reply.status == 2


def test_a_loss_inside_a_row_costs_nothing_and_beyond_it_the_answer() -> None:
    reader = ReplyReader(65536)
    box = inbox(packet(1, b"\1") + column(2) + packet(3, b"\x09" + b"x" * 9)[:8])
    assert reader.take(box, wire.QUERY, 1) is None
    assert reader.gap(box, 3, "gap") == (False, None)
    lost, reply = reader.gap(box, 100, "gap")
    assert lost
    assert reply is not None
    assert (reply.text, reply.rows, reply.note) == ("Resultset rows >= 1", None, "gap")
    assert reader.abandon("gap") is None


def test_what_is_no_answer() -> None:
    reader = ReplyReader(65536)
    assert reader.take(inbox(packet(5, b"\0")), wire.QUERY, 1) is None
    assert reader.bad
    reply = read(packet(1, b"\xfc\1"))
    assert reply is not None
    assert reply.status == 0
