"""Kafka: librdkafka's mock cluster under a producer and a consumer of confluent-kafka."""

import importlib
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from bench.kafka_mock import Mock, mock_cluster
from bench.network import ETHERNET
from bench.workloads import TCP, Workload

_PARTITIONS = 4
_RANDOM = 30  # bytes of a message that do not repeat
_REST = '"state": "confirmed", "items": [{"sku": "4711-b", "count": 2, "price": "12.50"}], "currency": "EUR"}'
_AHEAD = 400  # messages that the producer may be ahead of the consumer: the mock cluster keeps 5 MB of a partition
_PATIENCE = 2.0  # seconds; what was thrown away all the same is not waited for
_NEWEST = {
    0: 8,
    1: 11,
    3: 9,
}  # of Produce, Fetch and Metadata: tshark 4.0 gives up on newer ones, and would win by that
_running: dict[int, Mock] = {}


@dataclass(frozen=True, kw_only=True)
class Kafka(Workload):
    """Messages of 200 bytes to four partitions, and one consumer of them.

    Attributes:
        batch: Messages of a request at most.
        compression: "none", "gzip", "snappy", "lz4" or "zstd".
    """

    batch: int
    compression: str

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        with mock_cluster({"orders": _PARTITIONS}, _NEWEST) as mock:
            _running[mock.port] = mock
            yield mock.port
            del _running[mock.port]

    def put(self, port: int, work: Path, requests: int) -> None:
        kafka = importlib.import_module("confluent_kafka")
        servers = {"bootstrap.servers": f"127.0.0.1:{port}", "client.id": "bench"}
        sending = {"batch.num.messages": self.batch, "compression.type": self.compression, "linger.ms": 5}
        sending |= {"queue.buffering.max.messages": 20 * self.batch}
        reading = {"group.id": "bench", "auto.offset.reset": "earliest", "fetch.wait.max.ms": 50}
        messages = max(1, requests // 2) * self.batch
        assigned, done = Event(), Event()
        seen = 0

        def read() -> None:
            nonlocal seen
            consumer = kafka.Consumer(servers | reading)
            consumer.subscribe(["orders"], on_assign=lambda *_: assigned.set())
            while not done.is_set():
                seen += len(consumer.consume(1000, timeout=0.01))
            consumer.close()

        reader = Thread(target=read)
        reader.start()
        if not assigned.wait(30):
            raise RuntimeError("the consumer was given no partitions")
        producer = kafka.Producer(servers | sending)
        rng = random.Random(1)
        for number in range(messages):
            late = time.monotonic() + _PATIENCE
            while number - seen > _AHEAD:
                producer.poll(0.005)
                if time.monotonic() > late:
                    seen = number
            data = f'{{"order": {number}, "customer": "{rng.randbytes(_RANDOM).hex()}", {_REST}'
            while True:
                try:
                    producer.produce(
                        "orders", data, key=str(number % 977), partition=number // self.batch % _PARTITIONS
                    )
                    break
                except BufferError:
                    producer.poll(0.01)
        producer.flush()
        done.set()
        reader.join()

    def note(self, port: int, work: Path) -> None:
        (work / "requests").write_text(json.dumps(_running[port].requests()))

    def sent(self, work: Path) -> tuple[int, str]:
        counts = json.loads((work / "requests").read_text())
        return sum(counts.values()), "requests the mock cluster received"


def _load(name: str, megabytes: int, bytes_each: int, batch: int, compression: str, mtu: int = 0) -> Kafka:
    return Kafka(
        name=name,
        table="kafka_events",
        needs={},
        modules={"confluent_kafka": "confluent-kafka"},
        megabytes=megabytes,
        bytes_each=bytes_each,
        tshark="kafka",
        fields=(*TCP, "kafka.api_key", "kafka.correlation_id", "kafka.client_id", "kafka.topic_name"),
        mtu=mtu,
        batch=batch,
        compression=compression,
    )


LOADS = (
    _load("kafka", 200, 440, 1, "none"),
    _load("kafka-16k", 300, 17_000, 80, "none", ETHERNET),
    _load("kafka-batched", 400, 37_000, 500, "lz4"),
)
