"""OK, ERR and EOF."""

from pxcap.plugins.mysql.outcome import PLAIN, in_words, read_eof, read_error, read_ok, remember

TRACK = 1 << 23


def test_an_ok_in_words() -> None:
    found = read_ok(b"\0\3\7\2\0\1\0\4text", 0, "utf-8")
    assert found is not None
    assert (found.affected, found.status, found.text) == (3, 2, "OK, insert id = 7, warnings = 1, text")
    assert read_ok(b"\0\xff", 0, "utf-8") is None


def test_session_state_tells_the_character_set() -> None:
    entry = b"\x14character_set_client\3gbk"
    state = b"\0" + bytes((len(entry),)) + entry
    found = read_ok(b"\0\0\0\2\x40\0\0\0" + bytes((len(state),)) + state, TRACK, "utf-8")
    assert found is not None
    assert (found.charset, found.info) == ("gbk", "")


def test_an_eof() -> None:
    assert read_eof(b"\xfe") is PLAIN
    assert read_eof(b"\xfe\1\0\x0a\0").status == 10


def test_an_error_with_and_without_sqlstate() -> None:
    assert read_error(b"\xff\x15\x04#28000denied", "utf-8", 99) == (1045, "28000", "denied")
    assert read_error(b"\xff\x10\x04Too many", "utf-8", 3) == (1040, None, "Too")


def test_many_results_are_not_all_named() -> None:
    parts: list[str] = []
    more = sum(remember(parts, "OK") for _ in range(25))
    assert in_words(parts, more).endswith("OK; ... 5 more")
