"""MariaDB and PostgreSQL of one's own: fresh, on a free loopback port, as a user other than root."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg

from bench.servers import find, free_port, output, path_of, running

PASSWORD = "s3cret-of-tests"


@dataclass(frozen=True, slots=True)
class MariaDB:
    """A running server: its port on 127.0.0.1, and its socket, where root needs no password."""

    port: int
    socket: Path

    def ask(self, sql: str) -> list[list[str]]:
        """Rows of a statement, asked through the socket."""
        command = [path_of("mariadb"), "--no-defaults", "-u", "root", "-S", str(self.socket), "-N", "-B", "-e", sql]
        return [line.split("\t") for line in output(command).splitlines()]

    def status(self) -> dict[str, int]:
        """The server's counters, lower case, those that are numbers."""
        return {name.lower(): int(value) for name, value in self.ask("SHOW GLOBAL STATUS") if value.isdigit()}


@contextmanager
def mariadb(*options: str) -> Iterator[MariaDB]:
    """A MariaDB server with a user `bench`, password `PASSWORD`, and a database `bench`, while the block runs."""
    folder, user = _folder("mariadb", "mysql")
    try:
        data, port = folder / "data", free_port()
        install = [path_of("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db"]
        install += ["--auth-root-authentication-method=normal", f"--user={user}"]
        subprocess.run(install, check=True, capture_output=True, cwd=folder)
        command = [path_of("mariadbd"), "--no-defaults", f"--datadir={data}", f"--port={port}", f"--user={user}"]
        command += ["--bind-address=127.0.0.1", f"--socket={folder / 'sock'}", f"--pid-file={folder / 'pid'}"]
        command += ["--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4"]
        with running([*command, *options], port, within=60):
            server = MariaDB(port, folder / "sock")
            server.ask(f"CREATE USER bench@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; CREATE DATABASE bench")
            server.ask("GRANT ALL ON bench.* TO bench@'127.0.0.1'")
            yield server
    finally:
        shutil.rmtree(folder)


class PostgreSQL:
    """A server with a superuser `pxcap`, password `PASSWORD`; through its socket, in `folder`, nobody needs one."""

    def __init__(self, *options: str) -> None:
        binaries = postgresql_binaries()
        if binaries is None:
            raise FileNotFoundError("postgres")
        self._binaries, self._options = binaries, options
        self.folder, user = _folder("postgres", "postgres")
        self.port = free_port()
        entry = pwd.getpwnam(user)
        switch = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
        self._prefix = switch if os.geteuid() == 0 else []
        password = self.folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        init = [*self._prefix, str(binaries / "initdb"), "-D", str(self.folder / "data"), "-U", "pxcap", "-E", "UTF8"]
        init += ["-A", "scram-sha-256", "--auth-local=trust", "--pwfile", str(password), "--no-sync", "--locale=C"]
        made = subprocess.run(init, check=False, capture_output=True, text=True, cwd=self.folder)
        if made.returncode:
            raise RuntimeError(made.stderr)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def url(self, database: str = "postgres", user: str = "pxcap", password: str = PASSWORD) -> str:
        """A URL to connect with."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [*self._prefix, str(self._binaries / "postgres"), "-D", str(self.folder / "data")]
        command += ["-p", str(self.port), "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([*command, *self._options], stdout=quiet, stderr=quiet, cwd=self.folder)
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("postgres does not answer") from error
                time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, with its sessions; what was committed stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # immediate shutdown
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """End it and delete its files."""
        self.stop()
        shutil.rmtree(self.folder)

    def program(self, name: str) -> list[str]:
        """The start of a command line: a client program that connects through the socket."""
        return [find(name) or str(self._binaries / name), "-h", str(self.folder), "-p", str(self.port), "-U", "pxcap"]

    def ask(self, sql: str) -> list[list[str]]:
        """Rows of a statement, asked through the socket."""
        text = output([*self.program("psql"), "-d", "postgres", "-X", "-A", "-t", "-F", "\t", "-c", sql])
        return [line.split("\t") for line in text.splitlines()]


def postgresql_binaries() -> Path | None:
    """The folder of PostgreSQL's server programs; None: it is not installed."""
    server = find("postgres")
    return Path(server).parent if server and find("initdb") else None


def _folder(name: str, user: str) -> tuple[Path, str]:
    """A folder for the server's files, and the user it runs as: its package's where there is one."""
    folder = Path(tempfile.mkdtemp(prefix=f"pxcap-{name}-"))
    if os.geteuid():
        return folder, pwd.getpwuid(os.geteuid()).pw_name
    user = user if user in {entry.pw_name for entry in pwd.getpwall()} else "nobody"
    entry = pwd.getpwnam(user)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return folder, user
