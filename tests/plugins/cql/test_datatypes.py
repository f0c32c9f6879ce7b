"""Types as the server describes them, and values of types made of others."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.cql import wires as w

from pxcap.plugins.cql import datatypes as d
from pxcap.plugins.cql.values import NATIVE

INT, TEXT = NATIVE[0x09], NATIVE[0x0D]
PACKAGE = "org.apache.cassandra.db.marshal."


def collection(*items: bytes | None) -> bytes:
    return w.number(len(items)) + b"".join(map(w.value, items))


TYPES: dict[str, tuple[bytes, str, bytes, object]] = {
    "list": (b"\0\x20\0\x09", "list<int>", collection(w.number(1), None), [1, None]),
    "set": (b"\0\x22\0\x0d", "set<text>", collection(b"a"), ["a"]),
    "map": (b"\0\x21\0\x09\0\x0d", "map<int, text>", w.number(1) + w.value(w.number(7)) + w.value(b"x"), {"7": "x"}),
    "tuple": (b"\0\x31\0\x02\0\x09\0\x0d", "tuple<int, text>", w.value(None) + w.value(b"x"), [None, "x"]),
    "tuple with less": (b"\0\x31\0\x02\0\x09\0\x0d", "tuple<int, text>", w.value(w.number(1)), [1, None]),
    "udt": (
        b"\0\x30" + w.string("ks") + w.string("point") + b"\0\x01" + w.string("x") + b"\0\x09",
        "point",
        w.value(w.number(4)),
        {"x": 4},
    ),
    "list of lists": (b"\0\x20\0\x20\0\x09", "list<list<int>>", collection(collection(w.number(1))), [[1]]),
    "custom": (b"\0\0" + w.string("com.example.Shape"), "com.example.Shape", b"\1", "0x01"),
}


@pytest.mark.parametrize(("wire", "name", "data", "expected"), TYPES.values(), ids=TYPES.keys())
def test_type(wire: bytes, name: str, data: bytes, expected: object) -> None:
    made, end = d.read_type(wire + b"more", 0)
    assert (made.name, end) == (name, len(wire))
    assert json.loads(made.decode(data)) == expected
    assert json.loads(made.decode(data + b"\1\2\3")) == expected or made.decode(data + b"\1\2\3").startswith('"0x')


@given(data=st.binary(max_size=40))
def test_any_bytes_are_json(data: bytes) -> None:
    for wire, _, _, _ in TYPES.values():
        json.loads(d.read_type(wire, 0)[0].decode(data))


@pytest.mark.parametrize("wire", [b"", b"\0", b"\0\x20", b"\x77\x77", b"\0\x20" * 40 + b"\0\x09", b"\0\0\0\x09abc"])
def test_what_is_no_type(wire: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        d.read_type(wire, 0)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (PACKAGE + "Int32Type", "int"),
        (f"{PACKAGE}FrozenType({PACKAGE}ListType({PACKAGE}UTF8Type))", "list<text>"),
        (f"{PACKAGE}MapType({PACKAGE}UTF8Type,{PACKAGE}LongType)", "map<text, bigint>"),
        (f"{PACKAGE}TupleType({PACKAGE}UTF8Type,{PACKAGE}UUIDType)", "tuple<text, uuid>"),
        (f"{PACKAGE}UserType(ks,706f696e74,78:{PACKAGE}Int32Type)", "point"),
        (f"{PACKAGE}VectorType({PACKAGE}FloatType , 3)", "vector<float, 3>"),
        (f"{PACKAGE}ReversedType({PACKAGE}TimestampType)", "timestamp"),
        (f"{PACKAGE}DynamicCompositeType(a=>{PACKAGE}UTF8Type)", None),
        ("(((", None),
        ("", None),
        ("a(" * 50, None),
    ],
)
def test_class_names(name: str, shown: str | None) -> None:
    made = d.from_class(name)
    assert made.name == (shown or made.name)
    assert json.loads(made.decode(b"")) is not None


def test_vectors() -> None:
    floats = d.vector_of(NATIVE[0x08], 2)
    assert json.loads(floats.decode(struct.pack(">ff", 1, -0.5))) == [1, -0.5]
    assert floats.decode(b"\0\0").startswith('"0x')
    texts = d.vector_of(TEXT, 2)
    assert json.loads(texts.decode(b"\1a\2bc")) == ["a", "bc"]
    assert texts.decode(b"\1a\2b").startswith('"0x')


def test_a_count_without_the_bytes_for_it_costs_nothing() -> None:
    assert d.list_of("list", INT).decode(w.number(2**31 - 1)) == '"0x7fffffff"'
    assert d.map_of(TEXT, INT).decode(w.number(-1)) == '"0xffffffff"'


def test_strings() -> None:
    assert d.read_string(w.string("ü") + b"x", 0) == ("ü", 4)
    with pytest.raises(ValueError, match="cut short"):
        d.read_string(b"\0\x05abc", 0)
    assert d.tuple_of([INT]).name == "tuple<int>"
    assert d.udt_of("u", ["f"], [INT]).decode(b"") == '{"f":null}'
