"""MariaDB with its own client, PyMySQL and Connector/Python: what the clients asked and the server's log says, no more."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from bench.databases import PASSWORD, MariaDB, mariadb
from bench.servers import find
from tests.live.conftest import Records, need
from tests.live.watch import Seen, Watch

OK, ERROR = 2, 3
COMMANDS = {  # those that are logged, and at once: not Ping, nor Quit
    "Init DB": 2,
    "Query": 3,
    "Field List": 4,
    "Statistics": 9,
    "Change user": 17,
    "Prepare": 22,
    "Execute": 23,
    "Close stmt": 25,
    "Reset stmt": 26,
}
LINE = re.compile(r"(?:\d{6} +[\d:]+)?\t+ *(\d+) (Connect|[A-Z][A-Za-z ]*?)\t(.*)")
TABLE = (
    "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(500), price DECIMAL(10,2), at DATETIME(6), raw BLOB)"
    " CHARACTER SET utf8mb4"
)
Asked = tuple[object, ...]
"""command byte, statement, parameters, status, rows, affected rows, code, SQLSTATE"""


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDB]:
    need("mariadbd", "mariadb-install-db", "mariadb")
    with mariadb("--general-log", "--general-log-file=general.log", "--local-infile") as running:
        yield running


class Log:
    """The server's general log from now on: what each connection over TCP did."""

    def __init__(self, server: MariaDB) -> None:
        self._file = server.socket.parent / "data" / "general.log"
        self._start = self._file.stat().st_size
        server.ask("DROP DATABASE bench; CREATE DATABASE bench CHARACTER SET utf8mb4")

    def connections(self) -> list[list[tuple[str, str]]]:
        """(command, argument) of each connection, in their order."""
        found: dict[str, list[tuple[str, str]]] = {}
        for line in self._file.read_bytes()[self._start :].decode(errors="replace").splitlines():
            match = LINE.fullmatch(line)
            if match and match[2] == "Connect" and "@127.0.0.1" in match[3]:
                found.setdefault(match[1], [])
            elif match and match[1] in found and match[2] in COMMANDS:
                found[match[1]].append((match[2], match[3]))
        return list(found.values())


def compared(seen: Seen, log: Log) -> Records:
    """The records, when they are what the log says: each command of each connection, in order."""
    found = seen.records("mysql_events")
    assert {row["note"] for row in found} == {""}
    assert seen.flaws("mysql_events") == (0, 0)
    assert PASSWORD not in repr(found)
    streams: dict[object, Records] = {}
    for row in found:
        streams.setdefault(row["remote_port"], []).append(row)
    logged = log.connections()
    assert len(streams) == len(logged)
    for stream, commands in zip(streams.values(), logged, strict=True):
        wanted = [(COMMANDS[name], text if name in ("Query", "Prepare") else None) for name, text in commands]
        told = [(row["req_cmd"], row["req_body"] if row["req_cmd"] in (3, 22) else None) for row in stream]
        assert [item for item in told if item[0] in COMMANDS.values()] == wanted
    return found


def asked(found: Records, *commands: int) -> list[Asked]:
    """What was asked by some commands, and how it went."""
    return [
        (
            row["req_cmd"],
            row["req_body"],
            json.loads(str(row["req_params"]))["values"] if row["req_params"] else None,
            row["resp_status"],
            row["resp_rows"],
            row["affected_rows"],
            row["resp_code"],
            row["resp_sqlstate"],
        )
        for row in found
        if row["req_cmd"] in commands
    ]


def selected(sql: str, rows: int, params: Any = None, command: int = 3) -> Asked:
    return (command, sql, params, OK, rows, None, None, None)


def done(sql: str, affected: int = 0, params: Any = None, command: int = 3) -> Asked:
    return (command, sql, params, OK, None, affected, None, None)


def failed(sql: str, code: int, state: str, command: int = 3) -> Asked:
    return (command, sql, None, ERROR, None, None, code, state)


def test_the_mariadb_client(watch: Watch, server: MariaDB) -> None:
    statements = [
        TABLE,
        "INSERT INTO items (id, name) SELECT seq, CONCAT('item ', seq) FROM seq_1_to_300",
        "SELECT id, name FROM items ORDER BY id",
        "SELECT 'ünï 漢字' AS text, NULL AS nothing",
        "SELECT missing FROM items",
        "UPDATE items SET price = 2.5 WHERE id > 200",
        "CREATE PROCEDURE two() BEGIN SELECT 1; SELECT id FROM items WHERE id < 4; END",
        "CALL two()",
    ]
    log = Log(server)
    command = [find("mariadb") or "", "--no-defaults", "-h", "127.0.0.1", "-P", str(server.port), "-u", "bench"]
    command += ["--default-character-set=utf8mb4", "--force", "--delimiter=//", "bench"]
    with watch(server.port) as seen:
        for password, text in ((PASSWORD, "//\n".join(statements)), ("not the password", "SELECT 1")):
            with_it = [*command[:-1], f"--password={password}", command[-1]]
            subprocess.run(with_it, input=text.encode(), check=False, capture_output=True, timeout=120)
    found = compared(seen, log)
    first = next(at for at, row in enumerate(found) if row["req_body"] == TABLE)
    assert asked(found[first:], 3) == [
        done(TABLE),
        done(statements[1], 300),
        selected(statements[2], 300),
        selected(statements[3], 1),
        failed(statements[4], 1054, "42S22"),
        done(statements[5], 100),
        done(statements[6]),
        (3, "CALL two()", None, OK, 4, 0, None, None),
    ]
    (denied,) = (row for row in found if row["resp_code"] == 1045)
    assert (denied["resp_status"], denied["resp_sqlstate"]) == (ERROR, "28000")


def test_pymysql(tmp_path: Path, watch: Watch, server: MariaDB) -> None:
    if find_spec("pymysql") is None:
        pytest.skip("not installed: pymysql")
    pymysql = import_module("pymysql")
    (tmp_path / "rows.tsv").write_text("11\televen\n12\ttwelve\n")
    load = f"LOAD DATA LOCAL INFILE '{tmp_path}/rows.tsv' INTO TABLE items (id, name)"
    log = Log(server)
    with watch(server.port) as seen:
        connection = pymysql.connect(
            host="127.0.0.1",
            port=server.port,
            user="bench",
            password=PASSWORD,
            database="bench",
            autocommit=True,
            local_infile=True,
            client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(TABLE)
            cursor.executemany("INSERT INTO items (id, name) VALUES (%s, %s)", [(n, f"it's {n}") for n in range(5)])
            cursor.execute("SELECT id, name FROM items WHERE id > %s", (1,))
            assert len(cursor.fetchall()) == 3
            cursor.execute("SELECT 1; UPDATE items SET price = 1; SELECT id FROM items")
            while cursor.nextset():
                pass
            with pytest.raises(pymysql.err.IntegrityError):
                cursor.execute("INSERT INTO items (id) VALUES (1)")
            cursor.execute(load)
            connection.ping(reconnect=False)
            connection.begin()
            connection.rollback()
            with connection.cursor(pymysql.cursors.SSCursor) as unbuffered:
                unbuffered.execute("SELECT seq, REPEAT('x', 300) FROM seq_1_to_2000")
                assert len(unbuffered.fetchall()) == 2000
    found = compared(seen, log)
    values = ",".join(f"({n}, 'it\\'s {n}')" for n in range(5))
    start = next(at for at, row in enumerate(found) if row["req_body"] == TABLE)
    assert asked(found[start:], 3) == [
        done(TABLE),
        done(f"INSERT INTO items (id, name) VALUES {values}", 5),
        selected("SELECT id, name FROM items WHERE id > 1", 3),
        (3, "SELECT 1; UPDATE items SET price = 1; SELECT id FROM items", None, OK, 6, 5, None, None),
        failed("INSERT INTO items (id) VALUES (1)", 1062, "23000"),
        done(load, 2),
        done("BEGIN"),
        done("ROLLBACK"),
        selected("SELECT seq, REPEAT('x', 300) FROM seq_1_to_2000", 2000),
    ]
    assert [row["resp_status"] for row in found if row["req_cmd"] == 14] == [OK]


def test_connector_python(watch: Watch, server: MariaDB) -> None:
    if find_spec("mysql") is None:
        pytest.skip("not installed: mysql-connector-python")
    connector = import_module("mysql.connector")
    insert = "INSERT INTO items (id, name, price, at, raw) VALUES (?, ?, ?, ?, ?)"
    typed = "SELECT ?, ?, ?, ?, ?, ?, ?, ?"
    at = datetime(2024, 2, 29, 1, 2, 3, 4)
    log = Log(server)
    with watch(server.port) as seen:
        connection = connector.connect(
            host="127.0.0.1",
            port=server.port,
            user="bench",
            password=PASSWORD,
            database="bench",
            use_pure=True,
            ssl_disabled=True,
            autocommit=True,
            charset="utf8mb4",
            collation="utf8mb4_general_ci",
        )
        with connection, connection.cursor() as plain, connection.cursor(prepared=True) as cursor:
            plain.execute(TABLE)
            for number in range(3):
                name = None if number == 2 else f"ü {number}"
                cursor.execute(insert, (number, name, Decimal("12.50"), at, b"\x00\xff"))
            cursor.execute(typed, (-5, 2**40, 1.5, "text", date(2020, 1, 1), time(1, 2, 3), timedelta(hours=30), None))
            cursor.fetchall()
            cursor.execute("SELECT id, name, price, at, raw FROM items WHERE id >= ?", (1,))
            assert len(cursor.fetchall()) == 2
            with pytest.raises(connector.Error):
                cursor.execute(insert, (0, "again", None, None, None))
            cursor.close()  # the server would forget the statement, and not log that it is closed
            connection.cmd_statistics()
            connection.cmd_change_user("bench", PASSWORD, "bench")
    found = compared(seen, log)
    stamp = "2024-02-29 01:02:03.000004"
    select = "SELECT id, name, price, at, raw FROM items WHERE id >= ?"
    assert asked(found, 23) == [
        done(insert, 1, [0, "ü 0", "12.50", stamp, "\\x00\\xff"], 23),
        done(insert, 1, [1, "ü 1", "12.50", stamp, "\\x00\\xff"], 23),
        done(insert, 1, [2, None, "12.50", stamp, "\\x00\\xff"], 23),
        selected(typed, 1, [-5, 2**40, 1.5, "text", "2020-01-01", "01:02:03", "30:00:00", None], 23),
        selected(select, 2, [1], 23),
        (23, insert, [0, "again", None, None, None], ERROR, None, None, 1062, "23000"),
    ]
    assert {row["req_body"] for row in found if row["req_cmd"] == 22} == {insert, typed, select}


@pytest.mark.parametrize("watch", ["tcpdump"], indirect=True)
def test_output_parameters(watch: Watch, server: MariaDB) -> None:
    if find_spec("mysql") is None:
        pytest.skip("not installed: mysql-connector-python")
    connector = import_module("mysql.connector")
    create = (
        "CREATE PROCEDURE outs(IN a INT, OUT b VARCHAR(40) CHARACTER SET utf8mb4, INOUT c DECIMAL(10,2), OUT d DATETIME(6),"
        " OUT e BIGINT UNSIGNED, OUT f BLOB, INOUT g DOUBLE) BEGIN SELECT seq FROM seq_1_to_5; SET b = CONCAT('ü ', a),"
        " c = c * a, d = '2024-02-29 01:02:03.5', e = 18446744073709551615, f = NULL, g = g + 0.25; END"
    )
    call = b"CALL outs(?, ?, ?, ?, ?, ?, ?)"
    log = Log(server)
    results = []
    with watch(server.port) as seen:
        connection = connector.connect(
            host="127.0.0.1",
            port=server.port,
            user="bench",
            password=PASSWORD,
            database="bench",
            use_pure=True,
            ssl_disabled=True,
            client_flags=[connector.constants.ClientFlag.PS_MULTI_RESULTS],
            charset="utf8mb4",
            collation="utf8mb4_general_ci",
        )
        with connection, connection.cursor() as plain:
            plain.execute(create)
            statement = connection.cmd_stmt_prepare(call)
            given = (3, None, Decimal("1.5"), None, None, None, 2.25)
            for _ in range(2):  # its cursors stop at the first result, so what they are made of is used
                answer = connection.cmd_stmt_execute(statement["statement_id"], given, statement["parameters"])
                while isinstance(answer, tuple):
                    names = [column[0] for column in answer[1]]
                    read, _ = connection._protocol.read_binary_result(connection._socket, answer[1], -1)
                    results.append((names, read))
                    answer = connection._handle_binary_result(connection._socket.recv())
            connection.cmd_stmt_close(statement["statement_id"])
    found = compared(seen, log)
    at = datetime(2024, 2, 29, 1, 2, 3, 500000)
    got = ("ü 3", Decimal("4.50"), at, 2**64 - 1, None, 2.5)
    assert [read for _, read in results] == [[(n,) for n in range(1, 6)], [got]] * 2
    shown = dict(zip(results[1][0], ["ü 3", "4.50", f"{at}", 2**64 - 1, None, 2.5], strict=True))
    values = [3, None, "1.5", None, None, None, 2.25]
    assert asked(found, 23) == [(23, call.decode(), values, OK, 6, 0, None, None)] * 2
    for row in (row for row in found if row["req_cmd"] == 23):
        first, outputs, last = str(row["resp_body"]).split("; ")
        assert (first, last) == ("Resultset rows = 5", "OK")
        assert outputs.startswith("Resultset rows = 1 (output parameters {")
        assert json.loads(outputs.partition("parameters ")[2][:-1]) == shown
