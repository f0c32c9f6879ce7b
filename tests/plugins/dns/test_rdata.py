import json

import dns.exception
import dns.rdata
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcap.plugins.dns.rdata import render, unknown

NAME = b"\4mail\4test\0"
CASES = {
    "A": (1, 1, bytes([192, 0, 2, 1]), {"addr": "192.0.2.1", "data": "192.0.2.1"}),
    "AAAA": (28, 1, bytes.fromhex("20010db8" + "0" * 23 + "1"), {"addr": "2001:db8::1", "data": "2001:db8::1"}),
    "CNAME": (5, 1, NAME, {"cname": "mail.test", "data": "mail.test."}),
    "CNAME of the root": (5, 1, b"\0", {"cname": ".", "data": "."}),
    "NS": (2, 1, NAME, {"data": "mail.test."}),
    "PTR": (12, 1, NAME, {"data": "mail.test."}),
    "MX": (15, 1, b"\0\x0a" + NAME, {"data": "10 mail.test."}),
    "SRV": (33, 1, b"\0\5\0\x0a\x13\xc4" + NAME, {"data": "5 10 5060 mail.test."}),
    "TXT": (16, 1, b'\3a"b\0\2\xff\\', {"data": '"a\\"b" "" "\\255\\\\"'}),
    "SOA": (6, 1, NAME + b"\0" + bytes(range(20)), {"data": "mail.test. . 66051 67438087 134810123 202182159 269554195"}),
    "CAA by the library": (257, 1, b"\0\5issueca.test", {"data": '0 issue "ca.test"'}),
    "unknown type": (65280, 1, b"\1\2", {"data": "\\# 2 0102"}),
    "A in another class": (1, 42, b"\1\2", {"data": "\\# 2 0102"}),
    "deletion in an UPDATE": (1, 255, b"", {"data": ""}),
}  # fmt: skip
BAD = {
    "A of 3 bytes": (1, b"\1\2\3"),
    "AAAA of 4": (28, b"\1\2\3\4"),
    "name and more": (5, NAME + b"\0"),
    "name cut": (5, NAME[:-1]),
    "MX without name": (15, b"\0\1"),
    "SRV without name": (33, bytes(6)),
    "TXT string runs over": (16, b"\5abc"),
    "TXT of nothing": (16, b""),
    "SOA cut": (6, NAME + b"\0" + bytes(19)),
    "DNSKEY cut": (48, b"\1"),
}


@pytest.mark.parametrize(("rtype", "rclass", "data", "wanted"), CASES.values(), ids=CASES.keys())
def test_render(rtype: int, rclass: int, data: bytes, wanted: dict[str, str]) -> None:
    text, error = render(rtype, rclass, b"front" + data + b"behind", 5, 5 + len(data), {})
    assert (json.loads(f"{{{text}}}"), error) == (wanted, "")


@pytest.mark.parametrize(("rtype", "data"), BAD.values(), ids=BAD.keys())
def test_what_does_not_fit_its_type_is_given_as_unknown(rtype: int, data: bytes) -> None:
    text, error = render(rtype, 1, data, 0, len(data), {})
    assert (json.loads(f"{{{text}}}"), error) == ({"data": unknown(data)}, "bad_rdata")


def test_no_record_changes_how_later_ones_are_shown() -> None:
    """The library remembers what it could not make of a type in one class, for every class if that was ANY."""
    https = b"\0\1\0\0\1\0\3\2h2"
    for rclass in (255, 254, 42, 7):
        render(65, rclass, https, 0, len(https), {})
    assert json.loads("{" + render(65, 1, https, 0, len(https), {})[0] + "}") == {"data": '1 . alpn="h2"'}


def test_types_and_classes_met_are_not_remembered_without_bound() -> None:
    before = len(dns.rdata._rdata_classes)
    for number in range(300, 3000):
        render(number, number, b"x", 0, 1, {})
        render(48, number, b"x", 0, 1, {})
    assert len(dns.rdata._rdata_classes) - before <= 2


def test_tsig_has_no_class() -> None:
    data = b"\4algo\0" + bytes(6) + b"\1\x2c" + b"\0\1x" + b"\0\7\0\0\0\0"
    text, error = render(250, 255, data, 0, len(data), {})
    assert error == ""
    assert json.loads(f"{{{text}}}")["data"].startswith("algo. 0 300")


def test_unknown() -> None:
    assert unknown(b"\x0a\x0b") == "\\# 2 0a0b"
    assert unknown(b"") == "\\# 0"


@settings(deadline=None, max_examples=400)
@given(st.sampled_from([1, 2, 5, 6, 12, 15, 16, 28, 33, 99, 257, 65280]), st.binary(max_size=50))
def test_equal_to_dnspython(rtype: int, data: bytes) -> None:
    text, error = render(rtype, 1, data, 0, len(data), {})
    found = json.loads(f"{{{text}}}")["data"]
    try:
        wanted = dns.rdata.from_wire("IN", dns.rdatatype.RdataType.make(rtype), data, 0, len(data)).to_text().rstrip()
    except dns.exception.DNSException:
        wanted = unknown(data)
        assert error == "bad_rdata"
    assert found == wanted


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 300), st.sampled_from([1, 3, 254, 255, 7]), st.binary(max_size=40))
def test_no_data_of_any_type_raises(rtype: int, rclass: int, data: bytes) -> None:
    json.loads("{" + render(rtype, rclass, data, 0, len(data), {})[0] + "}")
