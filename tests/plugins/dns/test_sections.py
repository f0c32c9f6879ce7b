import json

import dns.exception
import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.dns.messages import header, query, response

from pxcap.plugins.dns.header import read_head
from pxcap.plugins.dns.sections import MAX_NAMES, Walk

QUESTION = b"\3www\4test\0\0\1\0\1"
ADDRESS = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"


def walk(msg: bytes, limit: int = 65536, service: str = "") -> Walk:
    found = Walk(msg, limit, service)
    found.run(read_head(msg))
    return found


def test_question_and_records() -> None:
    asked = query("www.example.test.", "A")
    found = walk(response(asked, "www.example.test. 60 CNAME web.test.", "web.test. 30 A 192.0.2.1"))
    assert found.first[1:4] == ("www.example.test", "A", "www.example.test A")
    assert [json.loads(text) for text in found.answers] == [
        {"name": "www.example.test", "type": "CNAME", "class": "IN", "ttl": 60, "cname": "web.test", "data": "web.test."},
        {"name": "web.test", "type": "A", "class": "IN", "ttl": 30, "addr": "192.0.2.1", "data": "192.0.2.1"},
    ]  # fmt: skip
    assert found.errors == []


def test_the_same_bytes_give_the_same_from_memory() -> None:
    msg = response(query(), "www.example.test. 60 A 192.0.2.1", "www.example.test. 60 AAAA 2001:db8::1")
    first, again = walk(msg), walk(msg)
    assert (first.first, first.answers) == (again.first, again.answers)


def test_an_address_record_remembered_keeps_its_own_name() -> None:
    other = response(query("other.test."), "other.test. 60 A 192.0.2.1")
    walk(response(query(), "www.example.test. 60 A 192.0.2.1"))
    assert json.loads(walk(other).answers[0])["name"] == "other.test"


BAD = {
    "question runs over": (header(1, 0, 1) + QUESTION[:-1], ["overrun"]),
    "no question": (header(1, 0, 1), ["overrun"]),
    "65535 questions": (header(1, 0, 65535) + QUESTION, ["overrun"]),
    "65535 answers": (header(1, 0x8000, 0, 65535), ["overrun"]),
    "record cut in its fixed part": (header(1, 0x8000, 1, 1) + QUESTION + ADDRESS[:8], ["overrun"]),
    "record cut in its data": (header(1, 0x8000, 1, 1) + QUESTION + ADDRESS[:-1], ["overrun"]),
    "name that points at itself": (header(1, 0, 1) + b"\xc0\x0c\0\1\0\1", ["name_pointer"]),
    "more than the counts say": (header(1, 0, 1) + QUESTION + b"x", ["trailing_bytes"]),
    "address of three bytes": (header(1, 0x8000, 1, 1) + QUESTION + ADDRESS[:11] + b"\3abc", ["bad_rdata"]),
    "bad options": (header(1, 0, 1, 0, 0, 1) + QUESTION + b"\0\0\x29\2\0\0\0\0\0\0\1x", ["bad_edns"]),
}


@pytest.mark.parametrize(("msg", "errors"), BAD.values(), ids=BAD.keys())
def test_bad(msg: bytes, errors: list[str]) -> None:
    assert walk(msg).errors == errors


def test_what_came_before_the_fault_is_kept() -> None:
    found = walk(header(1, 0x8000, 1, 3) + QUESTION + ADDRESS * 2)
    assert (len(found.answers), found.answers_read, found.errors) == (2, 2, ["overrun"])


def test_several_questions() -> None:
    found = walk(header(1, 0, 2) + QUESTION + b"\xc0\x0c\0\x1c\0\1")
    assert [json.loads(text)["type"] for text in found.queries] == ["A", "AAAA"]
    assert found.first[3] == "www.test A"


def test_records_beyond_the_limit_are_counted() -> None:
    found = walk(header(1, 0x8000, 1, 500) + QUESTION + ADDRESS * 500, limit=1000)
    assert 0 < sum(map(len, found.answers)) <= 1000
    assert (found.answers_read, found.errors) == (500, [])


def test_opt_behind_the_limit_is_still_read() -> None:
    found = walk(header(1, 0x8000, 1, 500, 0, 1) + QUESTION + ADDRESS * 500 + b"\0\0\x29\2\0\1\0\0\0\0\0", limit=100)
    assert found.extended == 1
    assert found.edns


def test_questions_beyond_the_limit_are_not_kept() -> None:
    found = walk(header(1, 0, 300) + QUESTION + b"\xc0\x0c\0\1\0\1" * 299, limit=200)
    assert (len(found.queries), found.errors) == (200 // len(found.queries[0]), [])


def test_top_bit_of_the_class_in_mdns() -> None:
    question = walk(header(0, 0, 1) + QUESTION[:-2] + b"\x80\1", service="mdns")
    assert json.loads(question.queries[0]) == {"name": "www.test", "type": "A", "class": "IN", "unicast_response": True}
    record = walk(header(0, 0x8400, 0, 1) + b"\1x\0\0\1\x80\1\0\0\0\x3c\0\4\xc0\0\2\1", service="mdns")
    assert json.loads(record.answers[0])["cache_flush"] is True
    assert record.names == ("x A",)
    assert json.loads(walk(header(0, 0, 1) + QUESTION[:-2] + b"\x80\1").queries[0])["class"] == "CLASS32769"


def test_names_are_bounded() -> None:
    found = walk(header(0, 0, 300) + QUESTION + b"\xc0\x0c\0\1\0\1" * 299, service="mdns")
    assert len(found.names) == MAX_NAMES
    found = walk(header(0, 0x8400, 0, 300) + b"\1x\0\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1" * 300, service="mdns")
    assert len(found.names) == MAX_NAMES


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_counts_equal_to_dnspython(data: st.DataObject) -> None:
    """On mutated messages: what dnspython reads in full, the walk reads without error, and no bytes raise."""
    good = response(query(), "www.example.test. 60 CNAME web.test.", "web.test. 30 MX 5 mail.test.", "a. 1 TXT x y")
    msg = bytearray(good)
    for _ in range(data.draw(st.integers(0, 3))):
        msg[data.draw(st.integers(0, len(msg) - 1))] = data.draw(st.integers(0, 255))
    found = walk(bytes(msg))
    json.loads(f"[{','.join([*found.queries, *found.answers, *found.authority, *found.additional])}]")
    try:
        wanted = dns.message.from_wire(bytes(msg), one_rr_per_rrset=True)
    except (dns.exception.DNSException, ValueError):
        return
    if wanted.opcode() == 0 and wanted.edns < 0 and not wanted.had_tsig:
        assert found.errors == []
        assert len(found.answers) == len(wanted.answer)
