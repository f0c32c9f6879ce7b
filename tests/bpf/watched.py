"""A source that watches real sockets, and what came out of it, by port."""

import time
from collections.abc import Callable
from typing import Any

from tests.core.flows.tape import Recorder, Tape

from pxcap.bpf.processes import Process
from pxcap.bpf.program import Choice
from pxcap.bpf.source import SocketSource
from pxcap.core.columns import CONNECTIONS
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink

Record = dict[str, Any]


class Watched:
    """Records of a protocol that writes down what it is told, connections, and processes."""

    def __init__(self, choice: Choice) -> None:
        self.recorder = Recorder()
        registry = Registry()
        registry.add(self.recorder.spec, "tests")
        self.sink = MemorySink()
        self.pipeline = Pipeline(registry, self.sink, Options(), (CONNECTIONS,))
        self.met: list[Process] = []
        self.source = SocketSource(self.pipeline, choice, self.met.append)

    def rows(self, table: str, port: int) -> list[Record]:
        """Rows that name the port, the client's first."""
        self.pipeline.flush()
        columns = CONNECTIONS.columns if table == CONNECTIONS.name else self.recorder.spec.schema().columns
        names = [column.name for column in columns]
        found = [dict(zip(names, row, strict=True)) for row in self.sink.tables.get(table, ())]
        wanted = [row for row in found if port in (row["remote_port"], row["local_port"])]
        return sorted(wanted, key=lambda row: row["trace_role"])

    def tapes(self, port: int) -> list[Tape]:
        """What the parsers of the connections with that port were told."""
        tapes = self.recorder.tapes
        return [tape for tape in tapes if port in (tape.info.client_port, tape.info.server_port)]

    def until(self, enough: Callable[[], bool]) -> None:
        """Poll until it is: the kernel may close a socket a little after its process has ended."""
        for _ in range(3000):
            self.source.poll()
            if enough():
                return
            time.sleep(0.01)
        raise AssertionError(f"not within 30 s: {self.source.losses()}")

    def closed(self, port: int, count: int = 2) -> list[Record]:
        """The connections of a port, once so many are over; the client's end first."""
        self.until(lambda: len(self.rows("connections", port)) >= count)
        found = self.rows("connections", port)
        assert len(found) == count
        return found
