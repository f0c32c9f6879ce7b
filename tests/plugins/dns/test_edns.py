import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcap.plugins.dns.edns import render_opt


def option(code: int, data: bytes) -> bytes:
    return code.to_bytes(2) + len(data).to_bytes(2) + data


CASES = {
    "none": (0, b"", {}),
    "DO": (0x8000, b"", {"do": True}),
    "version": (0x00010000, b"", {"version": 1}),
    "cookie": (0, option(10, b"\1" * 8), {"options": {"COOKIE": "01" * 8}}),
    "subnet": (0, option(8, bytes.fromhex("00011800c63364")), {"options": {"ECS": "198.51.100.0/24/0"}}),
    "IPv6 subnet": (0, option(8, bytes.fromhex("0002203820010db8")), {"options": {"ECS": "2001:db8::/32/56"}}),
    "extended error": (0, option(15, b"\0\x12no"), {"options": {"EDE": {"code": 18, "text": "no"}}}),
    "padding": (0, option(12, bytes(40)), {"options": {"PADDING": 40}}),
    "name server id": (0, option(3, b"ns1"), {"options": {"NSID": "6e7331"}}),
    "unknown": (0, option(65001, b"\xab"), {"options": {"OPT65001": "ab"}}),
    "three times": (0, option(15, b"\0\1") * 3, {"options": {"EDE": [{"code": 1, "text": ""}] * 3}}),
}  # fmt: skip
BAD = {
    "half an option": b"\0",
    "option runs over": b"\0\x0a\0\5abc",
    "subnet cut": option(8, b"\0\1"),
    "subnet of no family": option(8, b"\0\7\0\0"),
    "subnet too long": option(8, b"\0\1\x20\0" + bytes(5)),
}


@pytest.mark.parametrize(("ttl", "data", "wanted"), CASES.values(), ids=CASES.keys())
def test_render(ttl: int, data: bytes, wanted: dict[str, object]) -> None:
    text, error = render_opt(1232, ttl, b"xx" + data, 2, 2 + len(data))
    assert (json.loads(text), error) == ({"version": 0, "udp_size": 1232, "do": False} | wanted, "")


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_bad(data: bytes) -> None:
    text, error = render_opt(512, 0, data, 0, len(data))
    assert error == "bad_edns"
    assert json.loads(text)["udp_size"] == 512


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    json.loads(render_opt(512, 0, data, 0, len(data))[0])
