"""The parser as a person sees it: bytes of both sides in, rows out."""

import json
import struct

import cramjam
import lz4.block  # type: ignore[import-untyped]
import pytest
from tests.plugins.cql import wires as w
from tests.plugins.cql.exchange import STEP, Exchange

from pxcap.core.protocol import REQUEST, RESPONSE, TRUNCATED

ID = b"i" * 16
ROWS = ([("id", w.INT), ("name", w.TEXT)], [[w.number(1), b"one"], [w.number(2), None]])


def opened(version: int = 4, packed: bool = False, **options: str) -> Exchange:
    return Exchange().ask(w.startup(version=version, **options)).tell(w.ready(version=version))


def test_a_query_and_its_rows() -> None:
    rows = opened().ask(w.query("SELECT id, name FROM t", 7)).tell(w.rows(*ROWS, 7)).finish()
    assert rows[1] == {
        "time_": rows[1]["time_"],
        "req_op": 7,
        "req_body": "SELECT id, name FROM t",
        "resp_op": 8,
        "resp_body": 'Rows = 2\n["id","name"]\n[1,"one"]\n[2,null]',
        "req_params": '{"consistency":"ONE"}',
        "resp_code": None,
        "resp_rows": 2,
        "protocol_version": 4,
        "latency": STEP,
        "note": "",
    }


@pytest.mark.parametrize("version", [3, 4])
def test_an_execute_shows_the_prepared_text_and_its_values(version: int) -> None:
    talk = opened(version)
    talk.ask(w.prepare("SELECT id, name FROM t WHERE id = ? AND name = ?", 1, version))
    talk.tell(w.prepared(ID, ROWS[0], ROWS[0], 1, version))
    talk.ask(w.execute(ID, [w.number(5), b"x"], 2, version))
    talk.tell(w.answer(8, w.rows_body(*ROWS, flags=4), 2, version))
    last = talk.finish()[-1]
    assert last["req_body"] == "SELECT id, name FROM t WHERE id = ? AND name = ?"
    assert json.loads(last["req_params"])["values"] == [5, "x"]
    assert last["resp_body"] == 'Rows = 2\n["id","name"]\n[1,"one"]\n[2,null]'


@pytest.mark.parametrize("packed", [False, True])
def test_v5_goes_over_to_segments(packed: bool) -> None:
    options = {"COMPRESSION": "lz4"} if packed else {}
    talk = opened(5, **options)
    cql = "SELECT id, name FROM t WHERE id = ? AND name = ? /* long enough to be compressed, compressed, compressed */"
    talk.ask(w.segment(w.prepare(cql, 1, 5), packed=packed))
    talk.tell(w.segment(w.prepared(ID, ROWS[0], ROWS[0], 1, 5), packed=packed))
    both = w.execute(ID, [w.number(5), b"x"], 2, 5) + w.execute(ID, [w.number(6), None], 3, 5)
    talk.ask(w.segment(both, packed=packed))
    talk.tell(w.segments(w.rows(*ROWS, 3, 5), 40, packed), w.segment(w.void(2, 5), packed=packed))
    rows = talk.finish()
    assert [(row["req_body"], row["resp_rows"]) for row in rows[2:]] == [(cql, 2), (cql, None)]
    assert [json.loads(row["req_params"])["values"] for row in rows[2:]] == [[6, None], [5, "x"]]
    assert {row["protocol_version"] for row in rows} == {5}
    assert talk.parser.errors == {}


def test_a_v5_beta_without_segments() -> None:
    talk = opened(5).ask(w.query("SELECT 1 FROM t", 1, 5)).tell(w.rows(*ROWS, 1, 5))
    assert talk.finish()[-1]["resp_rows"] == 2
    assert talk.parser.errors == {}


@pytest.mark.parametrize("codec", ["lz4", "snappy"])
def test_compressed_bodies(codec: str) -> None:
    def pack(message: bytes) -> bytes:
        body = message[9:]
        if codec == "lz4":
            small = struct.pack(">I", len(body)) + lz4.block.compress(body, store_size=False)
        else:
            small = bytes(cramjam.snappy.compress_raw(body))
        return message[:1] + bytes([message[1] | 1]) + message[2:5] + struct.pack(">I", len(small)) + small

    talk = opened(COMPRESSION=codec).ask(pack(w.query("SELECT id, name FROM t", 1))).tell(pack(w.rows(*ROWS, 1)))
    last = talk.finish()[-1]
    assert (last["req_body"], last["resp_rows"], last["note"]) == ("SELECT id, name FROM t", 2, "")
    midway = Exchange(midstream=True).ask(pack(w.query("SELECT id, name FROM t", 1))).tell(pack(w.rows(*ROWS, 1)))
    assert midway.finish()[-1]["resp_rows"] == 2
    damaged = opened(COMPRESSION=codec).ask(w.query("SELECT 1", 1)).tell(w.answer(8, b"\0\0\0\x09garbage", 1, flags=1))
    assert damaged.finish()[-1]["note"] == "truncated"
    assert damaged.parser.errors == {"bad_compression": 1}


def test_a_compressed_body_beyond_the_bound_keeps_its_header() -> None:
    body = struct.pack(">I", 100 << 20) + bytes(2 << 20)
    talk = opened(COMPRESSION="lz4").ask(w.query("SELECT blob FROM t", 1)).tell(w.answer(8, body, 1, flags=1))
    last = talk.finish()[-1]
    assert (last["resp_op"], last["resp_rows"], last["note"]) == (8, None, "truncated")
    assert talk.parser.errors == {}


def test_answers_out_of_order_and_ids_used_again_while_requests_run_ahead() -> None:
    talk = opened()
    talk.ask(b"".join(w.query(f"SELECT {n}", n % 2) for n in range(6)))
    order = [1, 0, 2, 3, 5, 4]  # of the requests; each id is free again when it is used
    for n in order:
        talk.tell(w.rows([("n", w.INT)], [[w.number(n)]], n % 2))
    found = [(row["req_body"], row["resp_body"].splitlines()[-1]) for row in talk.finish()[1:]]
    assert found == [(f"SELECT {n}", f"[{n}]") for n in order]


def test_an_id_used_again_gives_up_the_older_request() -> None:
    talk = opened().ask(w.query("SELECT 1", 1), w.query("SELECT 2", 1), w.query("SELECT 3", 2))
    rows = talk.tell(w.void(2), w.void(1)).finish()
    assert [(row["req_body"], row["note"]) for row in rows[1:]] == [
        ("SELECT 1", "no_response"),
        ("SELECT 3", ""),
        ("SELECT 2", ""),
    ]


def test_events_are_records_without_a_request() -> None:
    event = w.string("STATUS_CHANGE") + w.string("UP") + b"\x04\x0a\0\0\1" + w.number(9042)
    row = opened().tell(w.answer(12, event, -1)).finish()[-1]
    assert (row["req_op"], row["resp_op"], row["resp_body"], row["note"]) == (
        None,
        12,
        "STATUS_CHANGE UP 10.0.0.1:9042",
        "",
    )


def test_negotiation_down_is_answered_in_the_servers_version() -> None:
    error = w.number(10) + w.string("Invalid or unsupported protocol version (66)")
    talk = Exchange().ask(w.message(5, version=66)).tell(w.answer(0, error, 0, 4))
    row = talk.finish()[0]
    assert (row["resp_code"], row["protocol_version"]) == (10, 66)


def test_old_versions_are_counted_by_name() -> None:
    old = struct.pack(">BBbBI", 2, 0, 3, 7, 12) + w.long_string("SELECT 1")
    talk = Exchange().ask(old).tell(struct.pack(">BBbBI", 0x82, 0, 3, 8, 4) + w.number(1))
    row = talk.finish()[0]
    assert (row["req_body"], row["resp_body"], row["protocol_version"]) == ("SELECT 1", "RESULT", 2)
    assert talk.parser.errors == {"protocol_v2": 2}


def test_a_gap_inside_a_body_costs_only_that_message() -> None:
    big = w.rows([("x", w.TEXT)], [[b"y" * 500]] * 10, 1)
    talk = opened().ask(w.query("SELECT x FROM t", 1)).tell(big[:300]).lose(RESPONSE, 2000).tell(big[2300:])
    talk.ask(w.query("SELECT 2", 1)).tell(w.void(1))
    rows = talk.finish()
    assert [(row["req_body"], row["resp_rows"], row["note"]) for row in rows[1:]] == [
        ("SELECT x FROM t", 10, "gap"),
        ("SELECT 2", None, ""),
    ]
    assert talk.parser.errors == {}


@pytest.mark.parametrize("packed", [False, True])
def test_a_gap_over_messages_is_found_out_of(packed: bool) -> None:
    """The requests 1 and 2 are lost, and half of 3; what they asked is answered."""
    for version in (4, 5):

        def wrap(data: bytes, framed: bool = version == 5) -> bytes:
            return w.segment(data, packed=packed) if framed else data

        talk = opened(version)
        questions = [wrap(w.query(f"SELECT {n} FROM t /* {'x' * 50} */", n, version)) for n in range(6)]
        lost = len(questions[1]) + len(questions[2]) + 20
        talk.ask(questions[0]).tell(wrap(w.void(0, version)))
        talk.lose(REQUEST, lost).ask(questions[3][20:] + questions[4])
        talk.tell(*(wrap(w.void(n, version)) for n in range(1, 5)))
        talk.ask(questions[5]).tell(wrap(w.void(5, version)))
        found = [((row["req_body"] or "")[:8], row["note"]) for row in talk.finish()[1:]]
        assert found == [
            ("SELECT 0", ""),
            ("", "no_request"),
            ("", "no_request"),
            ("", "no_request"),
            ("SELECT 4", ""),
            ("SELECT 5", ""),
        ], version


@pytest.mark.parametrize("version", [4, 5])
def test_joined_in_midstream(version: int) -> None:
    def wrap(data: bytes) -> bytes:
        return w.segment(data) if version == 5 else data

    talk = Exchange(midstream=True)
    talk.ask(b"the end of a statement\0\x01\0" + wrap(w.query("SELECT 1", 1, version)))
    talk.tell(b"a row's last cell" + bytes(20) + wrap(w.rows(*ROWS, 1, version)))
    talk.ask(wrap(w.query("SELECT 2", 2, version))).tell(wrap(w.void(2, version)))
    assert [(row["req_body"], row["note"]) for row in talk.finish()] == [("SELECT 1", ""), ("SELECT 2", "")]


def test_one_side_only() -> None:
    asked = opened().ask(w.query("SELECT 1", 1)).finish()
    assert (asked[-1]["req_body"], asked[-1]["resp_op"], asked[-1]["note"]) == ("SELECT 1", None, "no_response")
    told = Exchange(midstream=True).tell(w.rows(*ROWS, 1)).finish()
    assert (told[-1]["req_op"], told[-1]["resp_rows"], told[-1]["note"]) == (None, 2, "no_request,midstream")


def test_what_is_cut_by_the_snap_length_is_said() -> None:
    question = w.query("SELECT " + "x" * 100, 1)
    talk = opened().ask(question[:40]).lose(REQUEST, len(question) - 40, TRUNCATED).tell(w.void(1))
    last = talk.finish()[-1]
    assert (last["req_body"][:8], last["note"]) == ("SELECT x", "truncated")


def test_hostile_headers_are_counted_and_left_behind() -> None:
    talk = opened().ask(struct.pack(">BBhBI", 4, 0, 1, 7, 0xFFFFFFFF) + b"x" * 100 + w.query("SELECT 1", 1))
    assert talk.tell(w.void(1)).finish()[-1]["req_body"] == "SELECT 1"
    assert talk.parser.errors == {"bad_header": 1}


def test_a_wrong_checksum_is_counted() -> None:
    bad = bytearray(w.segment(w.query("SELECT 1", 1, 5)))
    bad[-1] ^= 1
    talk = opened(5).ask(bytes(bad)).tell(w.segment(w.void(1, 5)))
    assert talk.finish()[-1]["req_body"] == "SELECT 1"
    assert talk.parser.errors == {"bad_checksum": 1}


def test_one_byte_at_a_time_takes_linear_time() -> None:
    """A message of 200 KB in pieces of one byte: quadratic work would take minutes."""
    big = w.rows([("x", w.TEXT)], [[b"y" * 1000]] * 200, 1)
    talk = opened().ask(w.query("SELECT x", 1))
    for at in range(len(big)):
        talk.tell(big[at : at + 1])
    assert talk.finish()[-1]["resp_rows"] == 200
