"""Names of keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcap.cli.screen.keys import Keys


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"jkq", ["j", "k", "q"]),
        (b"\x1b[A\x1b[B\x1bOC\x1b[D", ["up", "down", "right", "left"]),
        (b"\x1b[5~\x1b[6~\x1b[H\x1b[4~", ["pageup", "pagedown", "home", "end"]),
        (b"\r\n\t\x1b[Z\x7f", ["enter", "enter", "tab", "backtab", "backspace"]),
        (b"\x1b", ["escape"]),
        (b"/caf\xc3\xa9 ", ["/", "c", "a", "f", "é", " "]),
        (b"\x1b[200~x\x01\x1b[1;5C", ["x"]),
    ],
)
def test_keys(data: bytes, keys: list[str]) -> None:
    assert Keys().feed(data) == keys


def test_a_character_may_come_in_two_parts() -> None:
    keys = Keys()
    assert keys.feed(b"\xc3") == []
    assert keys.feed(b"\xa9") == ["é"]


@given(st.binary(max_size=40))
def test_any_bytes_are_names_or_nothing(data: bytes) -> None:
    assert all(key.isprintable() and "\x1b" not in key for key in Keys().feed(data))
