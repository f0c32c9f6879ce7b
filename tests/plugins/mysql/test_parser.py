"""Connections as a whole."""

import zlib

import pytest
from tests.plugins.mysql.build import FLAGS, Talk, brief, greeting, login_body, ok, packet, query, rows

from pxcap.core.protocol import REQUEST, RESPONSE


def frame(data: bytes) -> bytes:
    packed = zlib.compress(data)
    return len(packed).to_bytes(3, "little") + b"\0" + len(data).to_bytes(3, "little") + packed


def test_a_connection_from_its_login() -> None:
    talk = Talk().tell(greeting()).ask(packet(1, login_body())).tell(ok(2))
    found = talk.ask(query(b"SELECT 1")).tell(rows(b"1")).ask(packet(0, b"\1")).finish()
    assert brief(found) == [
        (11, "user=app database=shop plugin=mysql_native_password", 2, "OK", ""),
        (3, "SELECT 1", 2, "Resultset rows = 1", ""),
        (1, "", 1, None, ""),
    ]
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("cut", [1, 30, 200])
def test_only_the_handshake_of_tcp_was_not_seen(coded: bool, cut: int) -> None:
    flags = FLAGS | 0x20 if coded else FLAGS
    code = (lambda data: frame(data)) if coded else bytes
    hello = greeting(flags)
    talk = Talk(midstream=True)
    for at in range(0, len(hello), cut):
        talk.tell(hello[at : at + cut])
    talk.ask(packet(1, login_body(flags))).tell(ok(2))
    found = talk.ask(code(query(b"SELECT 1"))).tell(code(rows(b"1"))).finish()
    assert [row[1:3] + row[-1:] for row in found] == [
        (11, "user=app database=shop plugin=mysql_native_password", ""),
        (3, "SELECT 1", ""),
    ]
    assert talk.parser.errors == {}


def test_commands_may_run_ahead() -> None:
    talk = Talk().ask(packet(1, login_body()) + query(b"SELECT 1") + packet(0, b"\x0e"))
    found = talk.tell(greeting() + ok(2) + rows(b"1") + ok()).finish()
    assert [row[2:5] for row in found][1:] == [("SELECT 1", 2, "Resultset rows = 1"), ("", 2, "OK")]


def test_tls_ends_it() -> None:
    asks = packet(1, (FLAGS | 0x800).to_bytes(4, "little") + bytes(28))
    talk = Talk().tell(greeting(FLAGS | 0x800)).ask(asks + b"\x16\3\1\0\5hello")
    assert talk.parser.done
    assert talk.finish() == []


@pytest.mark.parametrize("split", [1, 3, 36, 40])
def test_the_login_may_be_seen_inside_tls(split: int) -> None:
    flags = FLAGS | 0x800
    asks = packet(1, flags.to_bytes(4, "little") + bytes(28)) + packet(2, login_body(flags))
    talk = Talk().tell(greeting(flags)).ask(asks[:split]).ask(asks[split:]).tell(ok(3))
    found = talk.ask(query(b"SELECT 1")).tell(rows(b"1")).finish()
    assert [row[:2] for row in brief(found)] == [
        (11, "user=app database=shop plugin=mysql_native_password"),
        (3, "SELECT 1"),
    ]


def test_a_file_is_read_over_also_when_its_numbers_come_round() -> None:
    talk = Talk().login().ask(query(b"LOAD DATA LOCAL INFILE 'f' INTO TABLE t")).tell(packet(1, b"\xfbf"))
    talk.ask(b"".join(packet(number % 256, b"1,2") for number in range(2, 300)) + packet(44, b""))
    found = talk.tell(ok(45, 7)).ask(query(b"SELECT 1")).tell(rows()).finish()
    assert [(row[2], row[3], row[9]) for row in found][1:] == [("SELECT 1", 2, None)]
    assert found[0][9] == 7


def test_the_compressed_protocol() -> None:
    flags = FLAGS | 0x20
    talk = Talk().tell(greeting(flags)).ask(packet(1, login_body(flags))).tell(ok(2))
    talk.rows = []
    found = talk.ask(frame(query(b"SELECT 1"))).tell(frame(rows(b"1" * 50)[:40]) + frame(rows(b"1" * 50)[40:])).finish()
    assert brief(found) == [(3, "SELECT 1", 2, "Resultset rows = 1", "")]


def test_commands_inside_frames_may_have_any_number() -> None:
    flags = FLAGS | 0x20
    talk = Talk().tell(greeting(flags)).ask(packet(1, login_body(flags))).tell(ok(2))
    talk.rows = []
    for number in range(3):
        talk.ask(frame(packet(number, b"\x03SELECT %d" % number))).tell(frame(rows(b"1")))
    talk.ask(frame(packet(4, b"\x03LOAD DATA LOCAL INFILE 'f' INTO TABLE t"))).tell(frame(packet(5, b"\xfbf")))
    found = talk.ask(frame(packet(6, b"\x03SELECT"))).ask(frame(packet(7, b""))).tell(frame(ok(8, 1))).finish()
    assert [row[1] for row in brief(found)] == [
        "SELECT 0",
        "SELECT 1",
        "SELECT 2",
        "LOAD DATA LOCAL INFILE 'f' INTO TABLE t",
    ]
    assert talk.parser.errors == {}


def test_a_loss_in_the_compressed_protocol() -> None:
    flags = FLAGS | 0x20
    talk = Talk().tell(greeting(flags)).ask(packet(1, login_body(flags))).tell(ok(2))
    talk.rows = []
    for number in range(4):
        talk.ask(frame(query(b"SELECT %d" % number)))
        if number == 1:
            talk.lose(RESPONSE, 3).tell(frame(rows(b"1"))[3:])
        else:
            talk.tell(frame(rows(b"1")))
    found = brief(talk.finish())
    assert [(row[1], row[3], row[-1]) for row in found] == [
        ("SELECT 0", "Resultset rows = 1", ""),
        ("SELECT 1", None, "no_response"),
        ("SELECT 2", "Resultset rows = 1", ""),
        ("SELECT 3", "Resultset rows = 1", ""),
    ]


def test_a_loss_costs_what_it_covers() -> None:
    talk = Talk().login().ask(query(b"SELECT 1")).tell(rows(b"1" * 50)[:20]).lose(RESPONSE, 30)
    talk.tell(rows(b"1" * 50)[50:]).ask(query(b"SELECT 2")).tell(rows()).ask(query(b"SELECT 3")).tell(rows())
    talk.lose(REQUEST, len(query(b"SELECT 4"))).tell(rows()).ask(query(b"SELECT 5")).tell(rows())
    found = brief(talk.ask(query(b"SELECT 6")).tell(rows()).finish())
    assert [(row[1], row[-1]) for row in found] == [
        ("SELECT 1", "gap"),
        ("SELECT 2", ""),
        ("SELECT 3", ""),
        (None, "no_request"),
        ("SELECT 5", ""),
        ("SELECT 6", ""),
    ]


def test_joined_in_mid_stream() -> None:
    talk = Talk(midstream=True).tell(rows(b"abc")[5:]).ask(query(b"SELECT 1")).tell(rows(b"1"))
    found = talk.ask(query(b"SELECT 2")).tell(rows(b"1", b"2")).finish()
    assert [row[:4] for row in brief(found)] == [
        (3, "SELECT 1", 2, "Resultset rows = 1"),
        (3, "SELECT 2", 2, "Resultset rows = 2"),
    ]


def test_a_login_that_was_lost_ends_the_connection_phase() -> None:
    talk = Talk().tell(greeting()).lose(REQUEST, 90).tell(ok(2)).ask(query(b"SELECT 1")).tell(rows(b"1"))
    assert (3, "SELECT 1", 2, "Resultset rows = 1") in [row[:4] for row in brief(talk.finish())]


@pytest.mark.parametrize("size", [1 << 20, 17 << 20])
def test_long_statements_are_cut_at_the_limit(size: int) -> None:
    body = b"\3SELECT '" + b"x" * size
    parts = [body[at : at + 0xFFFFFF] for at in range(0, len(body), 0xFFFFFF)]
    talk = Talk().login()
    for number, part in enumerate(parts):
        talk.ask(packet(number, part))
    found = talk.tell(ok(len(parts))).finish()
    assert [(len(row[2]), row[3], row[-1]) for row in found] == [(65536, 2, "")]


def test_what_is_about_a_statement_that_lost_bytes_says_so() -> None:
    talk = Talk().login().ask(packet(0, b"\x16SELECT ? FROM orders")[:12]).lose(REQUEST, 13)
    talk.tell(packet(1, b"\0\1\0\0\0\0\0\1\0\0\0\0") + packet(2, b"?"))
    talk.ask(packet(0, b"\x17\1\0\0\0\0\1\0\0\0\0\1\3\0\5\0\0\0")).tell(ok()).ask(packet(0, b"\x19\1\0\0\0"))
    assert [(row[1], row[2], row[5], row[-1]) for row in talk.finish()] == [
        (22, "SELECT ", None, "gap"),
        (23, "SELECT ", '{"values":[5]}', "gap"),
        (25, "SELECT ", None, "gap"),
    ]


def test_of_a_login_that_lost_its_flags_nothing_is_guessed() -> None:
    login = packet(1, login_body())
    talk = Talk().tell(greeting()).ask(login[:7]).lose(REQUEST, len(login) - 7).tell(ok(2))
    talk.ask(query(b"SELECT 1")).tell(rows(b"1"))
    assert brief(talk.finish()) == [(11, None, 2, "OK", "gap"), (3, "SELECT 1", 2, "Resultset rows = 1", "")]


def test_answers_of_a_pipeline_that_are_lost_shift_no_others() -> None:
    def bulk(number: int) -> bytes:
        return packet(0, b"\xfa\1\0\0\0\x80\0\3\0\0" + number.to_bytes(4, "little"))

    talk = Talk().login().ask(packet(0, b"\x16DO ?")).tell(packet(1, b"\0\1\0\0\0\0\0\1\0\0\0\0") + packet(2, b"?"))
    for start in (1, 11):
        talk.ask(b"".join(bulk(start + at) for at in range(5)))
        if start == 1:
            talk.lose(RESPONSE, 55)
        else:
            talk.tell(b"".join(ok(affected=start + at) for at in range(5)))
        talk.ask(query(b"SELECT 1")).tell(rows(b"1"))
    found = [(row[5], row[9], row[-1]) for row in talk.finish() if row[1] == 250]
    assert found == [(f'{{"rows":[[{n}]]}}', None, "no_response") for n in range(1, 6)] + [
        (f'{{"rows":[[{n}]]}}', n, "") for n in range(11, 16)
    ]
    assert [(row[4], row[-1]) for row in talk.rows if row[1] == 3] == [("Resultset rows = 1", "")] * 2
