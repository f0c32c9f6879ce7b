"""Requests as text and JSON; fixtures/cql/queries and segments show all of it on the wire."""

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.cql import wires as w

from pxcap.plugins.cql.metadata import Columns
from pxcap.plugins.cql.requests import Context, consistency_name, opcode_name, paging_text, show_request
from pxcap.plugins.cql.types import Message, Metadata, Statement
from pxcap.plugins.cql.wire import REQUESTS

ID = b"i" * 16
MARKERS, _ = Columns().markers(w.columns([("a", w.INT), ("b", w.TEXT)]), 0, with_keys=False)
CONTEXT = Context({ID: Statement("SELECT ?, ?", MARKERS, Metadata(0))}, 1000, True, False)


def shown(data: bytes, context: Context = CONTEXT) -> tuple[str | None, Any, bool, bool]:
    version, flags, stream, opcode, size = struct.unpack(">BBhBI", data[:9])
    made = show_request(Message(0, version, flags, stream, opcode, size, data[9:], ""), context)
    return made.text, json.loads(made.params or "null"), made.ok, made.known


def test_query_with_nothing_else() -> None:
    assert shown(w.query("SELECT 1")) == ("SELECT 1", {"consistency": "ONE"}, True, True)


def test_execute_by_type_and_without() -> None:
    params = {"id": f"0x{ID.hex()}", "consistency": "ONE", "values": [7, None]}
    assert shown(w.execute(ID, [w.number(7), None])) == ("SELECT ?, ?", params, True, True)
    text, found, ok, known = shown(w.execute(b"other", [w.number(7)]))
    assert (text, found["values"], ok, known) == ("EXECUTE 0x6f74686572", ["0x00000007"], True, False)
    assert shown(w.execute(ID, [w.number(7)]))[1]["values"] == ["0x00000007"]  # not as many as there are markers


def test_result_metadata_id() -> None:
    assert shown(w.execute(ID, [], version=5))[1]["result_metadata_id"] == f"0x{(b'm' * 16).hex()}"
    scylla = w.message(10, w.string(ID) + w.string(b"meta") + w.parameters())
    assert shown(scylla, CONTEXT._replace(metadata_ids=True))[1]["result_metadata_id"] == "0x6d657461"


def test_every_option_in_wire_order() -> None:
    flags = 0x01 | 0x04 | 0x08 | 0x10 | 0x20 | 0x40 | 0x80 | 0x100
    rest = b"\0\1" + w.string("n") + w.value(b"\1") + w.number(5) + w.value(b"page") + b"\0\x08"
    rest += struct.pack(">q", 9) + w.string("ks") + w.number(77)
    _, params, ok, _ = shown(
        w.query("SELECT :n", version=5, params=w.parameters(flags, rest, wide=True, consistency=6))
    )
    assert ok
    assert list(params.items()) == [
        ("consistency", "LOCAL_QUORUM"),
        ("values", {"n": "0x01"}),
        ("page_size", 5),
        ("paging_state", "0x70616765"),
        ("serial_consistency", "SERIAL"),
        ("timestamp", 9),
        ("keyspace", "ks"),
        ("now_in_seconds", 77),
    ]


def test_batches_are_written_as_cql_writes_them() -> None:
    plain = b"\0" + w.long_string("DELETE FROM t") + w.values()
    bound = b"\1" + w.string(ID) + w.values(w.number(1), b"x")
    text, params, ok, _ = shown(w.batch(2, [plain, bound]))
    assert text == "BEGIN COUNTER BATCH\nDELETE FROM t;\nSELECT ?, ?;\nAPPLY BATCH"
    assert params["statements"] == [{"values": []}, {"id": f"0x{ID.hex()}", "values": [1, "x"]}]
    assert ok


def test_secrets() -> None:
    token = w.message(15, w.value(b"\0user\0sesame"))
    assert shown(token)[1] == {"token": "[redacted]"}
    assert shown(token, CONTEXT._replace(redact=False))[1] == {"token": "\\x00user\\x00sesame"}
    role = w.query("CREATE ROLE r WITH PASSWORD = 'sesame'")
    assert "sesame" not in str(shown(role))
    assert "sesame" in str(shown(role, CONTEXT._replace(redact=False)))


def test_a_long_statement_and_a_long_value_are_cut() -> None:
    assert shown(w.query("SELECT '" + "x" * 5000 + "'"))[0] == "SELECT '" + "x" * 992
    assert shown(w.execute(ID, [w.number(1), b"y" * 5000]))[1]["values"][1] == "y" * 1000 + "...(5000 bytes)"


def test_names() -> None:
    assert (opcode_name(7), opcode_name(255)) == ("QUERY", "OPCODE 0xff")
    assert (consistency_name(10), consistency_name(99)) == ("LOCAL_ONE", "99")
    assert paging_text(b"x" * 40) == "0x" + "78" * 32 + "...(40 bytes)"


WHOLE = [
    w.query("SELECT 1"),
    w.execute(ID, [w.number(1), b"x"]),
    w.startup(),
    w.batch(0, [b"\1" + w.string(ID) + w.values(None)]),
]


@pytest.mark.parametrize("data", WHOLE)
def test_a_body_that_was_cut_anywhere_shows_what_there_is(data: bytes) -> None:
    for end in range(9, len(data)):
        version, flags, stream, opcode, size = struct.unpack(">BBhBI", data[:9])
        made = show_request(Message(0, version, flags, stream, opcode, size, data[9:end], "gap"), CONTEXT)
        assert made.ok
        json.loads(made.params or "null")


@given(st.sampled_from(sorted(REQUESTS)), st.integers(1, 6), st.integers(0, 31), st.binary(max_size=60))
def test_any_bytes(opcode: int, version: int, flags: int, body: bytes) -> None:
    made = show_request(Message(0, version, flags, 0, opcode, len(body), body, ""), CONTEXT)
    json.loads(made.params or "null")
