"""A PostgreSQL server of the tests' own, on loopback, and stores in both databases."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path

import psycopg
import pytest

from pxcap.core.columns import LEADING_COLUMNS, TRAILING_COLUMNS, Column, ColumnType, Table
from pxcap.core.protocol import Row
from pxcap.store import Store, open_store

PASSWORD = "s3cret-of-tests"
OWN = (
    Column("req_path", ColumnType.TEXT, "Path of the request."),
    Column("req_headers", ColumnType.JSON, "Headers as JSON."),
    Column("resp_status", ColumnType.INT, "Status of the response."),
    Column("resp_body_size", ColumnType.INT64, "Size of the body.", "bytes"),
)
EVENTS = Table(
    "http_events",
    (*LEADING_COLUMNS, *OWN, *TRAILING_COLUMNS),
    "HTTP requests with their responses.",
    ("http_events.beta",),
)


def event_row(number: int, path: str = "/", status: int | None = 200, headers: str = '{"a":1}') -> Row:
    lead = (1_700_000_000_000_000_000 + number, "", "192.0.2.1", 40000, "192.0.2.2", 80, 2, False)
    return (*lead, path, headers, status, 10, 1000 + number, "")


class Server:
    """PostgreSQL on a free loopback port, with a password, as a user other than root."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="pxcap-postgres-"))
        self._prefix: list[str] = []
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            self._prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        password = self._folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        options = ["-D", str(self._folder / "data"), "-U", "pxcap", "-A", "scram-sha-256", "--pwfile", str(password)]
        options += ["--no-sync", "-E", "UTF8", "--locale=C"]
        made = subprocess.run(
            [*self._prefix, binaries / "initdb", *options],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
        )
        assert made.returncode == 0, made.stderr
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def url(self, database: str = "postgres", user: str = "pxcap", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        settings = [
            "-p",
            str(self.port),
            "-k",
            str(self._folder),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
        ]
        self._process = subprocess.Popen(
            [*self._prefix, self._binaries / "postgres", "-D", self._folder / "data", *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, "the server ended"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, with its sessions; what was committed stays."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: immediate shutdown
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.encode())


def _binaries() -> Path | None:
    on_path = shutil.which("postgres")
    if on_path and shutil.which("initdb"):
        return Path(on_path).parent
    installed = sorted(glob("/usr/lib/postgresql/*/bin/postgres"))
    return Path(installed[-1]).parent if installed else None


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: no postgres and initdb on PATH or in /usr/lib/postgresql/*/bin")
    running = Server(binaries)
    yield running
    running.remove()


@pytest.fixture
def postgres_url(server: Server) -> str:
    """The server's database, emptied."""
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
    )
    server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC")
    return server.url()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for a store, in each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/records.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store prepared for EVENTS."""
    with open_store(url) as opened:
        opened.prepare([EVENTS])
        yield opened


@pytest.fixture
def count(url: str) -> Callable[[], int]:
    """How many events are stored now."""

    def counted() -> int:
        with open_store(url, create=False).query("SELECT count(*) FROM http_events") as result:
            return int(next(result.rows)[0])

    return counted
