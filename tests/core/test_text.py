"""Text and JSON any store accepts."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pxcap.core.text import clip_text, quote, to_json, to_text


def test_bytes_that_are_no_text_are_escaped() -> None:
    assert to_text(b"a\xffb\0c\xc3\xa9") == "a\\xffb\\x00cé"


def test_a_clip_never_splits_a_character() -> None:
    data = "aé€😀".encode()
    for limit in range(len(data) + 2):
        clipped = clip_text(data, limit)
        assert "aé€😀".startswith(clipped)
        assert len(clipped.encode()) <= limit


@given(st.binary(max_size=40))
def test_any_bytes_become_storable_text(data: bytes) -> None:
    text = to_text(data)
    assert "\0" not in text
    text.encode()
    assert json.loads(quote(text)) == text


def test_json_keeps_order_and_has_no_nan() -> None:
    assert to_json({"b": 1, "a": "é"}) == '{"b":1,"a":"é"}'
    assert json.loads(to_json({"x": [float("nan"), float("inf")], "y": {"z": 1.5}})) == {
        "x": ["nan", "inf"],
        "y": {"z": 1.5},
    }
