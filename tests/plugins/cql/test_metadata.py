"""Column specifications: all their forms, and found again by their bytes."""

import struct

import pytest
from tests.plugins.cql import wires as w

from pxcap.plugins.cql.metadata import Columns

PAIRS = [("id", w.INT), ("name", w.TEXT)]


def test_result_with_one_table() -> None:
    made, end = Columns().result(w.columns(PAIRS) + b"rows", 0)
    assert (made.count, made.names, made.header) == (2, ("id", "name"), '["id","name"]')
    assert [kind.name for kind in made.types] == ["int", "text"]
    assert end == len(w.columns(PAIRS))


def test_a_table_for_each_column() -> None:
    specs = b"".join(w.string("ks") + w.string("t") + w.string(name) + kind for name, kind in PAIRS)
    body = struct.pack(">ii", 0, 2) + specs
    assert Columns().result(body, 0)[0].names == ("id", "name")


def test_paging_state_and_new_id() -> None:
    body = w.columns(PAIRS, 1 | 2 | 8, w.value(b"page") + w.string("new"))
    made, _ = Columns().result(body, 0)
    assert (made.paging_state, made.new_id) == (b"page", b"new")
    assert Columns().result(w.columns(PAIRS, 3, w.value(None)), 0)[0].paging_state is None


def test_no_metadata_gives_the_count_only() -> None:
    made, end = Columns().result(struct.pack(">ii", 4, 9), 0)
    assert (made.count, made.names, made.decoders, end) == (9, (), (), 8)


def test_markers_with_and_without_partition_key() -> None:
    keys = struct.pack(">iHH", 2, 1, 0)
    assert Columns().markers(w.columns(PAIRS, 1, keys), 0, with_keys=True)[0].names == ("id", "name")
    assert Columns().markers(w.columns(PAIRS), 0, with_keys=False)[0].names == ("id", "name")


def test_the_same_bytes_are_parsed_once_and_others_of_the_same_table_are_not_mixed_up() -> None:
    columns, other = Columns(), [("id", w.INT), ("size", w.INT)]
    first = columns.result(w.columns(PAIRS) + b"1", 0)[0]
    assert columns.result(w.columns(other) + b"2", 0)[0].names == ("id", "size")
    again = columns.result(w.columns(PAIRS) + b"3", 0)[0]
    assert again.types is first.types


def test_what_is_remembered_is_bounded() -> None:
    columns = Columns()
    for n in range(500):
        pairs = [(f"column {n}", w.INT)]
        assert columns.result(w.columns(pairs), 0)[0].names == (f"column {n}",)
        columns.result(struct.pack(">ii", 1, 1) + w.string(f"keyspace {n}") + w.string("t") + w.string("c") + w.INT, 0)
    assert sum(map(len, columns._known.values())) <= 64 * 8


@pytest.mark.parametrize(
    "body",
    [
        b"",
        struct.pack(">ii", 1, 2**31 - 1),
        struct.pack(">ii", 1, -1),
        struct.pack(">ii", 4, -1),
        struct.pack(">iii", 2, 1, 2**31 - 1),
        struct.pack(">ii", 1, 1) + b"\xff\xff",
        w.columns(PAIRS)[:-1],
    ],
)
def test_hostile(body: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        Columns().result(body, 0)
