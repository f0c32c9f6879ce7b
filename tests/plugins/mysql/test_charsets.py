"""Bytes as text by the connection's character set."""

from pxcap.plugins.mysql.charsets import codec_named, codec_of, codec_set, decode


def test_collations_and_names_are_codecs() -> None:
    assert [codec_of(number) for number in (8, 28, 45, 224, 255, 63)] == ["cp1252", "gbk", *["utf-8"] * 4]
    assert (codec_named("LATIN1"), codec_named("klingon")) == ("cp1252", "")


def test_every_codec_exists() -> None:
    assert all(decode(b"select 1", codec_of(number)) == "select 1" for number in range(256))


def test_set_names_is_understood() -> None:
    sets = (
        "SET NAMES 'latin1'",
        "set names utf8mb4 collate x",
        "SET @@session.character_set_client=gbk",
        "SET CHARACTER SET koi8r",
    )
    assert [codec_set(sql) for sql in sets] == ["cp1252", "utf-8", "gbk", "koi8-r"]
    assert codec_set("SET NAMES DEFAULT") == codec_set("SELECT 1") == ""


def test_bytes_that_are_no_text_are_escaped() -> None:
    assert decode(b"caf\xe9\0", "cp1252") == "café\\x00"
    assert decode(b"\xff", "utf-8") == "\\xff"
