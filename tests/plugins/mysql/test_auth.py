"""What greeting and login say; passwords are read over."""

from tests.plugins.mysql.build import FLAGS, greeting, login_body

from pxcap.plugins.mysql.auth import compression, greeting_flags, read_attributes, read_change_user, read_login


def test_a_greeting_tells_capabilities_and_a_mariadb_more_of_them() -> None:
    assert greeting_flags(greeting()[4:]) == FLAGS
    assert greeting_flags(greeting(FLAGS & ~1, 16)[4:]) == FLAGS & ~1 | 16 << 32
    assert greeting_flags(b"\x0a5") is None


def test_a_login_tells_user_database_plugin_and_attributes_but_no_secret() -> None:
    login = read_login(body := login_body(), len(body))
    assert login is not None
    assert login.text == "user=app database=shop plugin=mysql_native_password"
    assert login.attributes == (("prog", "tests"),)
    assert "SECRET" not in repr(login)


def test_a_request_for_tls_is_no_login() -> None:
    login = read_login((FLAGS | 0x800).to_bytes(4, "little") + bytes(28), 32)
    assert login is not None
    assert login.tls
    assert read_login(b"\0", 1) is None


def test_a_login_of_old() -> None:
    login = read_login(b"\x08\0\0\0\0app\0secret\0shop\0", 21)
    assert login is not None
    assert login.text == "user=app database=shop"


def test_a_change_of_user() -> None:
    login = read_change_user(b"eve\0\4abcdshop\0\x2d\0plug\0", FLAGS)
    assert (login.text, login.charset) == ("user=eve database=shop plugin=plug", 45)

    assert (
        read_change_user(b"eve\0\4abcdshop\0\x2d\0plug\0", 0).text == login.text
    )  # what was agreed on was not captured


def test_of_a_login_that_lost_bytes_nothing_is_guessed() -> None:
    whole = login_body(FLAGS | 0x800)
    for kept in range(len(whole)):
        login = read_login(whole[:kept], len(whole))
        assert login is not None
        assert not login.tls
        assert login.flags == (-1 if kept < 32 else FLAGS | 0x800)


def test_attributes_that_are_cut_end_there() -> None:
    assert read_attributes(b"\x0a\1a\1b\1c\5x", 0) == (("a", "b"),)


def test_zlib_wins_where_both_were_agreed_on() -> None:
    assert [compression(flags, -1) for flags in (0x20 | 1 << 26, 1 << 26, 1)] == ["zlib", "zstd", ""]
