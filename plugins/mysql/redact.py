"""Secrets in SQL: what a statement says behind PASSWORD, IDENTIFIED BY and their kin never reaches a record.

Sources: "SET PASSWORD", "CREATE USER", "ALTER USER", "GRANT", "CHANGE REPLICATION SOURCE TO", "START REPLICA", "CREATE
SERVER", "CLONE", "Encryption functions" of the MySQL 8.4 manual; the same pages of the MariaDB one.
"""

import re

from pxcap.core.text import REDACTED

_STRING = r"(?:_\w+\s*)?(?:'(?:[^'\\]|\\.|'')*(?:'|$)|\"(?:[^\"\\]|\\.|\"\")*(?:\"|$)|0x[0-9a-f]+|x'[0-9a-f]*')"
_SECRET = re.compile(
    r"((?:\w*password\w*`?\s*(?:=|:=|\(|\s|for\s+(?:[^=\s]|\s(?!=))+?\s*=)\s*(?:\w*password\s*\(\s*)?"
    r"|\bidentified\s+(?:(?:with|via)\s+\S+\s+)?(?:by|as|using)\s+(?:password\s*\(?\s*)?"
    r"|\b(?:by|as|using|or\s+\S+\s+using|replace)\s+(?:password\s*\(?\s*)?"
    r"|\b(?:aes_encrypt|aes_decrypt|des_encrypt|des_decrypt|encode|decode|encrypt)\s*\(\s*[^()]*?,\s*)"
    r"[\s(]*)(" + _STRING + ")",
    re.IGNORECASE | re.DOTALL,
)
_WORDS = re.compile(r"password|identified|_encrypt\s*\(|_decrypt\s*\(", re.IGNORECASE)


def suspicious(sql: bytes) -> bool:
    """Whether a statement may hold a secret: cheap, and never wrong when it says no."""
    low = sql.lower()
    return b"passw" in low or b"identif" in low or b"crypt" in low


def redact(sql: str) -> str:
    """The statement with each secret replaced by a quoted `REDACTED`."""
    if not _WORDS.search(sql):
        return sql
    return _SECRET.sub(lambda found: f"{found[1]}'{REDACTED}'", sql)
