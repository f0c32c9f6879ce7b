"""Everything at once, on ports that say nothing; of sockets, with nothing told to the capture."""

import signal
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import dns.message
import dns.query
import psycopg
from bench.databases import PostgreSQL
from bench.servers import free_port, path_of, running
from tests.live.capture.conftest import Client, Redis
from tests.live.capture.test_dns import port as dnsmasq
from tests.live.capture.test_load import NGINX
from tests.live.conftest import need
from tests.live.watch import CLIENT, SERVER, capturing

__all__ = ["dnsmasq"]
ROUNDS = 50


def test_four_protocols(tmp_path: Path, redis: Redis, dnsmasq: int, source: str) -> None:
    need("nginx", "postgres", "initdb")
    http = free_port()
    (tmp_path / "nginx.conf").write_text(NGINX.format(work=tmp_path, port=http))
    nginx = [
        path_of("nginx"),
        "-p",
        str(tmp_path),
        "-e",
        str(tmp_path / "error.log"),
        "-c",
        str(tmp_path / "nginx.conf"),
    ]

    def ask_redis() -> None:
        client = Client(redis.port)
        for number in range(ROUNDS):
            client.ask("SET", "n", str(number))
        client.close()

    def ask_nginx() -> None:
        client = HTTPConnection("127.0.0.1", http, timeout=120)
        for number in range(ROUNDS):
            client.request("GET", f"/{number}")
            assert client.getresponse().read() == b'{"answer": 42}'
        client.close()

    def ask_postgresql() -> None:
        with psycopg.connect(server.url() + "?sslmode=disable&gssencmode=disable", autocommit=True) as client:
            for number in range(ROUNDS):
                client.execute(f"SELECT {number}".encode())

    def ask_dnsmasq() -> None:
        for number in range(ROUNDS):
            dns.query.udp(dns.message.make_query(f"n{number}.bench.test", "A"), "127.0.0.1", timeout=120, port=dnsmasq)

    with PostgreSQL() as server, running(nginx, http, signal.SIGQUIT):
        ports = f"{redis.port},{http},{server.port},{dnsmasq}"
        # Without a filter all of the machine is captured: there must be room for what other tests do meanwhile.
        options = ("--interface", "lo", "--port", ports) if source == "packet" else ("--ring", "128")
        with capturing(source, tmp_path, *options, alone=False) as live, ThreadPoolExecutor(4) as pool:
            for asking in [pool.submit(ask) for ask in (ask_redis, ask_nginx, ask_postgresql, ask_dnsmasq)]:
                asking.result()
    for table, port, where, what, wanted in (
        ("redis_events", redis.port, "req_cmd = 'SET'", "req_args", [f'["n","{number}"]' for number in range(ROUNDS)]),
        ("http_events", http, "resp_status = 200", "req_path", [f"/{number}" for number in range(ROUNDS)]),
        ("pgsql_events", server.port, "req_cmd = 'Query'", "req", [f"SELECT {number}" for number in range(ROUNDS)]),
        ("dns_events", dnsmasq, "rcode = 'NOERROR'", "qname", [f"n{number}.bench.test" for number in range(ROUNDS)]),
    ):
        for role, column in ((SERVER, "local_port"), (CLIENT, "remote_port")):
            rows = live.query(
                f"SELECT {what}, note FROM {table} WHERE trace_role = {role} AND {column} = {port} AND {where}"
                " ORDER BY time_, rowid"
            )
            assert rows == ([] if role == CLIENT and source == "packet" else [(text, "") for text in wanted])
