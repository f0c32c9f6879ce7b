"""Character sets of MySQL and MariaDB as Python codecs, and bytes into text by them.

Source: INFORMATION_SCHEMA.COLLATIONS of MySQL 8.4 and MariaDB 10.11; "Character Sets and Collations" of both manuals.
"""

import re

from pxcap.core.text import to_text

UTF8 = "utf-8"

_CODECS = {
    "armscii8": "latin-1",
    "ascii": "ascii",
    "big5": "big5hkscs",
    "binary": UTF8,
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1256": "cp1256",
    "cp1257": "cp1257",
    "cp850": "cp850",
    "cp852": "cp852",
    "cp866": "cp866",
    "cp932": "cp932",
    "dec8": "latin-1",
    "eucjpms": "euc_jp",
    "euckr": "cp949",
    "gb18030": "gb18030",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "greek": "iso8859-7",
    "hebrew": "iso8859-8",
    "hp8": "hp-roman8",
    "keybcs2": "latin-1",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    "latin1": "cp1252",
    "latin2": "iso8859-2",
    "latin5": "iso8859-9",
    "latin7": "iso8859-13",
    "macce": "mac-latin2",
    "macroman": "mac-roman",
    "sjis": "shift_jis",
    "swe7": "latin-1",
    "tis620": "tis-620",
    "ujis": "euc_jp",
    "utf8": UTF8,
    "utf8mb3": UTF8,
    "utf8mb4": UTF8,
}

# Collation ids below 256 of the sets a client may use; the rest are those of utf8mb4.
_COLLATIONS = {
    "big5": (1, 84),
    "latin2": (2, 9, 21, 27, 77),
    "dec8": (3, 69),
    "cp850": (4, 80),
    "latin1": (5, 8, 15, 31, 47, 48, 49, 94),
    "hp8": (6, 72),
    "koi8r": (7, 74),
    "swe7": (10, 82),
    "ascii": (11, 65),
    "ujis": (12, 91),
    "sjis": (13, 88),
    "cp1251": (14, 23, 50, 51, 52),
    "hebrew": (16, 71),
    "tis620": (18, 89),
    "euckr": (19, 85),
    "latin7": (20, 41, 42, 79),
    "koi8u": (22, 75),
    "gb2312": (24, 86),
    "greek": (25, 70),
    "cp1250": (26, 34, 44, 66, 99),
    "gbk": (28, 87),
    "cp1257": (29, 58, 59),
    "latin5": (30, 78),
    "armscii8": (32, 64),
    "cp866": (36, 68),
    "keybcs2": (37, 73),
    "macce": (38, 43),
    "macroman": (39, 53),
    "cp852": (40, 81),
    "cp1256": (57, 67),
    "cp932": (95, 96),
    "eucjpms": (97, 98),
    "gb18030": (248, 249, 250),
}
_BY_COLLATION = {number: name for name, numbers in _COLLATIONS.items() for number in numbers}

_SET = re.compile(
    r"\s*set\s+(?:(?:session|local)\s+|@@(?:session\.|local\.)?)?"
    r"(?:names|character\s+set|charset|character_set_client)\s*(?::?=)?\s*['\"]?(\w+)",
    re.IGNORECASE,
)


def codec_of(collation: int) -> str:
    """The codec of a collation id, as the handshake states it."""
    return _CODECS.get(_BY_COLLATION.get(collation, "utf8mb4"), UTF8)


def codec_named(name: str) -> str:
    """The codec of a character set by name; empty when no such set is known, or none is meant (DEFAULT)."""
    return _CODECS.get(name.lower(), "")


def codec_set(sql: str) -> str:
    """The codec that a statement like SET NAMES asks for; empty when it asks for none."""
    found = _SET.match(sql)
    return codec_named(found[1]) if found else ""


def decode(data: bytes, codec: str) -> str:
    r"""Bytes as text; those the codec does not know, and NUL, become `\xNN`."""
    if codec == UTF8:
        return to_text(data)
    text = data.decode(codec, "backslashreplace")
    return text.replace("\0", "\\x00") if "\0" in text else text
