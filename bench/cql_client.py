"""Puts a load on a CQL server with cassandra-driver, in a process of its own: the driver leaves threads behind.

    python -m bench.cql_client PORT REQUESTS query|prepared|write

It prints how many requests it made of its own accord, and how many rows came back.
"""

import sys

from cassandra.cluster import Cluster
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import RoundRobinPolicy
from cassandra.query import tuple_factory

SIZES = (10, 30, 100)  # rows of an answer
PART = 3000  # requests whose results are held at a time


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
