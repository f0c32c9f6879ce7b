"""HTTP records of a small shop, made, not captured: always the same ones, in a store of any size.

Each service runs as a few processes, each in a container of its own at an address of its own, and is asked by the others and
from outside. Latencies are log-normal; a share of the requests fail, a few are never answered, and some are health checks.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pxcap.core.columns import CONN_STATS, PROCESSES
from pxcap.core.protocol import Row
from pxcap.core.registry import load_registry
from pxcap.store import Store

FIRST = 1_700_000_000_000_000_000  # ns since the epoch
SPAN = 600_000_000_000  # ns that the records are spread over, however many
SERVICES = ("frontend", "checkout", "cart", "catalogue", "payment", "shipping", "search", "accounts")
_COPIES = 3  # processes of a service
_BATCH = 4096
_HEADERS = '{"Host":"shop.example","User-Agent":"bench/1.0","Accept":"application/json","X-Request-Id":"%08x"}'
_ANSWER = '{"Server":"bench","Content-Type":"application/json","Content-Length":"%d"}'


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a service."""

    service: str
    pid: int
    address: str

    @property
    def upid(self) -> str:
        """As pxcap writes it."""
        return f"bench:{self.pid}:{self.pid * 100}"


def processes() -> list[Process]:
    """All of them."""
    return [
        Process(service, 1000 + _COPIES * at + copy, f"10.0.{at}.{copy + 1}")
        for at, service in enumerate(SERVICES)
        for copy in range(_COPIES)
    ]


def fill(store: Store, count: int) -> None:
    """Make the tables, and `count` rows of http_events in them."""
    events = next(table for table in load_registry().tables() if table.name == "http_events")
    store.prepare([PROCESSES, CONN_STATS, events])
    made = requests(count)
    with store.writer() as writer:
        writer.write(PROCESSES.name, [_process(one) for one in processes()])
        writer.write(CONN_STATS.name, [_connections(one) for one in processes()])
        while rows := list(islice(made, _BATCH)):
            writer.write(events.name, rows)


def requests(count: int) -> Iterator[Row]:
    """Rows of http_events, in the order of time."""
    chance = random.Random(7)
    servers = processes()
    outside = [f"203.0.113.{n}" for n in range(1, 101)]
    bodies = ['{"items":[%s]}' % ",".join(f'"{n:04d}"' for n in range(size)) for size in range(40)]  # noqa: UP031
    paths = [f"/api/{service}/{n}" for service in SERVICES for n in range(50)]
    step = SPAN // max(count, 1)
    for n in range(count):
        one = chance.choice(servers)
        peer = chance.choice(servers).address if chance.random() < 0.7 else chance.choice(outside)
        path = chance.choice(paths) if chance.random() < 0.97 else "/healthz"
        body = chance.choice(bodies)
        request = (1, 1, 1, _HEADERS % n, "GET", path, "", 0)
        if chance.random() < 0.001:
            answer: Row = (None, None, None, None, None, None, "no_response")
        else:
            status = chance.choices((200, 404, 500), (95, 3, 2))[0]
            latency = int(chance.lognormvariate(16, 1))
            answer = (_ANSWER % len(body), status, "", body, len(body), latency, "")
        times = FIRST + n * step + chance.randrange(step or 1)
        yield (times, one.upid, peer, 40_000 + n % 20_000, one.address, 8080, 2, 0, *request, *answer)


def _process(one: Process) -> Row:
    command = f"/usr/bin/{one.service} --port 8080"
    container = f"{one.pid:064x}"
    who = (one.service, command, f"/usr/bin/{one.service}", 1000, "bench")
    return (FIRST, one.upid, one.pid, 1, *who, container, "containerd", "", "bench")


def _connections(one: Process) -> Row:
    counts = (10, 0, 10, 1_000_000, 1_000_000, 0, 0, 0, 1000, None, FIRST)
    return (FIRST, one.upid, "203.0.113.1", 0, one.address, 8080, 2, 2, "http", 0, *counts)
