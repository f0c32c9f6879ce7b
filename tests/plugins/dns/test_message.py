import json

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.dns.messages import header, query, response

from pxcap.plugins.dns import message as module
from pxcap.plugins.dns.message import Known, closing, decode, known
from pxcap.plugins.dns.sections import Walk

QUESTION = b"\3www\4test\0\0\1\0\1"


def test_query() -> None:
    found = decode(query("www.example.test.", "AAAA", ident=9), 65536)
    assert json.loads(found.body) == {"queries": [{"name": "www.example.test", "type": "AAAA", "class": "IN"}]}
    assert (found.response, found.qname, found.qtype, found.rare) == (False, "www.example.test", "AAAA", None)
    assert decode(query("www.example.test.", "AAAA", ident=9), 65536) == found


def test_response_with_every_section() -> None:
    msg = header(1, 0x8000, 1, 1, 1, 2) + QUESTION + (b"\xc0\x0c\0\2\0\1\0\0\0\x3c\0\2\xc0\x0c") * 3
    msg += b"\0\0\x29\4\xd0\0\0\0\0\0\0"
    body = json.loads(decode(msg, 65536).body)
    assert list(body) == ["answers", "authority", "additional", "edns"]
    assert body["additional"][0]["data"] == "www.test."
    assert body["edns"]["udp_size"] == 1232


def test_extended_response_code() -> None:
    asked = query(use_edns=0)
    assert decode(response(asked, rcode=16), 65536).rcode == "BADVERS"
    assert decode(response(asked, rcode=3), 65536).rcode == "NXDOMAIN"


def test_update_shows_its_sections_in_the_query() -> None:
    msg = header(1, 0x2800, 1, 1, 1) + b"\4zone\0\0\6\0\1" + b"\1a\xc0\x0c\0\xff\0\xfe\0\0\0\0\0\0" * 2
    found = decode(msg, 65536)
    assert list(json.loads(found.body)) == ["queries", "answers", "authority"]
    assert json.loads(found.body)["answers"][0]["class"] == "NONE"
    assert (found.qname, found.qtype) == ("zone", "SOA")
    assert found.rare is not None
    assert found.rare.opcode == 5


def test_answers_beyond_the_limit() -> None:
    msg = response(query(), *(f"www.example.test. 60 A 192.0.2.{number}" for number in range(50)))
    body = json.loads(decode(msg, 500).body)
    assert len(body["answers"]) < 50
    assert body["num_answers_total"] == 50


def test_cut_message_is_no_error() -> None:
    found = decode(response(query(), "www.example.test. 60 A 192.0.2.1")[:-3], 65536, cut="truncated")
    assert found.rare is not None
    assert (found.rare.errors, found.rare.cut, found.qname) == ((), "truncated", "www.example.test")


def test_service_stands_in_the_header() -> None:
    found = decode(header(0, 0, 1) + QUESTION, 65536, "mdns")
    assert json.loads('{"txid":0' + found.header)["service"] == "mdns"
    assert found.rare is not None
    assert found.rare.names == {"www.test A"}


def test_dubious() -> None:
    """Unknown opcode or reserved bits, and not even a question: hardly DNS."""
    text = decode(b"GET / HTTP/1.1\r\n\r\n", 65536).rare
    assert text is not None
    assert text.dubious
    looping = decode(header(1, 0x0100, 1) + b"\xc0\x0c\0\1\0\1", 65536).rare
    assert looping is not None
    assert not looping.dubious


def test_a_small_message_met_twice_is_known() -> None:
    msg = query("met-twice.test.", ident=1)
    table = known(4242)
    decode(msg, 4242)
    decode(msg, 4242)
    assert table[msg[2:]] == decode(msg, 4242)
    large = response(query("large.test."), *(f"large.test. 60 TXT {'x' * 200}{number}" for number in range(5)))
    decode(large, 4242)
    decode(large, 4242)
    assert large[2:] not in table


def test_known_is_bounded() -> None:
    table = Known()
    found = decode(query(), 65536)
    for number in range(module.MAX_KNOWN // module.ENTRY):
        table.put(number.to_bytes(4), found)
    assert len(table) < module.MAX_KNOWN // module.ENTRY
    assert table


def test_marks_of_messages_met_once_are_forgotten() -> None:
    for number in range(70_000):
        module._recall(number.to_bytes(6), 4243, decode(query(), 4243))
    assert sum(module._once) <= len(module._once) // 4


def test_closing() -> None:
    assert closing(Walk(header(1, 0), 100)) == "}"


@settings(deadline=None, max_examples=300)
@given(st.binary(min_size=12, max_size=80), st.sampled_from(["", "mdns", "llmnr"]), st.sampled_from(["", "gap"]))
def test_any_bytes_give_json(msg: bytes, service: str, cut: str) -> None:
    found = decode(msg, 300, service, cut)
    json.loads(found.body)
    json.loads('{"txid":0' + found.header)
    assert "\0" not in found.body + found.qname
