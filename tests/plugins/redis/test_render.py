import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcap.core.text import to_text
from pxcap.plugins.redis.render import bytes_array, json_array, more, number_json, shown


@pytest.mark.parametrize(
    ("data", "size", "expected"),
    [
        (b"abc", 3, "abc"),
        (b"", 0, ""),
        (b"abc", 5, "abc...(5 bytes)"),
        ("a€".encode()[:-1], 9, "a...(9 bytes)"),
        (b"\xff\0", 2, "\\xff\\x00"),
        (b"\xff\0", 3, "\\xff\\x00...(3 bytes)"),
    ],
)
def test_shown(data: bytes, size: int, expected: str) -> None:
    assert shown(data, size) == expected


@settings(deadline=None, max_examples=200)
@given(st.lists(st.binary(max_size=5) | st.sampled_from([b"\x7f", b"\0", b"\xc3", b'"', b"\\u0000"]), min_size=1))
def test_arrays_of_bytes(values: list[bytes]) -> None:
    made = bytes_array(values)
    assert made == json_array(map(to_text, values))
    assert json.loads(made) == [to_text(value) for value in values]


@pytest.mark.parametrize("text", ["0", "-1", "12.5", "1e5", "-1.5E-3", "9" * 50])
def test_numbers(text: str) -> None:
    assert number_json(text) == text


@pytest.mark.parametrize("text", ["inf", "-nan", "007", "+1", ".5", "1.", "", "-"])
def test_numbers_json_has_not(text: str) -> None:
    assert number_json(text) == f'"{text}"'


def test_more() -> None:
    assert more(3) == "...(3 more)"
