"""librdkafka's mock cluster in a process of its own: a broker that speaks Kafka on a real port.

    python -m bench.kafka_mock [APIKEY=NEWEST | TOPIC=PARTITIONS]…

A number names an API key, with the newest version to offer. It prints its bootstrap servers. A line on standard input is answered by how many requests were received, as a JSON object
by API key; the end of the input ends it. The mock is part of the library that confluent-kafka brings, though not of what
its Python modules offer: hence ctypes. Functions: rdkafka_mock.h, librdkafka 2.x.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

_PRODUCER = 0
_POINTER = ctypes.c_void_p


@dataclass(frozen=True, slots=True)
class Mock:
    """A running mock cluster of one broker."""

    bootstrap: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        """The broker's port."""
        return int(self.bootstrap.rpartition(":")[2])

    def requests(self) -> dict[int, int]:
        """How many requests it has received, by API key."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return {int(key): count for key, count in json.loads(self.process.stdout.readline()).items()}


@contextmanager
def mock_cluster(topics: Mapping[str, int], newest: Mapping[int, int] | None = None) -> Iterator[Mock]:
    """The mock cluster while the block runs.

    Args:
        topics: Their numbers of partitions.
        newest: By API key, the newest version it offers; all that it knows where none is given.
    """
    words = [*(newest or {}).items(), *topics.items()]
    command = [sys.executable, "-m", "bench.kafka_mock", *(f"{name}={count}" for name, count in words)]
    pipe = subprocess.PIPE
    folder = os.path.dirname(os.path.dirname(__file__))
    quiet = subprocess.DEVNULL  # it warns that it has no servers
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, text=True, cwd=folder) as process:
        assert process.stdout is not None
        yield Mock(process.stdout.readline().strip(), process)


def _library() -> ctypes.CDLL:
    from confluent_kafka import cimpl

    library = ctypes.CDLL(cimpl.__file__)  # names are looked for in what it is linked with, too
    for name, result, arguments in (
        ("rd_kafka_conf_new", _POINTER, []),
        ("rd_kafka_new", _POINTER, [ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_size_t]),
        ("rd_kafka_mock_cluster_new", _POINTER, [_POINTER, ctypes.c_int]),
        ("rd_kafka_mock_cluster_bootstraps", ctypes.c_char_p, [_POINTER]),
        ("rd_kafka_mock_topic_create", ctypes.c_int, [_POINTER, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
        ("rd_kafka_mock_set_apiversion", ctypes.c_int, [_POINTER, *[ctypes.c_int16] * 3]),
        ("rd_kafka_mock_start_request_tracking", None, [_POINTER]),
        ("rd_kafka_mock_get_requests", ctypes.POINTER(_POINTER), [_POINTER, ctypes.POINTER(ctypes.c_size_t)]),
        ("rd_kafka_mock_request_api_key", ctypes.c_int16, [_POINTER]),
        ("rd_kafka_mock_request_destroy_array", None, [ctypes.POINTER(_POINTER), ctypes.c_size_t]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def main() -> None:
    """Serve until the input ends."""
    library = _library()
    said = ctypes.create_string_buffer(512)
    owner = library.rd_kafka_new(_PRODUCER, library.rd_kafka_conf_new(), said, len(said))
    cluster = library.rd_kafka_mock_cluster_new(owner, 1)
    if not cluster:
        sys.exit(f"no mock cluster: {said.value.decode()}")
    library.rd_kafka_mock_start_request_tracking(cluster)
    for argument in sys.argv[1:]:
        name, _, number = argument.partition("=")
        if name.isdigit():
            library.rd_kafka_mock_set_apiversion(cluster, int(name), 0, int(number))
        else:
            library.rd_kafka_mock_topic_create(cluster, name.encode(), int(number), 1)
    print(library.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
    count = ctypes.c_size_t()
    for _ in sys.stdin:
        requests = library.rd_kafka_mock_get_requests(cluster, ctypes.byref(count))
        keys = Counter(library.rd_kafka_mock_request_api_key(requests[index]) for index in range(count.value))
        library.rd_kafka_mock_request_destroy_array(requests, count)
        print(json.dumps(keys), flush=True)
    os._exit(0)  # nothing is kept, and taking it down politely waits for clients


if __name__ == "__main__":
    main()
