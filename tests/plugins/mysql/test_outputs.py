"""Output parameters of procedures."""

import struct

import pytest
from tests.plugins.mysql.build import Talk, greeting, inbox, login_body, ok, packet

from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.outputs import Outputs
from pxcap.plugins.mysql.replies import ReplyReader

OUT, MORE = 0x1000, 8


def named(sequence: int, name: bytes, kind: int, flags: int = 0, more: bytes = b"") -> bytes:
    words = (b"def", b"", b"", b"", name, b"")
    body = b"".join(bytes((len(word),)) + word for word in words) + more
    return packet(sequence, body + b"\x0c\x2d\0" + struct.pack("<IBHB", 400, kind, flags, 0) + b"\0\0")


def eof(sequence: int, status: int) -> bytes:
    return packet(sequence, b"\xfe\0\0" + struct.pack("<H", status))


COLUMNS = packet(1, b"\3") + named(2, b"total", 8, 0x20) + named(3, b"name", 0xFD) + named(4, b"none", 3)
ROW = packet(5, b"\0\x10" + b"\xff" * 8 + b"\3caf")
DEPRECATED = COLUMNS + ROW + ok(6, status=OUT | MORE, header=0xFE) + ok(7)
OLD = COLUMNS + eof(5, OUT | MORE) + packet(6, ROW[4:]) + eof(7, 0) + ok(8)  # MySQL: the last EOF tells nothing
SHOWN = '{"total":18446744073709551615,"name":"caf","none":null}'


@pytest.mark.parametrize("data", [DEPRECATED, OLD])
def test_the_values_however_they_are_cut(data: bytes) -> None:
    whole = ReplyReader(65536).take(inbox(data), wire.STMT_EXECUTE, 1)
    assert whole is not None
    assert (whole.text, whole.rows) == (f"Resultset rows = 1 (output parameters {SHOWN}); OK", 1)
    assert whole.outputs == SHOWN
    for cut in range(1, len(data)):
        talk = Talk().tell(greeting()).ask(packet(1, login_body())).tell(ok(2))
        talk.ask(packet(0, b"\x16CALL p(?, ?, ?)")).tell(packet(1, b"\0\1\0\0\0\0\0\0\0\0\0\0"))
        talk.ask(packet(0, b"\x17\1\0\0\0\0\1\0\0\0"))
        talk.tell(data[:cut]).tell(data[cut:])
        assert talk.rows[-1][2:5] == ("CALL p(?, ?, ?)", 2, whole.text)


def test_other_results_of_the_call_are_not_taken_for_them() -> None:
    first = packet(1, b"\1") + named(2, b"a", 3) + packet(3, b"\0\0\7\0\0\0") + ok(4, status=MORE, header=0xFE)
    reply = ReplyReader(65536).take(inbox(first + DEPRECATED), wire.STMT_EXECUTE, 1)
    assert reply is not None
    assert reply.text == f"Resultset rows = 1; Resultset rows = 1 (output parameters {SHOWN}); OK"
    plain = ReplyReader(65536).take(inbox(first + ok(5)), wire.STMT_EXECUTE, 1)
    assert plain is not None
    assert (plain.text, plain.outputs) == ("Resultset rows = 1; OK", "")


def kept(count: int, *packets: bytes, room: int = 65536) -> Outputs:
    outputs = Outputs(room)
    outputs.begin(count)
    data = packet(1, bytes((count,))) + b"".join(packets)
    for at in range(len(data)):
        outputs.add(data, at, at + 1)
    return outputs


def test_what_mariadb_puts_between_the_names_and_the_type() -> None:
    outputs = kept(1, named(2, b"shape", 0xFF, more=b"\7\0\5point"), packet(3, b"\0\0\2ab"))
    assert outputs.text("utf-8", True) == '{"shape":"ab"}'


def test_a_secret_by_its_name_is_hidden() -> None:
    outputs = kept(2, named(2, b"new_password", 0xFD), named(3, b"age", 3), packet(4, b"\0\0\2xy\7\0\0\0"))
    assert outputs.text("utf-8", True) == '{"new_password":"[redacted]","age":7}'
    assert outputs.text("utf-8", False) == '{"new_password":"xy","age":7}'


def test_a_long_value_is_cut_and_what_is_behind_it_left_out() -> None:
    row = packet(4, b"\0\0\xfc\x10\x27" + b"x" * 10_000 + b"\7\0\0\0")
    outputs = kept(2, named(2, b"long", 0xFD), named(3, b"age", 3), row, room=200)
    text = outputs.text("utf-8", True)
    assert text.startswith('{"long":"xxxx')
    assert text.endswith('x... (10000 bytes)"}')
    assert len(text) < 250


def test_what_is_not_there_is_not_shown() -> None:
    definition = named(2, b"n", 3)
    assert kept(1, definition).text("utf-8", True) == ""
    assert kept(1, definition[:-4]).text("utf-8", True) == ""
    assert kept(1, definition, packet(3, b"\0\0\7\0")).text("utf-8", True) == '{"n":"..."}'
    assert kept(1, named(2, b"n", 0x70), packet(3, b"\0\0\7\0")).text("utf-8", True) == '{"n":"..."}'
    none = Outputs(100)
    none.add(DEPRECATED, 0, len(DEPRECATED))
    assert none.text("utf-8", True) == ""


def test_a_statement_that_asks_for_a_secret_shows_none_it_gives_back() -> None:
    for redact, shown in ((True, "[redacted]"), (False, SHOWN)):
        talk = Talk(redact=redact).tell(greeting()).ask(packet(1, login_body())).tell(ok(2))
        talk.ask(packet(0, b"\x16CALL new_password(?)")).tell(packet(1, b"\0\1\0\0\0\0\0\0\0\0\0\0"))
        talk.ask(packet(0, b"\x17\1\0\0\0\0\1\0\0\0")).tell(DEPRECATED)
        assert talk.rows[-1][4] == f"Resultset rows = 1 (output parameters {shown}); OK"


def test_bytes_lost_inside_the_row_leave_no_values() -> None:
    reader = ReplyReader(65536)
    long = packet(3, b"\0\0\xfa" + b"x" * 250)
    box = inbox(packet(1, b"\1") + named(2, b"n", 0xFD) + long[:100])
    assert reader.take(box, wire.STMT_EXECUTE, 1) is None
    assert reader.gap(box, len(long) - 100, "gap") == (False, None)
    reply = reader.take(inbox(ok(4, status=OUT | MORE, header=0xFE) + ok(5)), wire.STMT_EXECUTE, 1)
    assert reply is not None
    assert reply.text == "Resultset rows = 1 (output parameters); OK"
