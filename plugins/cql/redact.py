"""Passwords in CQL: `CREATE ROLE r WITH PASSWORD = 'x'`, `CREATE USER u WITH PASSWORD 'x'`, hashed ones, and in OPTIONS."""

import re

from pxcap.core.text import REDACTED

_ACCOUNT = re.compile(r"\b(?:create|alter|add)\b.{0,400}?\b(?:role|user|identity)\b", re.IGNORECASE | re.DOTALL)
_LITERAL = r"(?:'(?:[^']|'')*(?:'|\Z)|\$\$.*?(?:\$\$|\Z))"  # a statement may be cut inside one
_GAP = r"(?:\s|/\*.*?\*/|--[^\n]*\n|//[^\n]*\n)*"
_PASSWORD = re.compile(rf"(\bpassword\b'?{_GAP}(?:[=:]{_GAP})?){_LITERAL}", re.IGNORECASE | re.DOTALL)


def redact(text: str) -> str:
    """A statement, or a message that quotes one, with the passwords of accounts replaced by `[redacted]`."""
    if "assword" not in text and "ASSWORD" not in text and "assword" not in text.lower():
        return text
    if _ACCOUNT.search(text) is None:
        return text
    return _PASSWORD.sub(rf"\1'{REDACTED}'", text)
