import pytest

from pxcap.plugins.nats.wire import number, verb_of


@pytest.mark.parametrize(
    ("digits", "value"),
    [
        (b"0", 0),
        (b"007", 7),
        (b"999999999", 999999999),
        (b"1000000000", -1),
        (b"-1", -1),
        (b"+1", -1),
        (b"", -1),
        (b"1a", -1),
    ],
)
def test_number(digits: bytes, value: int) -> None:
    assert number(digits) == value


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        (b"pub a 1", "PUB"),
        (b"PING", "PING"),
        (b"HMSG\ta", "HMSG"),
        (b"-ERR 'x'", "-ERR"),
        (b" PUB a 1", ""),
        (b"", ""),
        (b"x" * 40, "X" * 16),
    ],
)
def test_verb(line: bytes, verb: str) -> None:
    assert verb_of(line) == verb
