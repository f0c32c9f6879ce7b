"""Messages without their schema."""

import json
import struct
import time

import pytest
from google.protobuf import descriptor_pb2
from hypothesis import given
from hypothesis import strategies as st

from pxcap.plugins.http.h2 import protobuf
from pxcap.plugins.http.h2.protobuf import render

CASES = {
    "nothing": (b"", {}),
    "numbers": (b"\x08\x96\x01\x10\x00\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", {"1": 150, "2": 0, "3": -1}),
    "text": (b"\x0a\x03h\xc3\xa9", {"1": "hé"}),
    "empty text": (b"\x0a\x00", {"1": ""}),
    "text of lines": (b"\x0a\x03a\nb", {"1": "a\nb"}),
    "a message in a message": (b"\x1a\x02\x08\x01", {"3": {"1": 1}}),
    "bytes": (b"\x0a\x03\xff\x00\x07", {"1": "0xff0007"}),
    "double and float": (b"\x09" + struct.pack("<d", 12.5) + b"\x15" + struct.pack("<f", 0.1), {"1": 12.5, "2": 0.1}),
    "fixed integers": (b"\x09" + struct.pack("<q", 7) + b"\x15" + struct.pack("<i", 7), {"1": 7, "2": 7}),
    "not a number": (b"\x09" + struct.pack("<d", float("nan")), {"1": 0x7FF8000000000000}),
    "repeated": (b"\x08\x01\x12\x01x\x08\x02\x08\x03", {"1": [1, 2, 3], "2": "x"}),
    "a group": (b"\x0b\x10\x05\x0c\x18\x01", {"1": {"2": 5}, "3": 1}),
    "a high number": (b"\xf8\xff\xff\xff\x0f\x01", {"536870911": 1}),
    "cut inside a text": (b"\x08\x01\x12\x0aabc", {"1": 1, "2": "abc"}),
    "cut inside a number": (b"\x08\x01\x10", {"1": 1}),
    "garbage behind a field": (b"\x08\x01\xff", {"1": 1}),
    "numbers of every length": (
        b"\x08\x7f\x10\x80\x01\x18\xff\x7f\x20\x80\x80\x01\x28\xff\xff\x7f\x30\x80\x80\x80\x01",
        {"1": 127, "2": 128, "3": 16383, "4": 16384, "5": 2097151, "6": 2097152},
    ),
    "long text": (b"\x0a\x80\x01" + b"x" * 128, {"1": "x" * 128}),
    "long text of lines": (b"\x0a\x40" + b'ab\ncd\n"e' * 8, {"1": 'ab\ncd\n"e' * 8}),
    "descending": (b"\x10\x01\x08\x02", {"2": 1, "1": 2}),
    "a number beyond the last": (b"\x80\x80\x80\x80\x10\x01", "0x808080801001"),
    "a fixed one that is cut": (b"\x08\x01\x11\x00", {"1": 1}),
    "no message at all": (b"\xff\xff", "0xffff"),
    "a group that does not end": (b"\x08\x01\x0b\x10\x05", {"1": 1}),
}


@pytest.mark.parametrize(("data", "wanted"), CASES.values(), ids=CASES.keys())
def test_message(data: bytes, wanted: object) -> None:
    assert json.loads(render(data, 1000)) == wanted


def test_a_real_message_and_those_inside_it() -> None:
    file = descriptor_pb2.FileDescriptorProto(name="a.proto", package="a.b", dependency=["c.proto", "d.proto"])
    file.message_type.add(name="M").field.add(name="f", number=3, json_name="F")
    assert json.loads(render(file.SerializeToString(), 1000)) == {
        "1": "a.proto", "2": "a.b", "3": ["c.proto", "d.proto"], "4": {"1": "M", "2": {"1": "f", "3": 3, "10": "F"}}}  # fmt: skip


@given(st.binary(max_size=200), st.integers(1, 200))
def test_any_bytes_give_json(data: bytes, limit: int) -> None:
    json.loads(render(data, limit))


def test_deep_and_wide_messages_cost_little() -> None:
    deep = b"\x08\x01"
    while len(deep) < 60_000:
        size = len(deep)
        deep = (
            b"\x0a"
            + (bytes((size,)) if size < 128 else bytes((size & 127 | 128, size >> 7 & 127 | 128, size >> 14)))
            + deep
        )
        deep += b"\x10\x01" * 50
    started = time.process_time()
    for data in (deep, b"\x0a\x02\x08\x01" * 16_000, b"\x08\x01" * 32_000, (b"\x0a\x7f" + b"\x01" * 127) * 500):
        json.loads(render(data, 1 << 16))
    assert time.process_time() - started < 2


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MAX_PIECES", 8)
    for number in range(40):
        assert json.loads(render(b"\x0a\x02\xff%c" % number, 100)) == {"1": f"0xff{number:02x}"}
    assert len(protobuf._pieces) <= 8
