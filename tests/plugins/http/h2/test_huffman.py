"""The same strings as the library decodes, and refused where it refuses."""

import pytest
from hpack.exceptions import HPACKDecodingError
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman
from hypothesis import given
from hypothesis import strategies as st

from pxcap.plugins.http.h2 import huffman

ENCODER = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


@given(st.binary(max_size=60))
def test_what_was_encoded_comes_back(text: bytes) -> None:
    assert huffman.decode(ENCODER.encode(text)) == text


@given(st.binary(max_size=12))
def test_any_bytes_are_taken_as_the_library_takes_them(data: bytes) -> None:
    try:
        wanted: bytes | None = decode_huffman(data)
    except HPACKDecodingError:
        wanted = None
    assert huffman.decode(data) == wanted


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huffman, "MAX_STRINGS", 10)
    texts = [ENCODER.encode(b"%d" % number) for number in range(50)]
    assert [huffman.decode(text) for text in texts] == [b"%d" % number for number in range(50)]
    assert len(huffman._strings) <= 10
