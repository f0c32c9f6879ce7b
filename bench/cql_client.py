"""Puts a load on a CQL server with cassandra-driver, in a process of its own: the driver leaves threads behind.

    python -m bench.cql_client PORT REQUESTS query|prepared|write

It prints how many requests it made of its own accord, and how many rows came back.
"""

import sys
from collections.abc import Callable
from io import BytesIO

from cassandra.cluster import Cluster
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import RoundRobinPolicy
from cassandra.protocol import ExecuteMessage
from cassandra.query import tuple_factory

SIZES = (10, 30, 100)  # rows of an answer
PART = 3000  # requests whose results are held at a time
_SKIP_METADATA = 0x02


def _without_metadata(send: Callable[..., None]) -> Callable[..., None]:
    """ExecuteMessage.send_body that asks for rows without metadata, as the drivers for Java and Go do."""

    def send_body(self: ExecuteMessage, file: BytesIO, version: int) -> None:
        flags = file.tell() + 2 + len(self.query_id) + 2  # behind the id and the consistency
        send(self, file, version)
        file.getbuffer()[flags] |= _SKIP_METADATA

    return send_body


def main(port: int, requests: int, kind: str) -> None:
    """Write, or ask for answers of each size in turn, 100 requests at a time on one connection."""
    cluster = Cluster(
        ["127.0.0.1"],
        port,
        protocol_version=4,
        compression=False,
        load_balancing_policy=RoundRobinPolicy(),
        schema_metadata_enabled=False,
        token_metadata_enabled=False,
    )
    session = cluster.connect()
    session.row_factory = tuple_factory
    if kind == "prepared":
        ExecuteMessage.send_body = _without_metadata(ExecuteMessage.send_body)
    sent = rows = 0
    for size in (1,) if kind == "write" else SIZES:
        if kind == "write":
            statement = "INSERT INTO shop.orders (id, item, price) VALUES (?, ?, ?) /* types: int text double */"
        else:
            marker = "?" if kind == "prepared" else "%s"
            statement = f"SELECT id, name, price, at FROM shop.rows_{size} WHERE shelf = {marker} /* types: int */"
        asked = statement if kind == "query" else session.prepare(statement)
        count = requests if kind == "write" else requests // len(SIZES)
        for start in range(0, count, PART):
            numbers = range(start, min(start + PART, count))
            values = [(n, f"spanner {n}", n / 8) if kind == "write" else (n,) for n in numbers]
            for success, answer in execute_concurrent_with_args(session, asked, values, concurrency=100):
                assert success, answer
                rows += len(answer.current_rows or ())
            sent += len(values)
    cluster.shutdown()
    print(sent, rows)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
