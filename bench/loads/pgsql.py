"""PgSQL: PostgreSQL under pgbench."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.databases import PASSWORD, PostgreSQL
from bench.servers import output, path_of
from bench.workloads import TCP, Workload

_RANGE = r"""
\set aid random(1, 99950)
SELECT aid, bid, abalance, filler FROM pgbench_accounts WHERE aid BETWEEN :aid AND :aid + 49;
"""
_SCAN = r"""
\set aid random(1, 90000)
SELECT aid, bid, abalance, filler FROM pgbench_accounts WHERE aid BETWEEN :aid AND :aid + 9999;
"""
_COUNTERS = "SELECT sum(calls), sum(rows) FROM pg_stat_statements WHERE query !~ 'pg_stat_statements'"


@dataclass(frozen=True, kw_only=True)
class PgSQL(Workload):
    """One of pgbench's scripts, or one of the two above, 4 connections.

    Attributes:
        script: "tpcb-like", "select-only", or the text of a script.
        mode: "simple", "extended" or "prepared".
        queries: Statements of one of its transactions.
    """

    script: str
    mode: str
    queries: int

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        options = ("shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=top")
        with PostgreSQL(*(word for option in options for word in ("-c", option))) as server:
            server.ask("CREATE EXTENSION pg_stat_statements")
            output([*server.program("pgbench"), "-i", "-q", "postgres"])
            server.ask("VACUUM ANALYZE")
            server.ask("SELECT pg_stat_statements_reset()")
            (work / "psql").write_text("\n".join(server.program("psql")))
            yield server.port

    def put(self, port: int, work: Path, requests: int) -> None:
        if self.script.startswith("\n"):
            (work / "script.sql").write_text(self.script)
            script = ["-f", str(work / "script.sql")]
        else:
            script = ["-b", self.script]
        transactions = str(max(1, requests // self.queries // _CLIENTS))
        address = f"host=127.0.0.1 port={port} user=pxcap password={PASSWORD} dbname=postgres sslmode=disable"
        command = [path_of("pgbench"), "-n", "-M", self.mode, "-c", str(_CLIENTS), "-t", transactions, *script, address]
        output(command)

    def note(self, port: int, work: Path) -> None:
        psql = (work / "psql").read_text().splitlines()
        (work / "counts").write_text(output([*psql, "-d", "postgres", "-X", "-A", "-t", "-F", " ", "-c", _COUNTERS]))

    def sent(self, work: Path) -> tuple[int, str]:
        return int((work / "counts").read_text().split()[0]), "calls in pg_stat_statements"

    def rows(self, work: Path) -> int:
        return int((work / "counts").read_text().split()[1])


_CLIENTS = 4


def _load(name: str, megabytes: int, bytes_each: int, script: str, mode: str, queries: int) -> PgSQL:
    return PgSQL(
        name=name,
        table="pgsql_events",
        needs={"postgres": "postgresql", "pgbench": "postgresql", "psql": "postgresql-client"},
        modules={},
        megabytes=megabytes,
        bytes_each=bytes_each,
        tshark="pgsql",
        fields=(*TCP, "pgsql.type", "pgsql.query", "pgsql.tag", "pgsql.code"),
        counted="req_cmd IN ('Query', 'Execute')",
        answered="resp_rows",
        fixture=5432 if name == "pgsql" else 0,
        script=script,
        mode=mode,
        queries=queries,
    )


LOADS = (
    _load("pgsql", 150, 400, "tpcb-like", "simple", 7),
    _load("pgsql-prepared", 150, 400, "select-only", "prepared", 1),
    _load("pgsql-ranges", 300, 7_000, _RANGE, "extended", 1),
    _load("pgsql-rows", 300, 1_300_000, _SCAN, "simple", 1),
)
