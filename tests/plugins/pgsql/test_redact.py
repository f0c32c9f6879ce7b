import time

import pytest

from pxcap.plugins.pgsql.redact import redact


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE ROLE bob LOGIN PASSWORD 'sEcReT'",
        "alter user bob with encrypted password 'sEcReT' valid until 'infinity'",
        "ALTER ROLE bob PASSWORD E'a\\'sEcReT'",
        "ALTER ROLE bob PASSWORD U&'sEcReT'",
        "ALTER ROLE bob PASSWORD 'it''s sEcReT'",
        "ALTER ROLE bob PASSWORD /* new */ 'sEcReT'",
        "ALTER ROLE bob PASSWORD $$sEcReT$$",
        "ALTER ROLE bob PASSWORD $x$sEc$$ReT sEcReT$x$",
        "ALTER ROLE bob PASSWORD 'sEcReT",
        "ALTER ROLE bob PASSWORD $$sEcReT",
        "DO $$ BEGIN EXECUTE 'ALTER ROLE bob PASSWORD ''sEcReT'''; END $$",
        "CREATE USER MAPPING FOR bob SERVER s OPTIONS (user 'bob', password 'sEc''sEcReT')",
        "CREATE SUBSCRIPTION s CONNECTION 'host=db password=sEcReT dbname=x' PUBLICATION p",
        "SELECT dblink_connect('password=sEcReT user=bob')",
    ],
)
def test_passwords_are_hidden(sql: str) -> None:
    found = redact(sql)
    assert "sEcReT" not in found
    assert "[redacted]" in found


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT password FROM users",
        "ALTER ROLE bob PASSWORD NULL",
        "SELECT passport FROM role WHERE passport = 'x'",
        "INSERT INTO hints (password_hint) VALUES ('user')",
    ],
)
def test_everything_else_is_left(sql: str) -> None:
    assert redact(sql) == sql


def test_what_surrounds_a_password_is_kept() -> None:
    found = redact("ALTER ROLE bob PASSWORD 'x' VALID UNTIL 'infinity'; SELECT 'y'")
    assert found == "ALTER ROLE bob PASSWORD '[redacted]' VALID UNTIL 'infinity'; SELECT 'y'"


@pytest.mark.parametrize(
    "part", ["password/*", "password $a", "password ''a'", "password --", "password=", "password '"]
)
def test_no_text_takes_long(part: str) -> None:
    began = time.process_time()
    redact("role " + part * (65536 // len(part)))
    assert time.process_time() - began < 5
