"""No secret of a statement is left, whatever its form; what is none stays; a hostile text costs linear time."""

import time

import pytest

from pxcap.core.text import REDACTED
from pxcap.plugins.mysql.redact import asks_secret, redact, redact_error, suspicious

S = "hunter2X"
SECRETS = (
    f"SET PASSWORD = PASSWORD('{S}')",
    f"SET PASSWORD = 'a' REPLACE '{S}'",
    f"SET PASSWORD TO '{S}'",
    f"SET PASSWORD/**/=/**/'{S}'",
    f"SET PASSWORD FOR 'bob'@'%' = '{S}'",
    f"SET PASSWORD FOR 'a''b'@'h' = PASSWORD(\"{S}\")",
    f"SET @@global.rpl_password:='{S}'",
    f"CREATE USER bob IDENTIFIED BY '{S}'",
    f"CREATE USER bob IDENTIFIED BY PASSWORD '*{S}'",
    f"CREATE USER a IDENTIFIED BY 'x', b IDENTIFIED BY '{S}'",
    f"create user bob identified /* c */ by '{S}'",
    f"CREATE USER bob IDENTIFIED\n-- why\nBY\t'{S}'",
    f"CREATE USER b IDENTIFIED BY '{S}''{S}'",
    f"CREATE USER b IDENTIFIED BY 'a' 'x{S}'",
    f"CREATE USER b IDENTIFIED BY N'{S}'",
    f"CREATE USER b IDENTIFIED BY _utf8mb4'{S}'",
    f"CREATE USER b IDENTIFIED BY '\\'{S}",
    f"CREATE USER b IDENTIFIED BY 0x{S.encode().hex()}",
    f"/*!50000 CREATE USER b IDENTIFIED BY '{S}' */",
    f"ALTER USER b@localhost IDENTIFIED WITH 'caching_sha2_password' BY '{S}' REPLACE '{S}'",
    f"ALTER USER b IDENTIFIED WITH mysql_native_password AS '*{S}'",
    f"ALTER USER bob IDENTIFIED VIA ed25519 USING PASSWORD('{S}') OR unix_socket",
    f"GRANT ALL ON *.* TO bob IDENTIFIED BY '{S}'",
    f"CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='{S}', MASTER_PORT=1",
    f"CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = '{S}'",
    f"START REPLICA USER='r' PASSWORD='{S}'",
    f"CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD '{S}')",
    f"CLONE INSTANCE FROM 'u'@'h':3306 IDENTIFIED BY '{S}'",
    f"SELECT OLD_PASSWORD('{S}')",
    f"SELECT AES_ENCRYPT('data', '{S}')",
    f"SELECT AES_DECRYPT(f(x, (y)), '{S}')",
    f"SELECT DECODE(b, '{S}')",
    f"UPDATE users SET password='{S}' WHERE id=1",
)


@pytest.mark.parametrize("sql", SECRETS)
def test_a_secret_is_hidden(sql: str) -> None:
    shown = redact(sql)
    assert suspicious(sql.encode())
    assert S not in shown
    assert S.encode().hex() not in shown
    assert f"'{REDACTED}'" in shown


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM t WHERE name='password' AND x = 'y'",
        "ALTER USER 'bob'@'h' PASSWORD EXPIRE INTERVAL 3 DAY COMMENT 'keep'",
        "SELECT 'identified by' AS x, 'keep' -- password = 'of nobody'",
        "SELECT AES_DECRYPT(a, b), 'keep' FROM t",
    ],
)
def test_what_is_no_secret_stays(sql: str) -> None:
    assert redact(sql) == sql


def test_names_beside_a_secret_stay() -> None:
    assert (
        redact("CHANGE MASTER TO MASTER_USER='u', MASTER_PASSWORD='p', MASTER_HOST='h'")
        == f"CHANGE MASTER TO MASTER_USER='u', MASTER_PASSWORD='{REDACTED}', MASTER_HOST='h'"
    )
    assert redact("SET PASSWORD FOR 'bob'@'h' = 'p'") == f"SET PASSWORD FOR 'bob'@'h' = '{REDACTED}'"


@pytest.mark.parametrize(
    "piece", ["password for ", "password(", "identified by '\\'", "/*", "'", "`", "--", "\\", "_", "aes_encrypt(", "n'"]
)
def test_hostile_text_costs_linear_time(piece: str) -> None:
    sql = "identified password " + piece * (200_000 // len(piece))
    begun = time.process_time()
    redact(sql)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("sql", "asks"),
    [
        ("ALTER USER bob IDENTIFIED BY ?", True),
        ("SET PASSWORD = PASSWORD(?)", True),
        ("SELECT AES_ENCRYPT(?, ?)", True),
        ("UPDATE users SET password = ? WHERE id = ?", True),
        ("SELECT id FROM users WHERE name = ?", False),
        ("SELECT password FROM users WHERE name = ?", False),
    ],
)
def test_a_placeholder_for_a_secret_is_known(sql: str, asks: bool) -> None:
    assert asks_secret(sql) is asks


def test_an_error_does_not_quote_the_secret() -> None:
    near = f"You have an error near 'USERS bob IDENTIFIED BY '{S}'' at line 1"
    assert redact_error(1064, near) == f"You have an error near '{REDACTED}' at line 1"
    failed = "Operation CREATE USER failed for 'bob'@'%'"
    assert redact_error(1396, failed) == failed
