"""Rows out of messages; the cases on whole connections are in test_parser."""

from tests.plugins.cql import wires as w

from pxcap.core.protocol import Settings
from pxcap.plugins.cql.stitch import MAX_PENDING, MAX_STATEMENTS, Stitcher
from pxcap.plugins.cql.types import Message


def message(data: bytes, time: int = 0) -> Message:
    flags, opcode = data[1], data[4]
    stream = int.from_bytes(data[2:4], "big", signed=True)
    return Message(time, data[0] & 0x7F, flags, stream, opcode, len(data) - 9, data[9:], "")


def stitcher(**settings: int) -> Stitcher:
    return Stitcher(Settings(**settings), False)  # type: ignore[arg-type]


def test_latency_and_order_of_columns() -> None:
    stitch = stitcher()
    stitch.request(message(w.query("SELECT 1", 4), 100))
    stitch.response(message(w.void(4), 350))
    assert stitch.rows == [(100, 7, "SELECT 1", 8, "Void", '{"consistency":"ONE"}', None, None, 4, 250, "")]


def test_too_many_waiting_requests_are_given_up_oldest_first() -> None:
    stitch = stitcher()
    for stream in range(MAX_PENDING + 3):
        stitch.request(message(w.query(f"SELECT {stream}", stream)))
    assert [row[2] for row in stitch.rows] == ["SELECT 0", "SELECT 1", "SELECT 2"]
    assert {row[-1] for row in stitch.rows} == {"no_response"}


def test_bodies_that_weigh_too_much_are_shortened() -> None:
    stitch = stitcher(body_limit=1000)
    for stream in range(40):
        stitch.request(message(w.query("SELECT '" + "x" * 60_000 + "'", stream)))
    assert sum(len(waiting.body) for waiting in stitch.matcher.pending.values()) <= 1 << 20
    stitch.response(message(w.void(0)))
    assert (stitch.rows[0][2][:9], stitch.rows[0][-1]) == ("SELECT 'x", "truncated")


def test_statements_are_bounded_oldest_out_first() -> None:
    stitch = stitcher()
    for n in range(MAX_STATEMENTS + 1):
        stitch.request(message(w.prepare(f"SELECT {n}", 1)))
        stitch.response(message(w.prepared(b"id %d" % n, [], (), 1)))
    for ident in (b"id 0", b"id 1"):
        stitch.request(message(w.execute(ident, [], 1)))
        stitch.response(message(w.void(1)))
    assert [row[2] for row in stitch.rows[-2:]] == ["EXECUTE 0x69642030", "SELECT 1"]


def test_a_statement_whose_text_was_lost_still_types_its_values_and_says_so() -> None:
    stitch = stitcher()
    stitch.lost = "gap"
    stitch.response(message(w.prepared(b"id", [("a", w.INT)], (), 1)))
    stitch.request(message(w.execute(b"id", [w.number(5)], 2)))
    stitch.response(message(w.void(2)))
    row = stitch.rows[-1]
    assert (row[2], row[-1]) == ("EXECUTE 0x6964", "gap")
    assert '"values":[5]' in row[5]


def test_scylla_metadata_ids_by_agreement() -> None:
    stitch = stitcher()
    stitch.request(message(w.startup(0, 4, SCYLLA_USE_METADATA_ID="")))
    stitch.response(message(w.ready()))
    stitch.request(message(w.prepare("SELECT ?", 1)))
    body = w.prepared(b"id", [("a", w.INT)], (), 1)[9:]
    stitch.response(message(w.answer(8, body[:8] + w.string("meta") + body[8:], 1)))
    stitch.request(
        message(w.message(10, w.string(b"id") + w.string("meta") + w.parameters(1, w.values(w.number(3))), 2))
    )
    stitch.response(message(w.void(2)))
    assert stitch.rows[-1][2] == "SELECT ?"
    assert '"result_metadata_id":"0x6d657461"' in stitch.rows[-1][5]
    assert '"values":[3]' in stitch.rows[-1][5]


def test_what_never_was_answered() -> None:
    stitch = stitcher()
    stitch.request(message(w.query("SELECT 1", 1), 5))
    stitch.finish()
    assert stitch.rows == [(5, 7, "SELECT 1", None, None, '{"consistency":"ONE"}', None, None, 4, None, "no_response")]
