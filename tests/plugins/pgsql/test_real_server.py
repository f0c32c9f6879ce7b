"""What a real server says to what clients may send is parsed as its client would see it.

The exchange is had over a socket and given to the parser as it was sent, so this needs a server and no capture.
"""

import json
import os
import pwd
import random
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path

import pytest
from tests.plugins.pgsql.exchange import Short, Talk, short
from tests.plugins.pgsql.messages import FLUSH, SYNC, bind, describe, execute, m, parse, query, startup

BINARIES = sorted(glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda path: int(Path(path).parts[-3]))
SERVER = BINARIES[-1] if BINARIES else shutil.which("postgres")
pytestmark = pytest.mark.skipif(SERVER is None, reason="PostgreSQL's server is not installed")

LIMIT = 20.0  # seconds to wait for the server, far more than it needs


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with nothing in it that trusts everyone, on a free port of the loopback interface."""
    folder = Path(tempfile.mkdtemp(prefix="pxcap-pgsql-"))
    prefix: list[str] = []
    if os.geteuid() == 0:
        names = {entry.pw_name for entry in pwd.getpwall()}
        user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)
        prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    programs = Path(str(SERVER)).parent
    make = [*prefix, str(programs / "initdb"), "-D", str(folder / "data"), "-U", "app", "-A", "trust", "--no-sync"]
    made = subprocess.run([*make, "-E", "UTF8", "--locale=C"], check=False, capture_output=True, text=True, cwd=folder)
    assert made.returncode == 0, made.stderr
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    command = [*prefix, str(SERVER), "-D", str(folder / "data"), "-p", str(number), "-k", str(folder), "-F"]
    process = subprocess.Popen([*command, "-c", "listen_addresses=127.0.0.1"], stderr=subprocess.DEVNULL, cwd=folder)
    try:
        end = time.monotonic() + LIMIT
        while True:
            try:
                with socket.create_connection(("127.0.0.1", number), 1) as probe:
                    probe.sendall(startup(b"user", b"app", b"database", b"postgres"))
                    if probe.recv(1) == b"R":  # until then it listens only to say that it starts up
                        break
            except OSError:
                pass
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.05)
        yield number
    finally:
        process.terminate()
        process.wait(LIMIT)
        shutil.rmtree(folder, ignore_errors=True)


class Client:
    """A connection whose two directions go to a parser."""

    def __init__(self, port: int, cut: int = 1 << 30) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT)
        self.talk = Talk(cut=cut)
        self._answers = b""
        self.say(startup(b"user", b"app", b"database", b"postgres"), 1)

    def say(self, request: bytes, cycles: int = 0) -> None:
        """Send, and read on until so many ReadyForQuery came."""
        self.talk.step(">", request)
        self.socket.sendall(request)
        while cycles > 0:
            kind = self.hear()
            cycles -= kind == b"Z"

    def hear(self) -> bytes:
        """Read one message; its type."""
        while len(self._answers) < 5 or len(self._answers) < 1 + struct.unpack(">I", self._answers[1:5])[0]:
            data = self.socket.recv(65536)
            assert data, f"the server closed after {self._answers!r}"
            self.talk.step("<", data)
            self._answers += data
        kind, size = self._answers[:1], 1 + struct.unpack(">I", self._answers[1:5])[0]
        self._answers = self._answers[size:]
        return kind

    def records(self) -> list[Short]:
        """End the connection; its records but the first."""
        self.socket.close()
        return short(self.talk.finish()[1:])


Connect = Callable[[], Client]


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    """Makes clients, and closes them in the end."""
    clients: list[Client] = []

    def one() -> Client:
        clients.append(Client(port))
        return clients[-1]

    yield one
    for client in clients:
        client.socket.close()


def test_simple_statements(connect: Connect) -> None:
    client = connect()
    client.say(query(b"CREATE TEMP TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, NULL)"), 1)
    client.say(query(b"SELECT * FROM t ORDER BY a"), 1)
    client.say(query(b"SELECT 1/0"), 1)
    client.say(query(b""), 1)
    client.say(query(b"DROP TABLE IF EXISTS nope"), 1)
    client.say(query(b"SELECT repeat('x', 100000) FROM generate_series(1, 20)"), 1)
    assert client.records() == [
        (
            "Query",
            "CREATE TEMP TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, NULL)",
            "CREATE TABLE; INSERT 0 2",
            "",
        ),
        ("Query", "SELECT * FROM t ORDER BY a", "SELECT 2 (a, b)", ""),
        ("Query", "SELECT 1/0", "ERROR 22012: division by zero", ""),
        ("Query", "", "EmptyQueryResponse", ""),
        ("Query", "DROP TABLE IF EXISTS nope", 'NOTICE 00000: table "nope" does not exist, skipping; DROP TABLE', ""),
        ("Query", "SELECT repeat('x', 100000) FROM generate_series(1, 20)", "SELECT 20 (repeat)", ""),
    ]
    assert client.talk.rows[2][6:8] == (2, None)
    assert client.talk.rows[3][6:8] == (None, "22012")


BINARY = {
    "int4": (7, 7), "int8": (1 << 40, 1 << 40), "bool": ("true", True), "float8": (0.1, 0.1), "text": ("'grüße'", "grüße"),
    "numeric": ("'-12345.678900'", "-12345.678900"), "uuid": ("'00010203-0405-0607-0809-0a0b0c0d0e0f'", None),
    "timestamptz": ("'2024-02-29 12:34:56.789+00'", None), "timestamp": ("'1999-12-31 23:59:59.5'", None),
    "date": ("'1970-01-01'", None), "time": ("'23:59:59.999'", None), "timetz": ("'12:00:00+05:30'", None),
    "interval": ("'-1 year 2 mons 1 day -03:00:01.25'", None), "jsonb": ("'{\"a\": [1, null]}'", None),
    "inet": ("'192.0.2.7/24'", None), "cidr": ("'2001:db8::/32'", None), "bytea": (r"'\x00ff'", r"\x00ff"),
    "int4[]": ("'{1,NULL,3}'", [1, None, 3]), "text[]": ("'{{a,b},{c,d}}'", [["a", "b"], ["c", "d"]]),
    "macaddr": ("'08:00:2b:01:02:03'", None), "bit(5)": ("'10101'", "10101"), "oid": ("4000000000", 4000000000),
}  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
def test_binary_values_are_what_the_server_shows_as_text(connect: Connect, name: str) -> None:
    """What the server sends in binary format, sent back as a parameter, is shown as the server shows it."""
    client = connect()
    literal, wanted = BINARY[name]
    sql = f"SELECT ({literal})::{name}".encode()
    client.say(query(b"SET TimeZone = 'UTC'"), 1)
    values = []
    for code in (0, 1):
        client.say(parse(b"", sql) + m(b"B", b"\0\0" + struct.pack(">HHHH", 0, 0, 1, code)) + execute() + SYNC)
        kind = b""
        while kind != b"Z":
            while len(client._answers) < 5:
                client._answers += (data := client.socket.recv(65536))
                client.talk.step("<", data)
            size = struct.unpack(">I", client._answers[1:5])[0]
            body = client._answers[5 : 1 + size]
            kind = client.hear()
            if kind == b"D":
                values.append(body[6:])
    text, binary = values
    client.say(parse(b"s", f"SELECT $1::{name}".encode()) + describe(b"Ss") + SYNC, 1)
    client.say(bind(b"", b"s", binary, formats=(1,)) + execute() + SYNC, 1)
    client.records()
    found = json.loads(client.talk.rows[-1][4])[0]
    assert found == (text.decode() if wanted is None else wanted)


def test_portals_pipelines_and_their_errors(connect: Connect) -> None:
    client = connect()
    client.say(query(b"BEGIN"), 1)
    client.say(
        parse(b"s", b"SELECT * FROM generate_series(1, $1::int)") + bind(b"c", b"s", b"5") + execute(b"c", 2) + SYNC, 1
    )
    client.say(execute(b"c", 2) + execute(b"c") + m(b"C", b"Pc\0") + SYNC, 1)
    client.say(query(b"COMMIT"), 1)
    bad = bind(b"", b"s", b"many") + execute() + SYNC
    client.say(bad + bind(b"", b"s", b"3") + describe() + execute() + SYNC + query(b"SELECT 1") + bad, 4)
    series, skipped = "SELECT * FROM generate_series(1, $1::int)", "skipped: an error came before it in the pipeline"
    suspended = "PortalSuspended: more rows than were asked for"
    failed = "ERROR 22P02: invalid input syntax for type integer: \"many\"; where: unnamed portal parameter $1 = '...'"
    found = client.records()
    assert found == [
        ("Query", "BEGIN", "BEGIN", ""),
        ("Parse", series, "ParseComplete", ""),
        ("Bind", series, "BindComplete", ""),
        ("Execute", series, suspended, ""),
        ("Execute", series, suspended, ""),
        ("Execute", series, "SELECT 1", ""),
        ("Close", 'portal "c"', "CloseComplete", ""),
        ("Query", "COMMIT", "COMMIT", ""),
        ("Bind", series, failed, ""),
        ("Execute", series, skipped, ""),
        ("Bind", series, "BindComplete", ""),
        ("Describe", series, "generate_series int4", ""),
        ("Execute", series, "SELECT 3", ""),
        ("Query", "SELECT 1", "SELECT 1 (?column?)", ""),
        ("Bind", series, failed, ""),
        ("Execute", series, skipped, ""),
    ]


NO_NUMBER = (
    'ERROR 22P02: invalid input syntax for type integer: "no number"; where: COPY t, line 1, column a: "no number"'
)


def test_copy(connect: Connect) -> None:
    client = connect()
    client.say(query(b"CREATE TEMP TABLE t (a int)"), 1)
    client.say(query(b"COPY t FROM STDIN"))
    assert client.hear() == b"G"
    client.say(m(b"d", b"1\n2\n") + m(b"d", b"3\n") + m(b"c"), 1)
    client.say(query(b"COPY t FROM STDIN"))
    assert client.hear() == b"G"
    client.say(m(b"d", b"no number\n") + m(b"d", b"4\n") + m(b"c"), 1)
    client.say(query(b"COPY t FROM STDIN"))
    assert client.hear() == b"G"
    client.say(m(b"f", b"changed my mind\0"), 1)
    client.say(parse(b"", b"COPY t FROM STDIN") + bind(b"", b"") + execute() + SYNC)
    while client.hear() != b"G":
        pass
    client.say(m(b"d", b"5\n") + m(b"c") + SYNC, 1)
    client.say(query(b"COPY t TO STDOUT"), 1)
    found = client.records()
    assert [(cmd, resp) for cmd, _, resp, _ in found] == [
        ("Query", "CREATE TABLE"),
        ("Query", "COPY 3, 6 bytes copied"),
        ("Query", NO_NUMBER + "; 12 bytes copied"),
        ("Query", "ERROR 57014: COPY from stdin failed: changed my mind; where: COPY t, line 1; 0 bytes copied"),
        ("Parse", "ParseComplete"),
        ("Bind", "BindComplete"),
        ("Execute", "COPY 1, 2 bytes copied"),
        ("Query", "COPY 4, 8 bytes copied"),
    ]  # fmt: skip
    assert {note for *_, note in found} == {""}


def test_functions_notifications_and_flush(connect: Connect) -> None:
    client = connect()
    client.say(query(b"LISTEN orders; NOTIFY orders, 'id=5'"), 1)
    client.say(
        m(b"F", struct.pack(">IHHHiiH", 1395, 1, 1, 1, 8, 0, 1)[:-10] + struct.pack(">id", 8, -2.5) + b"\0\1"), 1
    )
    client.say(parse(b"", b"SELECT 1") + FLUSH)
    assert client.hear() == b"1"
    client.say(bind(b"", b"") + execute() + SYNC, 1)
    found = client.records()
    assert found[0][:1] == ("Notification",) or found[1][:1] == ("Notification",)
    assert ("FunctionCall", "function 1395", "FunctionCallResponse", "") in found
    assert found[-1] == ("Execute", "SELECT 1", "SELECT 1", "")


def test_an_unknown_database_is_refused(port: int) -> None:
    talk = Talk()
    request = startup(b"user", b"app", b"database", b"nope")
    with socket.create_connection(("127.0.0.1", port), LIMIT) as link:
        talk.step(">", request)
        link.sendall(request)
        while data := link.recv(65536):
            talk.step("<", data)
    assert [(row[1], row[3], row[7]) for row in talk.finish()] == [
        ("Startup", 'FATAL 3D000: database "nope" does not exist', "3D000")
    ]


def cycle(rng: random.Random) -> tuple[bytes, list[tuple[str, bool]]]:
    """Messages up to a Sync, or one Query, and the commands in it with whether each succeeds."""
    if rng.random() < 0.3:
        good = rng.random() < 0.7
        return query(rng.choice(GOOD) if good else rng.choice(BAD)), [("Query", good)]
    asked, said, fine = b"", list[tuple[str, bool]](), True
    for _ in range(rng.randint(1, 3)):
        good = rng.random() < 0.75
        asked += parse(b"", (rng.choice(GOOD) if good else rng.choice(BAD)))
        fine = fine and good
        said.append(("Parse", fine))
        asked += bind(b"", b"")
        said.append(("Bind", fine))
        if rng.random() < 0.5:
            asked += describe()
            said.append(("Describe", fine))
        asked += execute(b"", rng.choice((0, 0, 2)))
        said.append(("Execute", fine))
    return asked + SYNC, said


GOOD = (
    b"SELECT 1",
    b"SELECT * FROM generate_series(1, 50)",
    b"SET work_mem = '4MB'",
    b"VALUES (1), (NULL)",
    b"SHOW work_mem",
)
BAD = (b"SELEC", b"SELECT nope", b"SELECT * FROM nope", b"SELECT '1'::int +")


@pytest.mark.parametrize("seed", range(8))
def test_flights_of_anything(port: int, seed: int) -> None:
    """Many cycles sent ahead: each request has a record, in order, with success or error where they belong."""
    rng = random.Random(seed)
    client = Client(port, rng.choice((1 << 30, 1000, 13)))
    wanted: list[tuple[str, bool]] = []
    for _ in range(4):
        cycles = [cycle(rng) for _ in range(rng.randint(1, 12))]
        client.say(b"".join(asked for asked, _ in cycles), len(cycles))
        wanted += [one for _, said in cycles for one in said]
    found = client.records()
    assert [(cmd, not (resp or "").startswith(("ERROR", "skipped"))) for cmd, _, resp, _ in found] == wanted
    assert {note for *_, note in found} == {""}
    assert client.talk.parser.errors == {}
