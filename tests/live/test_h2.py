"""nghttpd under curl, nghttp and h2load, and gRPC's own server and client: what was done is what is recorded."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import pytest
from bench.servers import free_port, output, path_of, running
from tests.live.conftest import Records, captured, need, records
from tests.plugins.http.h2.test_descriptors import SET

from pxcap.core.protocol import Settings
from pxcap.core.registry import load_registry
from pxcap.core.replay import ReplayOptions, replay
from pxcap.core.sink import MemorySink
from pxcap.core.testing.golden import as_record

LONG = "".join(f"line {number} of a text\n" for number in range(4000))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    www = tmp_path / "www"
    www.mkdir()
    (www / "small.txt").write_text("small\n")
    (www / "long.txt").write_text(LONG)
    (www / "data.json").write_text('{"answer": 42}')
    (www / "data.bin").write_bytes(bytes(range(256)) * 300)
    return www


def serve(site: Path, port: int, *options: str) -> Any:
    return running([path_of("nghttpd"), "--no-tls", "-a", "127.0.0.1", "-d", str(site), *options, str(port)], port)


def told(found: Records, *names: str) -> list[tuple[object, ...]]:
    return [tuple(record[name] for name in names) for record in found]


def test_curl_by_prior_knowledge(tmp_path: Path, site: Path) -> None:
    need("nghttpd", "curl")
    port = free_port()
    names = ("small.txt?n=1", "long.txt?n=2", "data.json?n=3", "data.bin?n=4", "missing?n=5")
    shown: list[tuple[int, int]] = []
    with serve(site, port), captured(tmp_path / "h2.pcap", port):
        for name in names:
            command = [
                "curl",
                "-s",
                "--http2-prior-knowledge",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code} %{size_download}",
            ]
            status, size = output(
                [*command, "-H", "Authorization: Bearer x", f"http://127.0.0.1:{port}/{name}"]
            ).split()
            shown.append((int(status), int(size)))
        output(["curl", "-s", "-I", "--http2-prior-knowledge", f"http://127.0.0.1:{port}/long.txt"])
        output(
            [
                "curl",
                "-s",
                "--http2-prior-knowledge",
                "--data-binary",
                LONG[:50_000],
                f"http://127.0.0.1:{port}/small.txt",
            ]
        )
    found, report = records(tmp_path / "h2.pcap", "http_events")
    assert told(found[:5], "resp_status", "resp_body_size") == shown
    assert told(found[:5], "req_path") == [(f"/{name}",) for name in names]
    assert told(found[5:], "req_method", "resp_status") == [("HEAD", 200), ("POST", 200)]
    assert (found[1]["resp_body"], found[2]["content_type"]) == (LONG[:65536], 1)
    assert (found[5]["resp_body_size"], found[6]["req_body_size"], found[6]["req_body"]) == (0, 50_000, LONG[:50_000])
    for record in found:
        assert (record["major_version"], record["minor_version"], record["note"]) == (2, 0, "")
        assert isinstance(record["latency"], int)
        assert record["latency"] > 0
    assert json.loads(str(found[0]["req_headers"]))["authorization"] == "[redacted]"
    assert report.tables["http_events"].errors == 0


def test_nghttp_with_push_padding_trailers_and_many_streams(tmp_path: Path, site: Path) -> None:
    need("nghttpd", "nghttp")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with (
        serve(site, port, "-p/small.txt=/data.json", "-b", "20", "--trailer", "x-end: 1"),
        captured(tmp_path / "h2.pcap", port),
    ):
        output(["nghttp", "-n", "-b", "30", f"{address}/small.txt", f"{address}/long.txt"])
    found, report = records(tmp_path / "h2.pcap", "http_events")
    wanted = [("/data.json", 200, 14), ("/long.txt", 200, len(LONG)), ("/small.txt", 200, 6)]
    assert sorted(told(found, "req_path", "resp_status", "resp_body_size")) == sorted(wanted)  # type: ignore[type-var]
    assert all(json.loads(str(record["resp_headers"])).get("x-end") == "1" for record in found)
    assert report.tables["http_events"].errors == 0


@pytest.mark.parametrize("streams", ["1", "30"])
def test_h2load(tmp_path: Path, site: Path, streams: str) -> None:
    need("nghttpd", "h2load")
    port = free_port()
    with serve(site, port), captured(tmp_path / "h2.pcap", port):
        paths = [
            f"http://127.0.0.1:{port}/{name}?n={number}" for number in range(50) for name in ("small.txt", "data.json")
        ]
        text = output(["h2load", "-n", "3000", "-c", "3", "-m", streams, *paths])
    done = re.search(r"(\d+) succeeded", text)
    assert done is not None
    found, report = records(tmp_path / "h2.pcap", "http_events")
    assert len(found) == int(done[1]) == 3000
    assert {(record["resp_status"], record["note"]) for record in found} == {(200, "")}
    for record in found:
        assert record["resp_body"] == ("small\n" if "small" in str(record["req_path"]) else '{"answer": 42}')
    assert (report.tables["http_events"].errors, report.tables["http_events"].bytes_lost) == (0, 0)


def ask(name: str, password: str = "") -> bytes:
    """The message s.Ask of `SET`."""
    fields = ((10, name.encode()), (18, password.encode()))
    return b"".join(bytes((tag, len(value))) + value for tag, value in fields if value)


def handlers(grpc: Any) -> Any:
    """The service s.S of `SET`, by bytes."""

    def unary(request: bytes, context: Any) -> bytes:
        if b"nobody" in request:
            context.abort(grpc.StatusCode.NOT_FOUND, "no one: é")
        context.set_trailing_metadata((("x-cost", "3"),))
        return b"\x2a" + bytes((len(request),)) + request

    def many(request: bytes, context: Any) -> Iterator[bytes]:
        for number in range(5):
            yield ask(f"{number}")

    def slow(request: bytes, context: Any) -> Iterator[bytes]:
        yield ask("first")
        context.add_callback(gone.set)
        gone.wait(10)

    def echo(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        yield from requests

    gone = threading.Event()
    return grpc.method_handlers_generic_handler("s.S", {
        "M": grpc.unary_unary_rpc_method_handler(unary),
        "Many": grpc.unary_stream_rpc_method_handler(many),
        "Slow": grpc.unary_stream_rpc_method_handler(slow),
        "Echo": grpc.stream_stream_rpc_method_handler(echo),
    })  # fmt: skip


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """A capture of gRPC's own client and server."""
    need()
    grpc = pytest.importorskip("grpc", reason="grpcio is not installed")
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((handlers(grpc),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with captured(tmp_path / "grpc.pcap", port), grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            one: Callable[..., Any] = channel.unary_unary("/s.S/M")
            assert one(ask("ann", "secret"), metadata=(("authorization", "x"),)) == b"\x2a\x0d" + ask("ann", "secret")
            with pytest.raises(grpc.RpcError):
                one(ask("nobody"))
            with pytest.raises(grpc.RpcError):
                channel.unary_unary("/s.S/Nothing")(b"")
            assert one(ask("z" * 100), compression=grpc.Compression.Gzip)
            assert len(list(channel.unary_stream("/s.S/Many")(ask("all")))) == 5
            assert list(channel.stream_stream("/s.S/Echo")(iter([ask("a"), b"", ask("b")]))) == [
                ask("a"),
                b"",
                ask("b"),
            ]
            stream = channel.unary_stream("/s.S/Slow")(ask("cancelled"))
            assert next(stream) == ask("first")
            stream.cancel()
            with futures.ThreadPoolExecutor(8) as pool:
                assert len(list(pool.map(lambda number: one(ask(f"p{number}")), range(40)))) == 40
    finally:
        server.stop(None).wait()
    return tmp_path / "grpc.pcap"


def test_grpc(calls: Path) -> None:
    found, report = records(calls, "http_events")
    first = [record for record in found if '"p' not in str(record["req_body"])]
    zipped = '{"1":"' + "z" * 100 + '"}'
    assert told(first, "req_path", "req_body", "resp_message", "resp_body") == [
        ("/s.S/M", '{"1":"ann","2":"secret"}', "OK", '{"5":{"1":"ann","2":"secret"}}'),
        ("/s.S/M", '{"1":"nobody"}', "NOT_FOUND: no one: é", ""),
        ("/s.S/Nothing", "{}", "UNIMPLEMENTED: Method not found!", ""),
        ("/s.S/M", zipped, "OK", f'{{"5":{zipped}}}'),
        ("/s.S/Many", '{"1":"all"}', "OK", "\n".join(f'{{"1":"{number}"}}' for number in range(5))),
        ("/s.S/Echo", '{"1":"a"}\n{}\n{"1":"b"}', "OK", '{"1":"a"}\n{}\n{"1":"b"}'),
        ("/s.S/Slow", '{"1":"cancelled"}', "RST_STREAM from client: CANCEL", '{"1":"first"}'),
    ]
    assert len(found) == len(first) + 40
    assert {(r["major_version"], r["content_type"], r["resp_status"], r["note"]) for r in found} == {(2, 2, 200, "")}
    assert json.loads(str(found[0]["resp_headers"]))["x-cost"] == "3"
    assert report.tables["http_events"].errors == 0


def test_grpc_by_name(calls: Path) -> None:
    registry, sink = load_registry(), MemorySink()
    settings = Settings(files={"http.descriptors": SET})
    replay([str(calls)], registry, sink, ReplayOptions(settings))
    table = next(found for found in registry.tables() if found.name == "http_events")
    first = min((as_record(table, row) for row in sink.tables["http_events"]), key=lambda record: record["time_"])
    assert first["req_body"] == '{"name": "ann", "password": "[redacted]"}'
    assert first["resp_body"] == '{"asks": [{"name": "ann", "password": "[redacted]"}]}'
