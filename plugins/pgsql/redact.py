"""Passwords in SQL: `CREATE ROLE r PASSWORD 'x'`, `ALTER USER u WITH ENCRYPTED PASSWORD 'x'`, connection strings."""

import re

from pxcap.core.text import REDACTED

# What a password is written in; a statement may be cut inside it. First, one inside of another literal.
_LITERAL = r"(?:''(?!')[^'\s,;)](?:[^']|'(?!'))*(?:''|\Z)|(?:[eEnN]|[uU]&)?'(?:[^'\\]|\\.|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\2\$|\Z))"
_GAP = r"(?:\s|/\*.{0,300}?\*/|--[^\n]{0,300}\n)*"
_PASSWORD = re.compile(rf"(\bpass(?:word|wd)\b{_GAP}(?:[=:]{_GAP})?){_LITERAL}", re.IGNORECASE | re.DOTALL)
_CONNECTION = re.compile(
    r"(\bpassword\s*=\s*)(?!\[redacted\]|'\[redacted\])('(?:[^'\\]|\\.|'')*'|[^\s'\"]+)", re.IGNORECASE
)
_CONTEXT = re.compile(r"\b(?:role|user|group|mapping|server|subscription|connection|dblink\w*)\b", re.IGNORECASE)


def redact(text: str) -> str:
    """A statement, or a message that quotes one, with the passwords of roles and connections replaced by `[redacted]`."""
    if "pass" not in text and "PASS" not in text and "pass" not in text.lower():
        return text
    if _CONTEXT.search(text) is None:
        return text
    text = _PASSWORD.sub(rf"\1'{REDACTED}'", text)
    return _CONNECTION.sub(rf"\1{REDACTED}", text)
