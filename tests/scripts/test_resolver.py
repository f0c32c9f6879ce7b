"""Names from a map, from what the store knows, and from a hosts file."""

from pathlib import Path

import pytest
from tests.scripts.conftest import connection

from pxcap.core.columns import CONN_STATS, PROCESSES
from pxcap.core.errors import UsageError
from pxcap.scripts.names import Known, Names
from pxcap.scripts.resolver import Process, endpoint, load_names, read_hosts, read_map
from pxcap.scripts.reverse import ReverseDns
from pxcap.store import open_store

NGINX, POD = "1" * 64, "a" * 8 + "-0000-0000-0000-000000000000"


def process(
    pid: int, comm: str, ppid: int = 1, cmdline: str = "", container: str = "", pod: str = "", start: int = 100
) -> tuple[object, ...]:
    return (start, f"host:{pid}:7", pid, ppid, comm, cmdline, "", 0, "root", container, "", pod, "host")


def total(upid: str, address: str, port: int = 0) -> tuple[object, ...]:
    ends = {"upid": upid, "remote_addr": "192.0.2.77", "local_addr": address, "local_port": port}
    return connection(time_=1, first_time=1, protocol="http", **ends)


PROCESS_ROWS = [
    process(10, "nginx", cmdline="nginx: master"),
    process(11, "nginx", ppid=10),
    process(12, "nginx", ppid=10),
    process(20, "python3", cmdline="/usr/bin/python3 -u /srv/shop.py --port 1"),
    process(30, "postgres", container=NGINX, start=50),
    process(31, "sh", container=NGINX, start=90),
    process(40, "java", cmdline="java -cp /a:/b -Xmx1g com.example.Main", container="2" * 64, pod=POD, start=10),
    process(41, "envoy", container="3" * 64, pod=POD, start=20),
]
TOTALS = [
    total("host:11:7", "192.0.2.1", 80),
    total("host:20:7", "192.0.2.1", 90),
    total("host:20:7", "127.0.0.1", 90),
    total("host:30:7", "172.17.0.2", 5432),
    total("host:31:7", "172.17.0.2"),
    total("host:40:7", "10.1.0.5", 8080),
    total("host:41:7", "10.1.0.5", 15001),
    total("", "198.51.100.1", 443),
    total("", "198.51.100.2", 443),
]


def names_of(tmp_path: Path, text: str = "", hosts: str = "") -> Names:
    (tmp_path / "map").write_text(text)
    (tmp_path / "hosts").write_text(hosts)
    url = f"sqlite:///{tmp_path}/records.db"
    with open_store(url) as store:
        store.prepare([PROCESSES, CONN_STATS])
        with store.writer() as writer:
            writer.write("processes", PROCESS_ROWS)
            writer.write("conn_stats", TOTALS)
    with open_store(url, create=False) as store:
        return load_names(store, tmp_path / "map", hosts=tmp_path / "hosts")


def test_processes_and_containers(tmp_path: Path) -> None:
    names = names_of(tmp_path)
    service, pod, pod_id = (names.table(one) for one in ("service", "pod", "pod_id"))
    assert [service[f"host:{pid}:7"] for pid in (10, 11, 12)] == ["nginx"] * 3
    assert [pod[f"host:{pid}:7"] for pid in (10, 11, 12)] == ["nginx-10"] * 3
    assert (service["host:20:7"], pod["host:20:7"]) == ("shop.py", "shop.py-20")
    assert [service[f"host:{pid}:7"] for pid in (30, 31)] == ["postgres"] * 2
    assert [pod[f"host:{pid}:7"] for pid in (30, 31)] == ["postgres-111111111111"] * 2
    assert [service[f"host:{pid}:7"] for pid in (40, 41)] == ["com.example.Main"] * 2
    assert [pod_id[f"host:{pid}:7"] for pid in (40, 41)] == [POD] * 2
    assert names.table("container")["host:30:7"] == "1" * 12
    assert names.table("node")["host:20:7"] == names.node == "host"
    assert service[POD] == "com.example.Main"
    assert names.table("start")[POD] == "10"
    assert POD not in names.table("cmdline")


def test_addresses(tmp_path: Path) -> None:
    names = names_of(tmp_path)
    assert names.inside == {
        "192.0.2.1": "host",  # of several processes: the machine's
        "127.0.0.1": "127.0.0.1",
        "172.17.0.2": "postgres-111111111111",
        "10.1.0.5": POD,
        "198.51.100.1": "198.51.100.1",
        "198.51.100.2": "198.51.100.2",
    }
    assert names.table("address") == {
        "nginx-10": "192.0.2.1",
        "shop.py-20": "192.0.2.1",
        "host": "192.0.2.1",
        "postgres-111111111111": "172.17.0.2",
        "com.example.Main-aaaaaaaa-000": "10.1.0.5",
    }
    assert names.table("service")["172.17.0.2"] == "postgres"
    assert "198.51.100.1" not in names.table("service")
    assert not names.open


def test_packets_of_a_laptop(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/laptop.db"
    asked = [
        ("", "203.0.113.5", "192.168.1.7"),  # on the Internet, asked from here
        ("", "192.168.1.1", "192.168.1.7"),
        ("", "203.0.113.6", "198.51.100.9"),  # asked from elsewhere, too: a capture at the server
        ("", "203.0.113.6", "10.0.0.8"),
        ("host:1:7", "203.0.113.7", "10.0.0.9"),  # a process here has this address
    ]
    with open_store(url) as store:
        store.prepare([CONN_STATS])
        with store.writer() as writer:
            writer.write(
                "conn_stats",
                [connection(time_=1, upid=upid, local_addr=server, remote_addr=peer) for upid, server, peer in asked],
            )
    with open_store(url, create=False) as store:
        assert set(load_names(store, hosts=tmp_path / "none").inside) == {
            *("192.168.1.7", "192.168.1.1", "203.0.113.6", "203.0.113.7"),
        }


def test_a_hosts_file(tmp_path: Path) -> None:
    names = names_of(
        tmp_path, hosts="127.0.0.1 localhost\n198.51.100.1  gate.example gate # here\n192.0.2.9 far\njunk x\n::1 ip6\n"
    )
    assert names.table("name")["198.51.100.1"] == "gate.example"
    assert names.table("name")["192.0.2.9"] == "far"
    assert "192.0.2.9" not in names.inside
    assert "127.0.0.1" not in names.table("name")
    assert read_hosts(tmp_path / "missing") == {}


def test_the_map_comes_first(tmp_path: Path) -> None:
    names = names_of(
        tmp_path,
        "# names\n"
        "198.51.100.1      gate  gate-1  edge  node-9\n"
        "198.51.100.2:443  other\n"
        "192.0.2.1:80      front  # of a process\n"
        "192.0.2.1         machine\n"
        "111111111111      orders\n"
        f"{POD}             -  -  shop\n"
        "10.0.0.0/8        lan\n"
        "10.1.0.0/16       near\n"
        "host:20:7         special  special-1\n",
        hosts="198.51.100.1 not.this",
    )
    known = names.keys
    assert known["198.51.100.1"] == Known("gate", "gate-1", "edge", "node-9")
    assert known["gate-1"].service == "gate"
    assert names.ports == {"198.51.100.2:443", "192.0.2.1:80"}
    assert known["host:11:7"].service == "front"
    assert known["host:12:7"].service == "nginx"
    assert known["host:20:7"].service == "special"
    assert known["host:30:7"].service == "orders"
    assert (known["host:40:7"].service, known["host:40:7"].namespace) == ("com.example.Main", "shop")
    assert [str(network) for network, _ in names.networks] == ["10.1.0.0/16", "10.0.0.0/8"]
    assert names.inside["198.51.100.1"] == "gate-1"
    assert names.table("address")["gate-1"] == "198.51.100.1"
    assert names.inside["192.0.2.1"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10.0.0.1", "line 1 has 1 fields, expected 2 to 5"),
        ("\n10.0.0.1 a b c d e", "line 2 has 6 fields, expected 2 to 5"),
        ("10.0.0/99 a", "line 1: 10.0.0/99 is no network"),
    ],
)
def test_a_map_that_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "map"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_map(path)
    assert str(caught.value) == f"name map {path}: {message}"
    assert "KEY SERVICE" in caught.value.hint


def test_a_map_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file or directory"):
        read_map(tmp_path / "missing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="it is not UTF-8"):
        read_map(tmp_path / "binary")


def test_an_empty_store_knows_nothing(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/none.db") as store:
        store.prepare([])
        assert load_names(store, hosts=tmp_path / "hosts") == Names()


def test_dns_is_asked_only_when_wanted(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/none.db") as store:
        store.prepare([])
        assert load_names(store, dns=ReverseDns(), hosts=tmp_path / "hosts").reverse is not None


@pytest.mark.parametrize(
    ("comm", "cmdline", "title"),
    [
        ("nginx", "nginx: worker process", "nginx"),
        ("python3", "python3 /srv/app.py -v", "app.py"),
        ("python3.11", "python3.11 -m gunicorn app:app", "gunicorn"),
        ("python3", "python3 -c pass", "python3"),
        ("java", "java -Xmx1g -jar /srv/x.jar", "x.jar"),
        ("node", "node --require ./a /srv/server.js", "server.js"),
        ("sh", "sh", "sh"),
        ("python3", "python3 -m", "python3"),
        ("", "", "process"),
    ],
)
def test_titles(comm: str, cmdline: str, title: str) -> None:
    assert Process("h:1:2", 0, 1, 1, comm, cmdline, "", "", "h").title == title


def test_endpoint() -> None:
    assert [endpoint("10.0.0.1", 80), endpoint("::1", 80)] == ["10.0.0.1:80", "[::1]:80"]
