"""Header blocks: as the library decodes them where all was seen, marked where it was not."""

import pytest
from hpack import Decoder as Library
from hpack import Encoder
from hypothesis import given
from hypothesis import strategies as st

from pxcap.plugins.http.h2.fields import shared_fields
from pxcap.plugins.http.h2.hpack import MAX_LIST, MAX_SIZE, Decoder

NAMES = st.sampled_from(["x-a", "x-b", "cache-control", ":path", "accept", "x-much-longer-name"])
VALUES = st.one_of(st.sampled_from(["", "1", "gzip, deflate", "v" * 200]), st.text("abc%{}~ \x7f", max_size=30))
LISTS = st.lists(st.lists(st.tuples(NAMES, VALUES, st.booleans()), max_size=8), max_size=12)


def decoder(whole: bool = True, redact: bool = False) -> Decoder:
    return Decoder(shared_fields(redact), whole)


def pairs(found: Decoder, block: bytes) -> list[str]:
    head, error = found.head(block)
    assert error == ""
    return [field.fragment for field in head.fields]


@given(LISTS, st.lists(st.sampled_from([0, 100, 4096, 1000]), max_size=12), st.booleans())
def test_as_the_library_decodes(lists: list[list[tuple[str, str, bool]]], sizes: list[int], huffman: bool) -> None:
    encoder, theirs, ours = Encoder(), Library(), decoder()
    for number, fields in enumerate(lists):
        if number < len(sizes):
            encoder.header_table_size = sizes[number]
        block = encoder.encode(fields, huffman=huffman)
        wanted = [(name.encode(), value.encode()) for name, value in theirs.decode(block)]
        head, error = ours.head(block)
        assert error == ""
        made = shared_fields(False)
        assert [field.fragment for field in head.fields] == [made.field(*pair).fragment for pair in wanted]
        if block in ours.memo:
            assert ours.head(block) == (head, "")


def test_repeated_blocks_come_from_memory_until_the_table_changes() -> None:
    encoder, found = Encoder(), decoder()
    first = encoder.encode([("x-a", "1")])
    again = encoder.encode([("x-a", "1")])
    assert pairs(found, first) == pairs(found, again) == ['"x-a":"1"']
    assert again in found.memo
    head = found.head(again)[0]
    assert found.head(again)[0] is head
    found.head(encoder.encode([("x-b", "2")]))
    assert again not in found.memo
    assert pairs(found, encoder.encode([("x-a", "1")])) == ['"x-a":"1"']


def test_what_was_inserted_before_is_unknown_and_after_it_known() -> None:
    encoder, found = Encoder(), decoder(whole=False)
    encoder.encode([("x-a", "1"), ("x-b", "2")])  # not seen
    assert pairs(found, encoder.encode([("x-b", "2"), ("x-c", "3")])) == ['"?62":null', '"x-c":"3"']
    assert pairs(found, encoder.encode([("x-c", "3"), ("x-b", "2"), ("x-a", "1")])) == [
        '"x-c":"3"', '"?63":null', '"?64":null']  # fmt: skip
    assert not found.head(encoder.encode([("x-a", "1")]))[0].known


@pytest.mark.parametrize(("redact", "shown"), [(False, '"?62":"v"'), (True, '"?62":"[redacted]"')])
def test_the_value_under_an_unknown_name_may_be_a_secret(redact: bool, shown: str) -> None:
    assert pairs(decoder(whole=False, redact=redact), b"\x7e\x01v" + b"\xbe") == [shown, shown]


def test_after_a_loss_nothing_is_relied_on() -> None:
    encoder, found = Encoder(), decoder()
    found.head(encoder.encode([("x-a", "1")]))
    found.lose()
    assert pairs(found, encoder.encode([("x-a", "1")])) == ['"?62":null']


def test_a_cut_block_is_read_as_far_as_it_goes() -> None:
    encoder, found = Encoder(), decoder()
    block = encoder.encode([("x-a", "1"), ("x-b", "22222222")])
    head, error = found.head(block[:-2], cut=True)
    assert (head.json, error) == ('{"x-a":"1"}', "")
    assert not found.whole


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (b"\x80", "header_index"),
        (b"\xff\x80\x01", "header_index"),
        (b"\xff\xff\xff\xff\xff\xff", "header_integer"),
        (b"\x40\x05ab", "header_block"),
        (b"\x40\x01a", "header_block"),
        (b"\x40\x81\x00\x01b", "header_huffman"),
        (b"\xff", "header_block"),
    ],
)
def test_malformed(block: bytes, error: str) -> None:
    found = decoder()
    head, name = found.head(b"\x82" + block)
    assert (head.json, name) == ('{":method":"GET"}', error)
    assert not found.whole


def test_a_list_that_grows_beyond_all_bounds_is_cut_and_the_table_goes_on() -> None:
    found = decoder()
    bomb = b"\x40\x01a\x7f\x81\x1e" + b"v" * 3968 + b"\xbe" * 200_000
    head, error = found.head(bomb)
    assert error == "header_list"
    assert sum(field.cost for field in head.fields) <= MAX_LIST
    assert pairs(found, b"\xbe")[0].startswith('"a":"vvv')


def test_a_larger_table_than_is_kept() -> None:
    found = decoder()
    found.head(b"\x3f\xe1\xff\xff\x03")
    assert not found.whole
    for number in range(40):
        found.head(b"\x40\x01a\x7f\x81\x1e" + b"%04d" % number * 992)
    assert found._size <= MAX_SIZE
    assert pairs(found, b"\xbe")[0].startswith('"a":"0039')
    assert pairs(found, b"\xff\x00") == ['"?127":null']
