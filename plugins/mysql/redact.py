"""Secrets in SQL: what a statement says behind PASSWORD, IDENTIFIED BY and their kin never reaches a record.

The statement is cut into tokens once, from left to right, so that comments, nesting and quotes cannot hide a secret and a
hostile text costs linear time.

Sources: "SET PASSWORD", "CREATE USER", "ALTER USER", "GRANT", "CHANGE REPLICATION SOURCE TO", "START REPLICA", "CREATE
SERVER", "CLONE", "Encryption functions", "Comments", "String literals" of the MySQL 8.4 manual; the same of MariaDB's.
"""

import re

from pxcap.core.text import REDACTED

# What a version comment holds is executed, so only its marks are skipped. A string cut short runs to the end.
_TOKEN = re.compile(
    r"(?P<skip>\s++|/\*M?!\d*|\*/|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|#[^\n]*+|--(?=\s|\Z)[^\n]*+)"
    r"|(?P<string>[xbn]?'(?:[^'\\]|\\.|'')*+(?:'|\\?\Z)|\"(?:[^\"\\]|\\.|\"\")*+(?:\"|\\?\Z)|0x[0-9a-f]++)"
    r"|(?P<word>`[^`]*+`?|[\w$.@]++)"
    r"|(?P<mark>:=|.)",
    re.IGNORECASE | re.DOTALL,
)
_CIPHERS = frozenset({"ENCODE", "DECODE", "ENCRYPT"})
_QUOTED = re.compile(r"'.*'", re.DOTALL)
_NAMING = frozenset({1044, 1045, 1141, 1142, 1227, 1396, 1410, 1698})  # errors that quote users and databases only
_TELLS = frozenset({"BY", "AS", "USING", "REPLACE"})  # behind IDENTIFIED a secret follows


def suspicious(sql: bytes) -> bool:
    """Whether a statement may hold a secret: cheap, and never wrong when it says no."""
    low = sql.lower()
    return b"passw" in low or b"identif" in low or b"crypt" in low or b"code(" in low


def redact(sql: str) -> str:
    """The statement with each secret replaced by a quoted `REDACTED`."""
    return _scan(sql)[0]


def asks_secret(sql: str) -> bool:
    """Whether a placeholder stands where a secret would."""
    return suspicious(sql.encode()) and _scan(sql)[1]


def redact_error(code: int | None, text: str) -> str:
    """The error text of a statement that had a secret: what it quotes may be the very place."""
    return text if code in _NAMING else _QUOTED.sub(f"'{REDACTED}'", text)


def _scan(sql: str) -> tuple[str, bool]:
    """The statement without its secrets, and whether placeholders stand for some."""
    out: list[str] = []
    asks = False
    armed = identified = False  # the next string is a secret; IDENTIFIED was said
    named = False  # PASSWORD was said
    owner = False  # behind PASSWORD FOR: names up to the equals sign
    last = ""
    depth = cipher = 0  # open parentheses; the depth at which a cipher's arguments are, 0: none
    for token in _TOKEN.finditer(sql):
        kind, text = token.lastgroup, token[0]
        if kind == "string":
            out.append(f"'{REDACTED}'" if armed or cipher else text)
            continue  # strings side by side are one
        out.append(text)
        if kind == "skip":
            continue
        word = text.strip("`").upper()
        if kind == "word":
            if owner and word == "TO":
                owner, armed = False, True
            elif "PASSWORD" in word or (identified and word in _TELLS) or (word == "TO" and last == "PASSWORD"):
                armed = not owner
                named = True
            elif word == "REPLACE" and named:
                armed = True
            elif word == "IDENTIFIED":
                identified, owner, armed = True, False, False
            elif word == "FOR" and last.endswith("PASSWORD"):
                owner, armed = True, False
            elif not (word == "N" or word.startswith("_")):  # the character set of a string
                armed = False
            last = word
            continue
        if text == "(":
            depth += 1
            if not cipher and (last in _CIPHERS or last.endswith(("_ENCRYPT", "_DECRYPT"))):
                cipher = depth
        elif text == ")":
            if cipher == depth:
                cipher = 0
            depth -= 1
        if text == "?":
            asks = asks or armed or cipher > 0
            continue
        if text in ("=", ":="):
            armed = armed or owner
            owner = False
        elif text != "(":
            armed = False
        last = ""
    return "".join(out), asks
