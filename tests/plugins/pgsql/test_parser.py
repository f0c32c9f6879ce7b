"""Whole connections: the parser drives the parts, so what they do together is tested here."""

import random
import struct
import tracemalloc
from collections import Counter

import pytest
from tests.plugins.pgsql.exchange import BEGUN, Talk, play, short
from tests.plugins.pgsql.messages import (
    BOUND,
    CLOSED,
    FLUSH,
    HELLO,
    NO_DATA,
    PARSED,
    SUSPENDED,
    SYNC,
    bind,
    describe,
    described,
    done,
    error,
    execute,
    m,
    parse,
    query,
    ready,
    row,
    startup,
    types,
)

from pxcap.core.protocol import ConnectionInfo
from pxcap.core.stream import Chunk
from pxcap.plugins.pgsql import parser as parser_module
from pxcap.plugins.pgsql.parser import PgsqlParser

ONE = row(b"1") + done(b"SELECT 1")
CUTS = [1 << 30, 1, 7]


@pytest.mark.parametrize("cut", CUTS)
def test_a_startup(cut: int) -> None:
    talk = Talk(cut=cut)
    talk.step(">", startup(b"user", b"app", b"database", b"shop"))
    talk.step("<", m(b"R", struct.pack(">I", 10) + b"SCRAM-SHA-256\0\0"))
    talk.step(">", m(b"p", b"SCRAM-SHA-256\0\0\0\0\6sEcReT"))
    talk.step("<", HELLO + ready())
    assert talk.finish() == [
        (
            1,
            "Startup",
            "user=app database=shop",
            "ok (SCRAM-SHA-256); server 16.4",
            '{"user":"app","database":"shop"}',
            None,
            None,
            None,
            3,
            "",
        )
    ]


@pytest.mark.parametrize("cut", CUTS)
def test_a_simple_query(cut: int) -> None:
    answer = described((b"a", 23, 0), (b"b", 25, 0)) + row(b"1", None) + row(b"2", b"x") + done(b"SELECT 2") + ready()
    assert play((">", query(b"SELECT a, b FROM t")), ("<", answer), cut=cut) == [
        (3, "Query", "SELECT a, b FROM t", "SELECT 2 (a, b)", None, "SELECT 2", 2, None, 1, "")
    ]


@pytest.mark.parametrize("cut", CUTS)
def test_several_statements_are_one_record_with_all_tags_and_rows(cut: int) -> None:
    answer = done(b"BEGIN") + done(b"UPDATE 4") + described((b"a", 23, 0)) + row(b"1") * 3 + done(b"SELECT 3") + ready()
    rows = play((">", query(b"BEGIN; UPDATE t SET a = 1; SELECT a FROM t")), ("<", answer), cut=cut)
    assert [(each[5], each[6]) for each in rows] == [("BEGIN; UPDATE 4; SELECT 3", 7)]


@pytest.mark.parametrize("cut", CUTS)
def test_the_extended_protocol(cut: int) -> None:
    request = parse(b"", b"SELECT $1, $2", 23, 25) + bind(b"", b"", b"\0\0\0\5", b"x", formats=(1, 0)) + describe()
    answer = PARSED + BOUND + described((b"a", 23, 0)) + ONE + ready()
    rows = play((">", request + execute() + SYNC), ("<", answer), cut=cut)
    assert [(each[1], each[3], each[4], each[6]) for each in rows] == [
        ("Parse", "ParseComplete", None, None),
        ("Bind", "BindComplete", '[5,"x"]', None),
        ("Describe", "a int4", None, None),
        ("Execute", "SELECT 1", '[5,"x"]', 1),
    ]
    assert {each[2] for each in rows} == {"SELECT $1, $2"}


@pytest.mark.parametrize("cut", CUTS)
def test_types_that_are_told_by_a_description(cut: int) -> None:
    rows = play(
        (">", parse(b"s", b"SELECT $1") + describe(b"Ss") + SYNC),
        ("<", PARSED + types(20) + NO_DATA + ready()),
        (">", bind(b"", b"s", struct.pack(">q", 1 << 40), formats=(1,)) + execute() + SYNC),
        ("<", BOUND + done(b"SELECT 0") + ready()),
        cut=cut,
    )
    assert rows[-1][4] == "[1099511627776]"


def test_a_portal_read_in_parts() -> None:
    rows = play(
        (">", parse(b"", b"SELECT a FROM t") + bind(b"c", b"") + execute(b"c", 2) + FLUSH),
        ("<", PARSED + BOUND + row(b"1") + row(b"2") + SUSPENDED),
        (">", execute(b"c", 2) + m(b"C", b"Pc\0") + SYNC),
        ("<", row(b"3") + done(b"SELECT 1") + CLOSED + ready()),
    )
    assert [(each[1], each[2], each[5], each[6]) for each in rows[2:]] == [
        ("Execute", "SELECT a FROM t", None, 2),
        ("Execute", "SELECT a FROM t", "SELECT 1", 1),
        ("Close", 'portal "c"', None, None),
    ]


@pytest.mark.parametrize("cut", CUTS)
def test_what_follows_an_error_in_a_pipeline_is_skipped_up_to_sync(cut: int) -> None:
    request = parse(b"", b"SELEC") + bind(b"", b"") + query(b"SELECT 1") + SYNC + query(b"SELECT 2")
    rows = play((">", request), ("<", error(b"42601", b"syntax error") + ready() + ONE + ready()), cut=cut)
    skipped = "skipped: an error came before it in the pipeline"
    assert short(rows) == [
        ("Parse", "SELEC", "ERROR 42601: syntax error", ""),
        ("Bind", "SELEC", skipped, ""),
        ("Query", "SELECT 1", skipped, ""),
        ("Query", "SELECT 2", "SELECT 1", ""),
    ]


def test_messages_the_server_skips_may_come_behind_its_error() -> None:
    rows = play(
        (">", parse(b"", b"SELEC")),
        ("<", error(b"42601", b"syntax error")),
        (">", bind(b"", b"") + execute()),
        (">", SYNC),
        ("<", ready()),
        (">", query(b"SELECT 2")),
        ("<", ONE + ready()),
    )
    assert [each[1] for each in rows] == ["Parse", "Bind", "Execute", "Query"]
    assert [each[3].split(":")[0] for each in rows] == ["ERROR 42601", "skipped", "skipped", "SELECT 1"]


def test_an_error_at_sync_is_a_record() -> None:
    request = parse(b"", b"INSERT") + bind(b"", b"") + execute() + SYNC
    answer = PARSED + BOUND + done(b"INSERT 0 1") + error(b"23503", b"deferred") + ready()
    assert short(play((">", request), ("<", answer)))[3:] == [("Sync", None, "ERROR 23503: deferred", "")]


def test_a_statement_that_was_not_taken_leaves_its_name_to_the_one_before() -> None:
    rows = play(
        (">", parse(b"s", b"SELECT 1") + SYNC),
        ("<", PARSED + ready()),
        (">", parse(b"s", b"SELECT 2") + bind(b"", b"s") + SYNC + bind(b"", b"s") + execute() + SYNC),
        ("<", error(b"42P05", b"exists") + ready() + BOUND + ONE + ready()),
    )
    assert [(each[1], each[2]) for each in rows[1:]] == [
        ("Parse", "SELECT 2"),
        ("Bind", "SELECT 2"),
        ("Bind", "SELECT 1"),
        ("Execute", "SELECT 1"),
    ]


@pytest.mark.parametrize("cut", CUTS)
def test_copy(cut: int) -> None:
    rows = play(
        (">", query(b"COPY t FROM STDIN")),
        ("<", m(b"G", b"\0\0\1\0\0")),
        (">", m(b"d", b"1\n2\n") + m(b"d", b"3\n") + m(b"c")),
        ("<", done(b"COPY 3") + ready()),
        (">", query(b"COPY t TO STDOUT")),
        ("<", m(b"H", b"\0\0\1\0\0") + m(b"d", b"1\n") * 3 + m(b"c") + done(b"COPY 3") + ready()),
        cut=cut,
    )
    assert [(each[3], each[6]) for each in rows] == [("COPY 3, 6 bytes copied", 3)] * 2


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("first", [b"", m(b"d", b"1\n")])
def test_lost_data_of_a_copy_is_noted(extended: bool, first: bytes) -> None:
    sql = b"COPY t FROM STDIN"
    rows = play(
        (">", parse(b"", sql) + bind(b"", b"") + execute() + SYNC if extended else query(sql)),
        ("<", (PARSED + BOUND if extended else b"") + m(b"G", b"\0\0\0")),
        *([(">", first)] if first else []),
        (">gap", 50),
        (">", m(b"d", b"9\n") + m(b"c") + (SYNC if extended else b"")),
        ("<", done(b"COPY 9") + ready()),
        (">", query(b"SELECT 1")),
        ("<", ONE + ready()),
    )
    notes = {each[1]: each[3] for each in short(rows)}
    assert notes["COPY t FROM STDIN"] == "gap"
    assert notes["SELECT 1"] == ""


def test_copy_in_the_extended_protocol_ignores_the_sync_before_its_data() -> None:
    rows = play(
        (">", parse(b"", b"COPY t FROM STDIN") + bind(b"", b"") + execute() + SYNC),
        ("<", PARSED + BOUND + m(b"G", b"\0\0\0")),
        (">", m(b"d", b"1\n") + m(b"c") + SYNC),
        ("<", done(b"COPY 1") + ready()),
        (">", query(b"SELECT 1")),
        ("<", ONE + ready()),
    )
    assert short(rows)[2:] == [
        ("Execute", "COPY t FROM STDIN", "COPY 1, 2 bytes copied", ""),
        ("Query", "SELECT 1", "SELECT 1", ""),
    ]


def test_encryption_refused_goes_on_and_accepted_ends_it() -> None:
    talk = Talk()
    talk.step(">", struct.pack(">II", 8, 80877104))
    talk.step("<", b"N")
    talk.step(">", startup(b"user", b"app"))
    talk.step("<", HELLO + ready())
    assert [each[1] for each in talk.finish()] == ["Startup"]
    talk = Talk()
    talk.step(">", struct.pack(">II", 8, 80877103))
    talk.step("<", b"S")
    assert talk.parser.done
    assert short(talk.finish()) == [("SSLRequest", None, "accepted: encrypted from here on", "")]


def test_a_cancel_request_tells_no_key() -> None:
    talk = Talk()
    talk.step(">", struct.pack(">IIII", 16, 80877102, 1234, 99999))
    assert short(talk.finish()) == [("CancelRequest", "pid=1234", None, "")]


def test_notifications_come_at_any_time() -> None:
    told = m(b"A", struct.pack(">I", 7) + b"channel\0payload\0")
    rows = play(("<", told), (">", query(b"SELECT 1")), ("<", row(b"1") + told + done(b"SELECT 1") + ready()))
    assert Counter(each[1] for each in rows) == {"Notification": 2, "Query": 1}
    assert rows[0][2:4] == ("channel", "channel: payload (from pid 7)")


def test_rows_are_counted_and_bytes_in_them_never_taken_for_messages() -> None:
    tricky = row(ready() + done(b"SELECT 99") + error(b"XX000", b"no"))
    assert play((">", query(b"SELECT x")), ("<", tricky * 5 + done(b"SELECT 5") + ready()))[0][6:8] == (5, None)


def test_a_lost_answer_costs_its_own_request() -> None:
    lost = ONE + ready()
    rows = play(
        (">", query(b"SELECT 1")),
        ("<gap", len(lost)),
        *(
            (what, value)
            for n in range(3)
            for what, value in ((">", query(b"SELECT %d" % (n + 2))), ("<", ONE + ready()))
        ),
    )
    assert short(rows) == [("Query", "SELECT 1", None, "no_response,gap")] + [
        ("Query", f"SELECT {n + 2}", "SELECT 1", "") for n in range(3)
    ]


def test_a_lost_request_leaves_its_answer_a_record() -> None:
    rows = play(
        (">gap", len(query(b"SELECT 1"))),
        ("<", done(b"UPDATE 7") + ready()),
        (">", query(b"SELECT 2")),
        ("<", ONE + ready()),
        (">", query(b"SELECT 3")),
        ("<", ONE + ready()),
    )
    assert short(rows) == [
        (None, None, "UPDATE 7", "no_request"),
        ("Query", "SELECT 2", "SELECT 1", ""),
        ("Query", "SELECT 3", "SELECT 1", ""),
    ]


def test_bytes_lost_in_a_row_cost_nothing_else() -> None:
    answer = row(b"x" * 100) * 3 + done(b"SELECT 3") + ready()
    rows = play((">", query(b"SELECT x")), ("<", answer[:50]), ("<gap", 20), ("<", answer[70:]))
    assert [(each[3], each[6], each[9]) for each in rows] == [("SELECT 3", 3, "gap")]


def test_joined_in_the_extended_protocol_alone() -> None:
    step = bind(b"", b"s1", b"5") + execute() + SYNC
    rows = play((">", step), ("<", BOUND + ONE + ready()), (">", step), ("<", BOUND + ONE + ready()), midstream=True)
    assert [(each[1], each[2], each[4], each[9]) for each in rows[2:]] == [
        ("Bind", 'statement "s1"', '["5"]', "midstream"),
        ("Execute", 'statement "s1"', '["5"]', "midstream"),
    ]


def test_a_server_that_ends_the_connection_says_why() -> None:
    why = error(b"57P01", b"administrator command", severity=b"FATAL")
    assert play((">", query(b"SELECT 1")), ("<", why))[0][3:10] == (
        "FATAL 57P01: administrator command",
        None,
        None,
        None,
        "57P01",
        1,
        "",
    )
    assert short(play(("<", why))) == [(None, None, "FATAL 57P01: administrator command", "")]


@pytest.mark.parametrize("junk", [b"Q\xff\xff\xff\xff", b"Q\0\0\0\3", b"%nothing", b"\0" * 8])
def test_bytes_that_are_no_message_are_counted_and_survived(junk: bytes) -> None:
    talk = Talk()
    for what, value in BEGUN:
        talk.step(what, value)
    talk.step(">", junk)
    for number in range(3):
        talk.step(">", query(b"SELECT %d" % number))
        talk.step("<", ONE + ready())
    talk.finish()
    assert talk.parser.errors["bad_message"] == 1
    assert ("Query", "SELECT 2", "SELECT 1", "") in short(talk.rows)


def test_a_notice_before_the_answer_of_a_plain_cycle_belongs_to_its_execute_or_bind() -> None:
    notice = error(b"00000", b"hear", b"N", b"NOTICE")
    rows = play((">", bind(b"", b"s") + execute() + SYNC), ("<", notice + BOUND + ONE + ready()))
    assert [each[3] for each in rows] == ["NOTICE 00000: hear; BindComplete", "SELECT 1"]


@pytest.mark.parametrize(
    "unit",
    [
        query(b"SELECT 1"),
        parse(b"", b"SELECT $1") + bind(b"", b"", b"x") + describe() + execute() + SYNC,
        bind(b"", b"s", b"y" * 40) + execute() + SYNC,
        SYNC,
        bind(b"", b"s", b"y" * 40),
        m(b"d", b"x" * 5),
    ],
)
def test_requests_without_answers_stay_bounded(unit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_module, "MAX_BYTES", 1 << 17)
    parser = PgsqlParser(ConnectionInfo())
    start = startup(b"user", b"app")
    parser.feed(0, Chunk(start, 0, [0], [1]))
    block, offset = unit * (65536 // len(unit)), len(start)
    tracemalloc.start()
    try:
        for number in range(8):
            parser.feed(0, Chunk(block, offset, [offset], [number + 2]))
            offset += len(block)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 3 << 20  # with the bytes that wait less than the 4 MiB a connection may hold
    assert parser.errors == {}


def test_many_statements_and_portals_stay_bounded_and_those_in_use_are_known() -> None:
    talk = Talk()
    for what, value in BEGUN:
        talk.step(what, value)
    talk.step(">", parse(b"kept", b"SELECT 'kept'") + SYNC)
    talk.step("<", PARSED + ready())
    for number in range(300):
        talk.step(">", bind(b"portal%d" % number, b"kept", b"v" * 100) + execute(b"portal%d" % number) + SYNC)
        talk.step("<", BOUND + ONE + ready())
    assert talk.finish()[-1][2] == "SELECT 'kept'"


def test_requests_run_ahead_by_any_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_module, "ENOUGH", 4)
    asked = b"".join(query(b"SELECT %d" % number) for number in range(500))
    rows = play((">", asked), ("<", (ONE + ready()) * 500))
    assert [each[2] for each in rows] == [f"SELECT {number}" for number in range(500)]
    assert {each[9] for each in rows} == {""}


def test_any_cut_gives_the_same_rows() -> None:
    steps = (
        (
            ">",
            parse(b"s", b"SELECT $1", 25) + b"".join(bind(b"", b"s", b"%d" % n) + execute() + SYNC for n in range(5)),
        ),
        ("<", PARSED + (BOUND + row(b"x" * 30) * 3 + done(b"SELECT 3") + ready()) * 5),
        (">", query(b"SELECT 1; SELECT 2")),
        ("<", ONE + ONE + ready()),
    )
    wanted = play(*steps)
    assert len(wanted) == 12
    rng = random.Random(0)
    for _ in range(20):
        assert play(*steps, cut=rng.randint(1, 90)) == wanted
