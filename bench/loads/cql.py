"""CQL: the tests' small server under cassandra-driver; Cassandra itself comes from no registry this project uses."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.servers import free_port, output, running
from bench.workloads import TCP, Workload

_SERVER = Path(__file__).parents[2] / "tests" / "live" / "cql_server.py"


@dataclass(frozen=True, kw_only=True)
class Cql(Workload):
    """Protocol version 4; `kind` is one of the client's, `server` the options of the server.

    SELECTs, prepared or not, are answered by 10, 30 and 100 rows of an int, a text, a double and a timestamp.
    """

    kind: str
    server: tuple[str, ...]

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        port = free_port()
        with running([sys.executable, str(_SERVER), str(port), "--max-version", "4", *self.server], port):
            yield port

    def put(self, port: int, work: Path, requests: int) -> None:
        command = [sys.executable, "-m", "bench.cql_client", str(port), str(requests), self.kind]
        (work / "client.out").write_text(output(command))

    def sent(self, work: Path) -> tuple[int, str]:
        return int((work / "client.out").read_text().split()[0]), "requests of the client"

    def rows(self, work: Path) -> int:
        return int((work / "client.out").read_text().split()[1])


def _load(name: str, megabytes: int, bytes_each: int, kind: str, *server: str, undecoded: bool = False) -> Cql:
    return Cql(
        name=name,
        table="cql_events",
        needs={},
        modules={"cassandra": "cassandra-driver"},
        megabytes=megabytes,
        bytes_each=bytes_each,
        tshark="cql",
        fields=(*TCP, "cql.opcode", "cql.stream", "cql.string"),
        counted="req_op IN (7, 10) AND req_body LIKE '%shop.%'",
        answered="resp_rows",
        undecoded=undecoded,
        kind=kind,
        server=server,
    )


# tshark 4.0 reads the rows of an answer where each column names its table, as the protocol allows, and where the client
# asked for no metadata. Where the table is named once, as Cassandra does, it gives up at the first row.
LOADS = (
    _load("cql", 150, 2_300, "query", "--table-per-column"),
    _load("cql-prepared", 150, 2_100, "prepared"),
    _load("cql-writes", 80, 160, "write"),
    _load("cql-once", 80, 2_200, "query", undecoded=True),
)
