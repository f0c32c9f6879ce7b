import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.dns.messages import framed, header, query, response

from pxcap.core.inference import GOOD_ENOUGH, PORT_BONUS
from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.dns.recognise import BEGUN, PARTLY, POSSIBLE, plausible, recognise

QUERY = query(use_edns=0)
ANSWER = response(QUERY, "www.example.test. 60 A 192.0.2.1")
MDNS = header(0, 0x8400, 0, 1) + b"\1x\5local\0\0\1\x80\1\0\0\0\x3c\0\4\xc0\0\2\1"
LOOP = header(7, 0x0100, 1) + b"\xc0\x0c\0\1\0\1"
NTP = bytes([0x23, 0, 6, 0x20]) + bytes(44)
NETBIOS = header(9, 0x0110, 1) + b"\x20" + b"CK" + b"A" * 30 + b"\0\0\x20\0\1"

UDP = {
    "query": (QUERY, b"", SURE),
    "query and answer": (QUERY, ANSWER, SURE),
    "answer alone": (b"", ANSWER, SURE),
    "the other way round": (ANSWER, QUERY, NO),
    "answer as query": (ANSWER, b"", NO),
    "query as answer": (b"", QUERY, NO),
    "announcement": (b"", MDNS, SURE),
    "announcements of both": (MDNS, MDNS, PARTLY),
    "looping name": (LOOP, b"", POSSIBLE),
    "looping name, and FORMERR": (LOOP, header(7, 0x8101), SURE - 62),
    "looping name, and its question back": (LOOP, header(7, 0x8101, 1) + b"\1x\0\0\1\0\1", SURE),
    "header only": (header(7, 0x0100), b"", POSSIBLE),
    "header only, and an answer": (header(7, 0x0100), header(7, 0x8180), POSSIBLE),
    "header only, and a whole answer": (header(7, 0x0100), ANSWER, SURE),
    "cut by the snap length": (QUERY, ANSWER[:-10], SURE),
    "cut answer alone": (b"", ANSWER[:-10], BEGUN),
    "more than the counts say": (QUERY + b"xx", b"", PARTLY),
    "reserved bit": (query()[:2] + b"\1\x40" + query()[4:], b"", PARTLY),
    "query with a response code": (header(7, 0x0101, 1) + b"\1x\0\0\1\0\1", b"", PARTLY),
    "unknown opcode": (header(7, 0x7800, 1) + b"\1x\0\0\1\0\1", b"", PARTLY),
    "unknown opcode, and NOTIMP": (header(7, 0x7800, 1) + b"\1x\0\0\1\0\1", header(7, 0xF804), POSSIBLE),
    "noise, and FORMERR": (b"\0\7" + b"GARBAGE" * 4, header(7, 0xC001), POSSIBLE),
    "noise, and FORMERR to another": (b"\0\7" + b"GARBAGE" * 4, header(8, 0xC001), NO),
    "too short, and FORMERR": (b"\0\7", header(7, 0x8001), NO),
    "class unknown": (header(7, 0x0100, 1) + b"\1x\0\0\1\0\x2a", b"", POSSIBLE),
    "NetBIOS name": (NETBIOS, b"", NO),
    "NTP": (NTP, b"", NO),
    "zeros": (bytes(48), b"", NO),
    "nothing": (b"", b"", NO),
    "short": (b"\0\7\1\0\0\1", b"", NO),
    "SNMP": (bytes.fromhex("302602010104067075626c6963a019020204d2020100020100300d300b06072b060102010105000500"), b"", NO),
    "DHCP": (bytes.fromhex("01010600deadbeef00008000") + bytes(230), b"", POSSIBLE),
    "QUIC": (bytes.fromhex("c30000000108f1e2d3c4b5a6978800004496") + bytes(1182), b"", POSSIBLE),
    "STUN": (bytes.fromhex("000100002112a442") + bytes(range(12)), b"", POSSIBLE),
    "syslog": (b"<34>1 2023-10-11T22:14:15Z host app - - - hello", b"", NO),
}  # fmt: skip
TCP = {
    "query": (framed(QUERY), b"", SURE),
    "query and answer": (framed(QUERY), framed(ANSWER), SURE),
    "pipelined": (framed(QUERY, QUERY), b"", SURE),
    "answer alone": (b"", framed(ANSWER), SURE),
    "query not all there": (framed(QUERY)[:38], b"", BEGUN),
    "name not all there": (framed(QUERY)[:20], b"", POSSIBLE),
    "answer larger than the sample": (framed(QUERY), framed(ANSWER)[:-5], SURE),
    "the other way round": (framed(ANSWER), framed(QUERY), NO),
    "header not all there": (framed(QUERY)[:13], b"", NO),
    "length of nothing": (bytes(20), b"", NO),
    "header only": (framed(header(7, 0x0100)), b"", POSSIBLE),
    "class unknown": (framed(header(7, 0x0100, 1) + b"\1x\0\0\1\0\x2a"), b"", POSSIBLE),
    "counts of no message": (framed(header(0, 0x0100, 0) + b"\0" * 30)[:40] + b"\1" * 9, b"", NO),
    "TLS": (bytes.fromhex("160301020001000 1fc0303".replace(" ", "")) + bytes(range(80)), b"", NO),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", NO),
    "Redis": (b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", b"$-1\r\n", NO),
    "NATS": (b'CONNECT {"verbose":false}\r\nPING\r\n', b'INFO {"server_id":"x"}\r\n', NO),
    "MySQL": (bytes.fromhex("b40000018da6ff01") + bytes(24) + b"root\0", bytes.fromhex("4a0000000a382e302e3300") + bytes(60), NO),
    "PgSQL": (bytes.fromhex("0000002900030000") + b"user\0bob\0database\0bob\0\0", b"R\0\0\0\x08\0\0\0\0", NO),
    "Kafka": (bytes.fromhex("00000023001200030000000100 0b".replace(" ", "")) + b"my-client-1" + bytes(9), b"", NO),
    "CQL": (bytes.fromhex("0400000001000000160001000b") + b"CQL_VERSION\0\x053.0.0", b"", NO),
    "CQL options": (bytes.fromhex("040000000500000000"), bytes.fromhex("840000000600000000"), NO),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "response_", "wanted"), UDP.values(), ids=UDP.keys())
def test_udp(request_: bytes, response_: bytes, wanted: int) -> None:
    assert recognise(Sample(request_, response_, "udp")) == wanted


@pytest.mark.parametrize(("request_", "response_", "wanted"), TCP.values(), ids=TCP.keys())
def test_tcp(request_: bytes, response_: bytes, wanted: int) -> None:
    assert recognise(Sample(request_, response_, "tcp")) == wanted


@pytest.mark.parametrize("name", ["DHCP", "QUIC", "STUN", "NTP", "SNMP", "syslog", "zeros", "NetBIOS name"])
def test_other_protocols_do_not_win(name: str) -> None:
    request_, response_, _ = UDP[name]
    assert recognise(Sample(request_, response_, "udp")) < GOOD_ENOUGH


def test_possible_wins_on_a_usual_port_only() -> None:
    assert POSSIBLE < GOOD_ENOUGH <= POSSIBLE + PORT_BONUS


def test_plausible() -> None:
    good = framed(ANSWER)
    assert plausible(good, 0, True) == 1
    assert plausible(good[:-1], 0, True) == -1
    assert plausible(good, 0, False) == 0
    assert plausible(framed(ANSWER + b"x"), 0, True) == 0
    assert plausible(framed(header(7, 0x8000)), 0, True) == 0
    assert plausible(framed(query()), 0, False) == 1
    assert plausible(framed(header(7, 0x0100, 0, 1) + bytes(11)), 0, False) == 0
    assert plausible(framed(header(7, 0x0100, 9)), 0, False) == 0
    assert plausible(b"\0\3" + bytes(20), 0, False) == 0


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=80), st.binary(max_size=80), st.sampled_from(["udp", "tcp"]))
def test_any_bytes(request_: bytes, response_: bytes, transport: str) -> None:
    assert NO <= recognise(Sample(request_, response_, transport)) <= SURE
