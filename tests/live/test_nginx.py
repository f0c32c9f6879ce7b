"""nginx and Python's own HTTP client: what the client did is what is recorded, no more and no less."""

import gzip
import http.client
import json
import os
import signal
import socket
from pathlib import Path

from bench.servers import find, free_port, running
from tests.live.conftest import need
from tests.live.watch import Watch

CONFIGURATION = """
pid {work}/nginx.pid; error_log {work}/error.log; daemon off; worker_processes 1; user root;
events {{ worker_connections 64; }}
http {{
    access_log off; gzip on; gzip_min_length 1; gzip_types text/plain application/json; client_max_body_size 4k;
    client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work}; uwsgi_temp_path {work};
    scgi_temp_path {work};
    server {{
        listen 127.0.0.1:{port}; root {work}/www;
        location /json {{ default_type application/json; return 200 '{{"answer": 42}}'; }}
        location /moved {{ return 301 /elsewhere; }}
        location /teapot {{ return 418; }}
        location /nothing {{ return 204; }}
        location / {{ add_header Set-Cookie "session=secret"; }}
    }}
}}
"""
LONG = "".join(f"line {number} of a text that packs well\n" for number in range(4000))
REQUESTS: list[tuple[str, str, str | None, dict[str, str]]] = [
    ("GET", "/small.txt?n=1", None, {}),
    ("HEAD", "/small.txt?n=2", None, {}),
    ("GET", "/long.txt?n=3", None, {"Accept-Encoding": "gzip"}),
    ("GET", "/long.txt?n=4", None, {}),
    ("GET", "/json?n=5", None, {"Authorization": "Basic c2VjcmV0"}),
    ("GET", "/missing?n=6", None, {}),
    ("GET", "/moved?n=7", None, {}),
    ("GET", "/teapot?n=8", None, {}),
    ("GET", "/nothing?n=9", None, {}),
    ("POST", "/json?n=10", "a=1&b=2", {"Content-Type": "application/x-www-form-urlencoded"}),
    ("POST", "/small.txt?n=11", "x" * 5000, {"Content-Type": "text/plain"}),
]


def test_every_request_is_a_record(tmp_path: Path, watch: Watch) -> None:
    need("nginx")
    port = free_port()
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "small.txt").write_text("small\n")
    (tmp_path / "www" / "long.txt").write_text(LONG)
    (tmp_path / "nginx.conf").write_text(CONFIGURATION.format(work=tmp_path, port=port))
    os.chmod(tmp_path, 0o755)
    command = [find("nginx") or "", "-p", str(tmp_path), "-e", str(tmp_path / "error.log")]
    seen: list[tuple[str, str, int, str]] = []
    server = running([*command, "-c", str(tmp_path / "nginx.conf")], port, signal.SIGQUIT)
    with server, watch(port) as found_by:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for method, path, body, headers in REQUESTS:
            client.request(method, path, body, headers)
            response = client.getresponse()
            data = response.read()
            if response.headers["Content-Encoding"] == "gzip":
                data = gzip.decompress(data)
            seen.append((method, path, response.status, data.decode()))
        client.close()
        with socket.create_connection(("127.0.0.1", port), 10) as raw:
            raw.sendall(b"GET /json?n=12 HTTP/1.1\r\nHost: x\r\n\r\nGET /json?n=13 HTTP/1.0\r\n\r\n")
            while raw.recv(65536):
                pass
    seen += [("GET", "/json?n=12", 200, '{"answer": 42}'), ("GET", "/json?n=13", 200, '{"answer": 42}')]
    found = found_by.records("http_events")
    assert [(r["req_method"], r["req_path"], r["resp_status"]) for r in found] == [row[:3] for row in seen]
    for record, (method, path, _, text) in zip(found, seen, strict=True):
        assert record["resp_body"] == ("" if method == "HEAD" else text[:65536]), path
        assert record["local_port"] == port
        assert record["note"] == ""
        assert isinstance(record["latency"], int)
        assert record["latency"] > 0
    assert found[9]["req_body"] == "a=1&b=2"
    assert (found[10]["resp_status"], found[10]["req_body_size"]) in ((413, 5000), (413, 0))
    assert json.loads(str(found[4]["req_headers"]))["Authorization"] == "[redacted]"
    assert json.loads(str(found[0]["resp_headers"]))["Set-Cookie"] == "[redacted]"
    assert found_by.flaws("http_events") == (0, 0)
