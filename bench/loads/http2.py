"""HTTP/2: nghttpd under h2load, by prior knowledge, and gRPC."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.servers import free_port, output, path_of, running
from bench.workloads import TCP, Workload

_ITEM = {"id": 17, "name": "spanner", "price": 12.5, "tags": ["steel", "hand tool"]}
_PATHS = 200
_CLIENTS = 8


@dataclass(frozen=True, kw_only=True)
class Http2(Workload):
    """GET of 200 small JSON files by 8 clients with `streams` streams each at a time."""

    streams: int

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        port = free_port()
        files = work / "www" / "api" / "items"
        files.mkdir(parents=True)
        for number in range(_PATHS):
            (files / f"{number}.json").write_text(json.dumps({"path": f"/api/items/{number}", "items": [_ITEM]}))
        with running([path_of("nghttpd"), "--no-tls", "-a", "127.0.0.1", "-d", str(work / "www"), str(port)], port):
            yield port

    def put(self, port: int, work: Path, requests: int) -> None:
        addresses = work / "addresses"
        address = f"http://127.0.0.1:{port}/api/items"
        addresses.write_text("".join(f"{address}/{number}.json\n" for number in range(_PATHS)))
        command = [path_of("h2load"), "-i", str(addresses), "-n", str(requests), "-c", str(_CLIENTS)]
        headers = ["-H", "accept: application/json", "-H", "x-tenant: bench"]
        (work / "h2load.out").write_text(output([*command, "-m", str(self.streams), "-t", "1", *headers]))

    def sent(self, work: Path) -> tuple[int, str]:
        text = (work / "h2load.out").read_text()
        found = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded", text)
        return int(found[1]) if found and found[1] == found[2] else 0, "requests h2load has done"


class Grpc(Workload):
    """Unary calls of a small service, 50 at a time on one connection."""

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        port = free_port()
        with running([sys.executable, "-m", "bench.grpc_orders", "serve", str(port)], port):
            yield port

    def put(self, port: int, work: Path, requests: int) -> None:
        command = [sys.executable, "-m", "bench.grpc_orders", "call", str(port), str(requests)]
        (work / "calls").write_text(output(command))

    def sent(self, work: Path) -> tuple[int, str]:
        return int((work / "calls").read_text()), "calls the client had answers to"


_FIELDS = (*TCP, "http2.streamid", "http2.headers.method", "http2.headers.path", "http2.headers.status")


def _load(name: str, bytes_each: int, streams: int) -> Http2:
    return Http2(
        name=name,
        table="http_events",
        needs={"nghttpd": "nghttp2-server", "h2load": "nghttp2-client"},
        modules={},
        megabytes=120,
        bytes_each=bytes_each,
        tshark="http2",
        fields=_FIELDS,
        counted="major_version = 2",
        streams=streams,
    )


LOADS = (
    _load("http2", 500, 1),
    _load("http2-streams", 260, 20),
    Grpc(
        name="grpc",
        table="http_events",
        needs={},
        modules={"grpc": "grpcio"},
        megabytes=100,
        bytes_each=330,
        tshark="http2",
        fields=(*_FIELDS, "grpc.message_length"),
        counted="content_type = 2",
    ),
)
