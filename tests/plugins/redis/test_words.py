import pytest

from pxcap.plugins.redis.words import split_words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", []),
        (b" \t\r", []),
        (b"GET k\r", [b"GET", b"k"]),
        (b'  SET  k "a b" ', [b"SET", b"k", b"a b"]),
        (rb'"\x41\n\r\t\b\a\"\\\q\xzz"', [b'A\n\r\t\b\a"\\qxzz']),
        (rb"'a\'b\n'", [b"a'b\\n"]),
        (b"\"\" ''", [b"", b""]),
        (b'a"b c"', [b"ab c"]),
        (b"a\0b c", [b"a"]),
        (b"\xff\x80", [b"\xff\x80"]),
    ],
)
def test_words(line: bytes, words: list[bytes]) -> None:
    assert split_words(line) == (words, True)


@pytest.mark.parametrize("line", [b'SET "k', b"SET 'k", b'SET "k"x', b"SET 'a'b", b'SET "k\\"', b"SET 'k\\'"])
def test_unbalanced(line: bytes) -> None:
    assert split_words(line) == ([b"SET"], False)
