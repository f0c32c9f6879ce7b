"""Passwords of accounts are hidden, everything else is left as it is."""

import pytest

from pxcap.plugins.cql.redact import redact

HIDDEN = {
    "CREATE ROLE r WITH PASSWORD = 'x' AND LOGIN = true": "CREATE ROLE r WITH PASSWORD = '[redacted]' AND LOGIN = true",
    "alter user u with password 'it''s'": "alter user u with password '[redacted]'",
    "CREATE USER IF NOT EXISTS u WITH HASHED PASSWORD 'x' SUPERUSER": (
        "CREATE USER IF NOT EXISTS u WITH HASHED PASSWORD '[redacted]' SUPERUSER"
    ),
    "CREATE ROLE r WITH PASSWORD = $$x's$$": "CREATE ROLE r WITH PASSWORD = '[redacted]'",
    "CREATE ROLE r WITH OPTIONS = {'password': 'x', 'a': 'b'}": (
        "CREATE ROLE r WITH OPTIONS = {'password': '[redacted]', 'a': 'b'}"
    ),
    "/* new */ CREATE /* x */ ROLE r WITH PASSWORD /* here */ = /* it is */ 'x'": (
        "/* new */ CREATE /* x */ ROLE r WITH PASSWORD /* here */ = /* it is */ '[redacted]'"
    ),
    "CREATE ROLE r WITH PASSWORD = 'cut of": "CREATE ROLE r WITH PASSWORD = '[redacted]'",
    "line 1:2 (CREATE ROLE r WITH PASSWORD = 'x')": "line 1:2 (CREATE ROLE r WITH PASSWORD = '[redacted]')",
}


@pytest.mark.parametrize("text", HIDDEN)
def test_hidden(text: str) -> None:
    assert redact(text) == HIDDEN[text]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT password FROM users WHERE name = 'x'",
        "CREATE ROLE r WITH LOGIN = true",
        "CREATE TABLE passwords (id int PRIMARY KEY)",
        "",
    ],
)
def test_left(text: str) -> None:
    assert redact(text) == text
