"""PostgreSQL and MariaDB, whose connections begin in clear text and turn to TLS: what the clients asked."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.databases import PASSWORD, MariaDB, PostgreSQL, mariadb
from bench.servers import find
from tests.live.conftest import need
from tests.live.tls.conftest import Certificate, Read

PSYCOPG = """
import psycopg, sys
print("ready", flush=True)
sys.stdin.readline()
with psycopg.connect(sys.argv[1]) as connection:
    assert connection.pgconn.ssl_in_use
    for number in range(5):
        assert connection.execute("SELECT %s::int4 + 1", (number,), prepare=True).fetchone() == (number + 1,)
"""
PYMYSQL = """
import pymysql, sys
connection = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="bench", password=sys.argv[2], database="bench",
                             ssl={"ca": sys.argv[3]})
with connection.cursor() as cursor:
    for number in range(5):
        cursor.execute("SELECT %s + 1", (number,))
        assert cursor.fetchone() == (number + 1,)
connection.close()
"""


@pytest.fixture(scope="module")
def postgresql(certificate: Certificate) -> Iterator[PostgreSQL]:
    need("postgres", "initdb", "psql")
    key = certificate.key_of("postgres")
    options = ["-c", "ssl=on", "-c", f"ssl_cert_file={certificate.certificate}", "-c", f"ssl_key_file={key}"]
    with PostgreSQL(*options) as running:
        yield running


def test_psql(read: Read, postgresql: PostgreSQL) -> None:
    command = [find("psql") or "", "-X", "-q", f"host=127.0.0.1 port={postgresql.port} user=pxcap dbname=postgres"]
    command += ["-c", "CREATE TABLE items AS SELECT n FROM generate_series(1, 10) n", "-c", "SELECT n FROM items"]
    command += ["-c", "SELECT nothing", "-c", "SHOW ssl"]
    environment = {"PGPASSWORD": PASSWORD, "PGSSLMODE": "require", "PGGSSENCMODE": "disable", "PATH": "/usr/bin:/bin"}
    with read("--command", "postgres", "--command", "psql", ports=[postgresql.port]) as live:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=environment)
        assert "on" in done.stdout
    rows = live.records("pgsql_events")
    assert [(row["req_cmd"], row["encrypted"]) for row in rows[:2]] == [("SSLRequest", False), ("Startup", True)]
    assert [(row["req"], row["resp_tag"], row["resp_sqlstate"]) for row in rows if row["req_cmd"] == "Query"] == [
        ("CREATE TABLE items AS SELECT n FROM generate_series(1, 10) n", "SELECT 10", None),
        ("SELECT n FROM items", "SELECT 10", None),
        ("SELECT nothing", None, "42703"),
        ("SHOW ssl", "SHOW", None),
    ]
    assert {(row["encrypted"], row["note"]) for row in rows[1:]} == {(True, "")}
    assert live.flaws("pgsql_events") == (0, 0)
    assert {(row["protocol"], row["encrypted"], row["opened"]) for row in live.all("connections")} == {
        ("pgsql", True, True)
    }
    assert PASSWORD not in repr(rows)


def test_psycopg_brings_its_library(read: Read, postgresql: PostgreSQL) -> None:
    command = [sys.executable, "-c", PSYCOPG, postgresql.url() + "?sslmode=require&gssencmode=disable"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with read("--command", "postgres", "--pid", str(process.pid), ports=[postgresql.port]) as live:
            process.communicate("go\n", timeout=120)
        assert process.returncode == 0
    rows = live.records("pgsql_events")
    assert [json.loads(str(row["req_params"])) for row in rows if row["req_cmd"] == "Execute"] == [
        [n] for n in range(5)
    ]
    assert {(row["encrypted"], row["note"]) for row in rows[1:]} == {(True, "")}


@pytest.fixture(scope="module")
def maria(certificate: Certificate) -> Iterator[MariaDB]:
    need("mariadbd", "mariadb-install-db", "mariadb")
    with mariadb(f"--ssl-cert={certificate.certificate}", f"--ssl-key={certificate.key_of('mysql')}") as running:
        yield running


def test_mariadb_and_python(read: Read, maria: MariaDB, certificate: Certificate, tmp_path: Path) -> None:
    python = tmp_path / "pymysql"  # a name that no other process has
    python.symlink_to(sys.executable)
    statements = [f"SELECT {number} + 1" for number in range(5)]
    command = [find("mariadb") or "", "--no-defaults", "-h127.0.0.1", f"-P{maria.port}", "-ubench", f"-p{PASSWORD}"]
    command += ["--ssl", f"--ssl-ca={certificate.certificate}", "-e", ";".join(statements), "bench"]
    asked = [sys.executable, "-c", PYMYSQL, str(maria.port), PASSWORD, str(certificate.certificate)]
    asked = [str(python), *asked[1:]]
    with read("--command", "mariadbd", "--command", "mariadb", "--command", "pymysql", ports=[maria.port]) as live:
        live.expected.append("io_uring, which mariadbd may use")  # for its files
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        subprocess.run(asked, check=True, capture_output=True, timeout=120, env={"PYTHONPATH": ":".join(sys.path)})
    rows = live.records("mysql_events")
    found = [row["req_body"] for row in rows if row["req_body"] in statements]
    assert found == statements * 2
    assert {(row["encrypted"], row["note"]) for row in rows} == {(True, "")}
    assert live.flaws("mysql_events") == (0, 0)
    assert PASSWORD not in repr(rows)
