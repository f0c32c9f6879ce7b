import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.dns.messages import MS, datagrams, exchange, framed, header, one, query, response, tcp, udp

from pxcap.core.protocol import LOST, TRUNCATED, Row
from pxcap.core.stream import Chunk
from pxcap.plugins.dns.parser import DnsParser

ASKED = query()
ANSWERED = response(ASKED, "www.example.test. 60 A 192.0.2.1")
LOOP = header(7, 0x0100, 1) + b"\xc0\x0c\0\1\0\1"
LOCAL = b"\1x\5local\0"


def notes(rows: list[Row]) -> list[str]:
    return [row[-1] for row in rows]


def test_row() -> None:
    row = one(exchange(udp(), [(1 * MS, ASKED)], [(3 * MS, ANSWERED)]))
    assert (row["time"], row["latency"], row["note"], row["transport"]) == (1 * MS, 2 * MS, "", "udp")
    assert (row["qname"], row["qtype"], row["rcode"]) == ("www.example.test", "A", "NOERROR")
    assert json.loads(str(row["req_header"]))["txid"] == json.loads(str(row["resp_header"]))["txid"] == 7
    assert json.loads(str(row["resp_body"]))["answers"][0]["addr"] == "192.0.2.1"


def test_the_second_and_third_time_give_the_same_as_the_first() -> None:
    """Messages met before take a shorter way."""
    first, *others = (exchange(udp(), [(1, ASKED)], [(3, ANSWERED)]) for _ in range(4))
    assert all(other == first for other in others)


def test_many_in_one_chunk() -> None:
    asked = [(number, query(f"host{number % 9}.test.", ident=number)) for number in range(300)]
    answered = [(time + 5, response(msg)) for time, msg in asked]
    rows = exchange(udp(), asked, answered)
    assert [(row[0], row[-2], row[-1]) for row in rows] == [(number, 5, "") for number in range(300)]


def test_chunks_of_datagrams_may_be_cut_anywhere_between() -> None:
    asked = [(number, query(f"host{number % 3}.test.", ident=number % 4)) for number in range(0, 60, 2)]
    answered = [(time + 3, response(msg)) for time, msg in asked if time % 5]
    wanted = exchange(udp(), asked, answered)
    parser = udp()
    rows: list[Row] = []
    for side, time, msg in sorted(
        [(0, *sent) for sent in asked] + [(1, *sent) for sent in answered], key=lambda s: s[1]
    ):
        rows += parser.feed(side, datagrams([(time, msg)], offset=1000 + time))
    rows += parser.finish(10**15)
    assert Counter(rows) == Counter(wanted)


ODD = {
    "header only": (header(7, 0x0120), header(7, 0x8180), "", "", "NOERROR", {}),
    "STATUS": (header(7, 0x1000), header(7, 0x9004), "", "", "NOTIMP", {}),
    "looping name, FORMERR": (LOOP, header(7, 0x8101), "", "", "FORMERR", {"name_pointer": 1}),
    "65535 answers in 12 bytes": (header(7, 0x0100, 0, 65535), header(7, 0x8101), "", "", "FORMERR", {"overrun": 1}),
    "more than the counts say": (ASKED + b"x", ANSWERED, "www.example.test", "A", "NOERROR", {"trailing_bytes": 1}),
    "hardly DNS, but answered": (b"\0\7" + b"GARBAGE" * 4, header(7, 0x8001), "", "", "FORMERR", {"name_label": 1}),
    "root": (query(".", "NS"), response(query(".", "NS")), ".", "NS", "NOERROR", {}),
    "question in the answer only": (header(7, 0x0100), ANSWERED, "www.example.test", "A", "NOERROR", {}),
}


@pytest.mark.parametrize(("asked", "answered", "qname", "qtype", "rcode", "errors"), ODD.values(), ids=ODD.keys())
def test_odd(asked: bytes, answered: bytes, qname: str, qtype: str, rcode: str, errors: dict[str, int]) -> None:
    parser = udp()
    row = one(exchange(parser, [(1, asked)], [(3, answered)]))
    assert (row["qname"], row["qtype"], row["rcode"], row["note"]) == (qname, qtype, rcode, "")
    assert parser.errors == errors


NO_RECORD = {
    "empty": (b"", {"too_short": 1}),
    "11 bytes": (b"\0" * 11, {"too_short": 1}),
    "hardly DNS": (b"\0\7" + b"GARBAGE" * 4, {"name_label": 1}),
    "stateful operation": (header(7, 0x3000), {"dso": 1}),
}


@pytest.mark.parametrize(("data", "errors"), NO_RECORD.values(), ids=NO_RECORD.keys())
def test_counted_and_no_record(data: bytes, errors: dict[str, int]) -> None:
    parser = udp()
    assert exchange(parser, [(1, data), (2, ASKED)], [(3, ANSWERED)])[0][-1] == ""
    assert parser.errors == errors


def test_datagrams_the_capture_cut() -> None:
    parser = udp()
    rows = parser.feed(0, datagrams([(1, ASKED[:20]), (2, query(ident=8))], cut={0: len(ASKED) - 20}))
    rows += parser.feed(1, datagrams([(3, ANSWERED[:-2]), (4, response(query(ident=8))), (5, b"\0")], cut={0: 2, 2: 9}))
    assert [(row[0], row[-1]) for row in rows] == [(1, "truncated"), (2, "")]
    assert rows[0][5:7] == ("www.example.test", "A")
    assert parser.errors == {"cut_header": 1}


def test_udp_has_no_gaps() -> None:
    assert udp().gap(0, 5, 1, LOST) == []


def test_sides_taken_for_each_other() -> None:
    parser = udp()
    parser.feed(0, datagrams([(3, ANSWERED)]))
    assert parser.lockstep
    parser.feed(1, datagrams([(1, ASKED)]))
    assert [(row[0], row[-2], row[-1]) for row in parser.finish(9)] == [(1, 2, "")]


def service_of(rows: list[Row]) -> str | None:
    """Of the query, or of the response when there is none."""
    return json.loads(rows[0][1] or rows[0][3]).get("service")


SERVICES = {
    "question to the group": ("224.0.0.251", 5353, header(0, 0, 1) + LOCAL + b"\0\1\0\1", "mdns"),
    "one-shot question to the group": ("224.0.0.251", 5353, query("x.local."), "mdns"),
    "question to one host": ("192.0.2.9", 5353, header(0, 0, 1) + LOCAL + b"\0\1\0\1", "mdns"),
    "announcement": ("ff02::fb", 5353, header(0, 0x8400, 0, 1) + LOCAL + b"\0\1\x80\1\0\0\0\x3c\0\4\xc0\0\2\1", "mdns"),
    "DNS server on the port of mDNS": ("192.0.2.9", 5353, ASKED, None),
    "with a name in local": ("192.0.2.9", 5353, query("a.svc.cluster.local."), None),
    "LLMNR": ("224.0.0.252", 5355, header(9, 0, 1) + LOCAL + b"\0\1\0\1", "llmnr"),
    "LLMNR answer": ("192.0.2.9", 5355, header(9, 0x8000, 1) + LOCAL + b"\0\1\0\1", "llmnr"),
    "DNS server on the port of LLMNR": ("192.0.2.9", 5355, header(9, 0x8180, 1) + LOCAL + b"\0\1\0\1", None),
}  # fmt: skip


@pytest.mark.parametrize(("server", "port", "msg", "service"), SERVICES.values(), ids=SERVICES.keys())
def test_services_are_told_apart(server: str, port: int, msg: bytes, service: str | None) -> None:
    assert service_of(exchange(udp(port, server), [(1, msg)])) == service


def test_mdns_answer_to_a_question_of_the_same_flow() -> None:
    question = header(0, 0, 1) + LOCAL + b"\0\1\x80\1"
    record = header(0, 0x8400, 0, 1) + LOCAL + b"\0\1\x80\1\0\0\0\x3c\0\4\xc0\0\2\1"
    rows = exchange(udp(5353, "192.0.2.9", 5353), [(1, question)], [(4, record), (5, record)])
    assert [(row[-2], row[-1]) for row in rows] == [(3, ""), (None, "no_request")]
    assert json.loads(rows[0][2])["queries"][0]["unicast_response"] is True
    assert json.loads(rows[0][4])["answers"][0]["cache_flush"] is True


# TCP

PAIRS = [(query(f"host{number}.test.", ident=number), f"host{number}.test. 60 A 192.0.2.1") for number in range(6)]
REQUESTS = framed(*(asked for asked, _ in PAIRS))
RESPONSES = framed(*(response(asked, answer) for asked, answer in reversed(PAIRS)))


def stream(data: bytes, places: list[int], time: int) -> list[Chunk]:
    edges = [0, *sorted(places), len(data)]
    return [Chunk(data[a:b], a, [a], [time]) for a, b in pairwise(edges) if a < b]


def play(parser: DnsParser, requests: list[Chunk], responses: list[Chunk]) -> list[Row]:
    rows = [row for chunk in requests for row in parser.feed(0, chunk)]
    rows += [row for chunk in responses for row in parser.feed(1, chunk)]
    return rows + parser.finish(10**15)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, len(REQUESTS)), max_size=8), st.lists(st.integers(0, len(RESPONSES)), max_size=8))
def test_pipelined_in_any_order_and_cut_anywhere(requests: list[int], responses: list[int]) -> None:
    rows = play(tcp(), stream(REQUESTS, requests, 1), stream(RESPONSES, responses, 9))
    assert [(row[5], row[-2], row[-1], row[-3]) for row in rows] == [
        (f"host{number}.test", 8, "", "tcp") for number in reversed(range(6))
    ]


def test_gap_costs_the_message_it_falls_into() -> None:
    parser = tcp()
    parser.feed(0, Chunk(REQUESTS, 0, [0], [1]))
    rows = parser.feed(1, Chunk(RESPONSES[:20], 0, [0], [9]))
    rows += parser.gap(1, 10, 9, LOST)
    rows += parser.feed(1, Chunk(RESPONSES[30:], 30, [30], [10]))
    assert notes(rows) == ["gap", "", "", "", "", ""]
    assert parser.finish(11) == []
    assert parser.errors == {}


def test_segment_cut_by_the_snap_length() -> None:
    parser = tcp()
    parser.feed(0, Chunk(REQUESTS[:20], 0, [0], [1]))
    rows = parser.gap(0, len(REQUESTS) - 20, 1, TRUNCATED)
    rows += parser.feed(1, Chunk(RESPONSES, 0, [0], [9])) + parser.finish(10)
    assert Counter(notes(rows)) == {"truncated": 1, "no_request": 5}


def test_gap_before_a_header_is_seen() -> None:
    parser = tcp()
    parser.feed(0, Chunk(REQUESTS[:5], 0, [0], [1]))
    assert parser.gap(0, 10, 1, LOST) == []
    assert len(parser.feed(0, Chunk(REQUESTS[15:], 15, [15], [1])) + parser.finish(2)) == 5


def test_midstream() -> None:
    parser = tcp(midstream=True)
    rows = parser.feed(0, Chunk(REQUESTS[9:], 0, [0], [1])) + parser.feed(1, Chunk(RESPONSES[9:], 0, [0], [2]))
    assert Counter(notes(rows + parser.finish(3))) == {"": 4, "no_request": 1, "no_response": 1}


def test_impossible_length() -> None:
    parser = tcp()
    parser.feed(0, Chunk(b"\0\1x" + REQUESTS, 0, [0], [1]))
    assert len(parser.finish(2)) == 6
    assert parser.errors == {"bad_length": 1}


def test_at_the_end_what_is_there_is_shown() -> None:
    parser = tcp()
    parser.feed(0, Chunk(framed(ASKED), 0, [0], [1]))
    parser.feed(1, Chunk(framed(ANSWERED)[:-3], 0, [0], [2]))
    row = one(parser.finish(3))
    assert (row["rcode"], row["latency"], row["note"]) == ("NOERROR", 1, "truncated")


def soa(serial: int = 5) -> str:
    return f"zone.test. 60 SOA ns.test. admin.test. {serial} 1 1 1 1"


def test_zone_transfer_is_one_record() -> None:
    asked = query("zone.test.", "AXFR")
    parts = [response(asked, *records) for records in ([soa()], ["a.zone.test. 60 A 192.0.2.1"], [soa()])]
    parser = tcp()
    parser.feed(0, Chunk(framed(asked, query(ident=8)), 0, [0], [1]))
    rows: list[Row] = []
    at = 0
    for time, part in ((2, parts[0]), (3, parts[1]), (4, response(query(ident=8))), (5, parts[2])):
        rows += parser.feed(1, Chunk(framed(part), at, [at], [time]))
        at += len(part) + 2
    assert [(row[6], row[-2], row[-1]) for row in rows] == [("A", 3, ""), ("AXFR", 4, "")]
    body = json.loads(rows[1][4])
    assert ([item["type"] for item in body["answers"]], body["messages"]) == (["SOA", "A", "SOA"], 3)


def test_zone_transfer_that_does_not_end() -> None:
    asked = query("zone.test.", "AXFR")
    first = framed(response(asked, soa()))
    parser = tcp()
    parser.feed(0, Chunk(framed(asked), 0, [0], [1]))
    assert parser.feed(1, Chunk(first, 0, [0], [2])) == []
    assert notes(parser.finish(3)) == ["truncated"]


def test_zone_transfer_with_a_gap() -> None:
    asked = query("zone.test.", "AXFR")
    first, last = framed(response(asked, soa())), framed(response(asked, soa()))
    parser = tcp()
    parser.feed(0, Chunk(framed(asked), 0, [0], [1]))
    parser.feed(1, Chunk(first, 0, [0], [2]))
    parser.gap(1, 5000, 3, LOST)
    at = len(first) + 5000
    assert notes(parser.feed(1, Chunk(last, at, [at], [4]))) == ["gap"]


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["udp", "mdns", "tcp", "midstream"]),
    st.lists(
        st.tuples(st.booleans(), st.one_of(st.binary(max_size=60), st.just(ASKED), st.just(ANSWERED))), max_size=12
    ),
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 255)), max_size=4),
)
def test_any_bytes(kind: str, sent: list[tuple[bool, bytes]], changes: list[tuple[int, int]]) -> None:
    parser = {"udp": udp, "mdns": lambda: udp(5353), "tcp": tcp, "midstream": lambda: tcp(True)}[kind]()
    rows: list[Row] = []
    at = [0, 0]
    for time, (side, data) in enumerate(sent):
        changed = bytearray(framed(data) if "t" in kind or kind == "midstream" else data)
        for place, value in changes:
            if place < len(changed):
                changed[place] = value
        if changed:
            rows += parser.feed(int(side), Chunk(bytes(changed), at[side], [at[side]], [time]))
            at[side] += len(changed)
    for row in rows + parser.finish(99):
        assert len(row) == 11
        for text in row[1:5]:
            json.loads(text or "{}")


def test_pending_queries_are_bounded() -> None:
    parser = udp()
    total = 0
    for start in range(0, 40_000, 4000):
        names = [b"\5%05d\x3c%s\0\0\1\0\1" % (number, b"x" * 60) for number in range(start, start + 4000)]
        sent = [(start + index, header(start + index, 0x0100, 1) + name) for index, name in enumerate(names)]
        total += len(parser.feed(0, datagrams(sent)))
    assert total > 0
    assert total + len(parser.finish(10**15)) == 40_000
