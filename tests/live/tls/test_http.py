"""curl and nginx over TLS: what the client did, told by both ends."""

import os
import signal
import subprocess
from pathlib import Path

from bench.servers import find, free_port, running
from tests.live.conftest import need
from tests.live.tls.conftest import Certificate, Read

CONFIGURATION = """
pid {work}/nginx.pid; error_log {work}/error.log; daemon off; worker_processes 2; user root;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work}; uwsgi_temp_path {work};
    scgi_temp_path {work};
    server {{
        listen 127.0.0.1:{port} ssl http2; root {work}/www; ssl_certificate {certificate}; ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        location /json {{ default_type application/json; return 200 '{{"answer": 42}}'; }}
        location /nothing {{ return 204; }}
        location /put {{ dav_methods PUT; create_full_put_path on; }}
    }}
}}
"""
LONG = "".join(f"line {number} of a long text\n" for number in range(4000))


WAYS = [("--http1.1", "1.2"), ("--http1.1", "1.3"), ("--http2", "1.2"), ("--http2", "1.3")]


def test_curl_and_nginx(tmp_path: Path, read: Read, certificate: Certificate) -> None:
    need("nginx", "curl")
    port = free_port()
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "long.txt").write_text(LONG)
    names = {"work": tmp_path, "port": port, "certificate": certificate.certificate, "key": certificate.key}
    (tmp_path / "nginx.conf").write_text(CONFIGURATION.format(**names))
    os.chmod(tmp_path, 0o755)
    command = [find("nginx") or "", "-p", str(tmp_path), "-e", str(tmp_path / "error.log")]
    url = f"https://localhost:{port}"
    with (
        running([*command, "-c", str(tmp_path / "nginx.conf")], port, signal.SIGQUIT),
        read("--command", "nginx", "--command", "curl", ports=[port]) as live,
    ):
        for number, (http, tls) in enumerate(WAYS):
            curl = ["curl", "-s", http, "--cacert", str(certificate.certificate), "--tlsv" + tls, "--tls-max", tls]
            for words in (
                [f"{url}/json?n=1", f"{url}/nothing?n=2", f"{url}/long.txt?n=3"],
                ["-X", "PUT", "-d", "a=1&b=2", f"{url}/put/{number}/4"],
                ["-T", str(tmp_path / "www" / "long.txt"), f"{url}/put/{number}/5"],
                ["-I", f"{url}/missing?n=6"],
            ):
                subprocess.run([*curl, *words], check=True, capture_output=True, timeout=120)
    found = live.records("http_events")
    assert len(found) == 6 * len(WAYS)
    for number, (http, _) in enumerate(WAYS):
        rows = found[6 * number :][:6]
        assert [(row["req_method"], row["req_path"], row["resp_status"], row["resp_body"]) for row in rows][:4] == [
            ("GET", "/json?n=1", 200, '{"answer": 42}'),
            ("GET", "/nothing?n=2", 204, ""),
            ("GET", "/long.txt?n=3", 200, LONG[:65536]),
            ("PUT", f"/put/{number}/4", 201, ""),
        ]
        assert [(row["req_method"], row["req_path"], row["req_body_size"], row["resp_status"]) for row in rows][4:] == [
            ("PUT", f"/put/{number}/5", len(LONG), 201),
            ("HEAD", "/missing?n=6", 0, 404),
        ]
        assert {row["major_version"] for row in rows} == {1 if http == "--http1.1" else 2}
    assert {(row["encrypted"], row["note"], row["local_port"]) for row in found} == {(True, "", port)}
    assert live.flaws("http_events") == (0, 0)
    connections = live.all("connections")
    assert len(connections) == 2 * 4 * len(WAYS)
    for row in connections:
        assert (row["encrypted"], row["opened"], row["protocol"], row["bytes_lost"]) == (True, True, "http", 0)
    assert all(row["ssl"] for row in live.all("conn_stats"))
