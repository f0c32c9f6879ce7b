"""MySQL: MariaDB under sysbench."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.databases import PASSWORD, MariaDB, mariadb
from bench.servers import output, path_of
from bench.workloads import TCP, Workload

_SCAN = """
function thread_init() con = sysbench.sql.driver():connect() end
function thread_done() con:disconnect() end
function event()
   local first = sysbench.rand.uniform(1, 5001)
   con:query("SELECT id, k, c, pad FROM sbtest1 WHERE id BETWEEN " .. first .. " AND " .. first + 4999)
end
"""
_ROWS = 10_000
_THREADS = 4


@dataclass(frozen=True, kw_only=True)
class MySQL(Workload):
    """One of sysbench's scripts on a table of 10,000 rows, 4 connections.

    Attributes:
        script: Name of the script; "scan": the one above, which selects 5000 rows at a time.
        prepared: Statements are prepared, and their rows binary.
        queries: Statements of one of its events.
    """

    script: str
    prepared: bool
    queries: int

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        (work / "scan.lua").write_text(_SCAN)
        with mariadb("--performance-schema=off") as server:
            output([*_sysbench(server.port), "oltp_read_only", "prepare"])
            first, second = _counters(server), _counters(server)
            about = {"socket": str(server.socket), "before": second, "asking": Counter(second) - Counter(first)}
            (work / "mysql.json").write_text(json.dumps(about))
            yield server.port

    def put(self, port: int, work: Path, requests: int) -> None:
        script = str(work / "scan.lua") if self.script == "scan" else self.script
        mode = "auto" if self.prepared else "disable"
        events = max(1, requests // self.queries)
        load = [f"--db-ps-mode={mode}", f"--threads={_THREADS}", f"--events={events}", "--time=0"]
        load += ["--rate=100"] if self.script == "scan" else []  # faster than tcpdump writes is no use
        output([*_sysbench(port), *load, script, "run"])

    def note(self, port: int, work: Path) -> None:
        about = json.loads((work / "mysql.json").read_text())
        after = Counter(_counters(MariaDB(port, Path(about["socket"]))))
        after.subtract(about["before"])
        after.subtract(about["asking"])
        (work / "mysql.counts").write_text(json.dumps(after))

    def sent(self, work: Path) -> tuple[int, str]:
        counts = json.loads((work / "mysql.counts").read_text())
        sent = counts["questions"] + counts["com_stmt_prepare"]  # goodbyes are questions, too
        return sent, "Questions and Com_stmt_prepare in SHOW GLOBAL STATUS"

    def rows(self, work: Path) -> int:
        return int(json.loads((work / "mysql.counts").read_text())["rows_sent"])


def _sysbench(port: int) -> list[str]:
    command = [path_of("sysbench"), "--mysql-host=127.0.0.1", f"--mysql-port={port}", "--mysql-user=bench"]
    return [*command, f"--mysql-password={PASSWORD}", "--mysql-db=bench", f"--table-size={_ROWS}"]


def _counters(server: MariaDB) -> dict[str, int]:
    status = server.status()
    return {name: status[name] for name in ("questions", "com_stmt_prepare", "rows_sent")}


def _load(name: str, megabytes: int, bytes_each: int, script: str, prepared: bool, queries: int) -> MySQL:
    return MySQL(
        name=name,
        table="mysql_events",
        needs={"mariadbd": "mariadb-server", "mariadb": "mariadb-client", "sysbench": "sysbench"},
        modules={},
        megabytes=megabytes,
        bytes_each=bytes_each,
        tshark="mysql",
        fields=(*TCP, "mysql.command", "mysql.query", "mysql.error_code", "mysql.affected_rows"),
        counted="req_cmd IN (1, 3, 22, 23)",
        answered="resp_rows",
        fixture=3306 if name == "mysql" else 0,
        script=script,
        prepared=prepared,
        queries=queries,
    )


LOADS = (
    _load("mysql", 200, 2700, "oltp_read_only", False, 16),
    _load("mysql-prepared", 200, 2700, "oltp_read_only", True, 16),
    _load("mysql-points", 80, 400, "oltp_point_select", True, 1),
    _load("mysql-rows", 300, 1_000_000, "scan", False, 1),
)
