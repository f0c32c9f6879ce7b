"""HTTP/1: nginx under wrk."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.servers import free_port, output, path_of, running
from bench.workloads import TCP, Workload

_NGINX = """
pid {work}/nginx.pid;
error_log {work}/error.log;
daemon off;
worker_processes 1;
user root;
events {{ worker_connections 512; }}
http {{
    log_format line '$status';
    access_log {work}/access.log line buffer=256k;
    keepalive_requests 100000000;
    client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work};
    uwsgi_temp_path {work}; scgi_temp_path {work};
    server {{
        listen 127.0.0.1:{port};
        location / {{
            default_type application/json;
            {header}
            return 200 '{{"path": "$uri", "items": [{{"id": 17, "name": "spanner", "price": 12.5}}], "next": null}}';
        }}
    }}
}}
"""
_WRK = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/api/items/" .. n .. "?page=" .. n % 7)
end
"""
_FIELDS = (
    *TCP,
    *("http.request.method", "http.request.uri", "http.host", "http.user_agent"),
    *("http.response.code", "http.content_type", "http.content_length_header", "http.time"),
)


@dataclass(frozen=True, kw_only=True)
class Http(Workload):
    """Keep-alive connections and small JSON answers, with `header` a directive for one more header."""

    header: str

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        port = free_port()
        (work / "nginx.conf").write_text(_NGINX.format(work=work, port=port, header=self.header))
        command = [path_of("nginx"), "-p", str(work), "-e", str(work / "error.log"), "-c", str(work / "nginx.conf")]
        with running(command, port, signal.SIGQUIT):
            yield port

    def put(self, port: int, work: Path, requests: int) -> None:
        (work / "wrk.lua").write_text(_WRK)
        rate = _wrk(port, work, 1)
        _wrk(port, work, max(1, round(requests / max(rate, 1))) - 1)

    def sent(self, work: Path) -> tuple[int, str]:
        return (work / "access.log").read_bytes().count(b"\n"), "lines of nginx's access log"


def _wrk(port: int, work: Path, seconds: int) -> int:
    if seconds < 1:
        return 0
    command = [path_of("wrk"), "-t", "1", "-c", "8", "-d", f"{seconds}s", "-s", str(work / "wrk.lua")]
    text = output([*command, f"http://127.0.0.1:{port}"])
    found = re.search(r"(\d+) requests in", text)
    return int(found[1]) // seconds if found else 0


def _load(name: str, megabytes: int, bytes_each: int, fixture: int, target: tuple[float, float], header: str) -> Http:
    return Http(
        name=name,
        table="http_events",
        needs={"nginx": "nginx-light", "wrk": "wrk"},
        modules={},
        megabytes=megabytes,
        bytes_each=bytes_each,
        tshark="http",
        fields=_FIELDS,
        fixture=fixture,
        at_least=target[0],
        aim=target[1],
        header=header,
    )


LOADS = (
    _load("http", 130, 530, 80, (4.5, 7.0), ""),
    # No two responses have equal headers: nothing to remember.
    _load("http-ids", 40, 580, 0, (0, 0), "add_header X-Request-Id $request_id;"),
)
