"""What threads and short lives do to the order of events: each connection's records are its own, whole and in order."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.live.capture.conftest import Client, Redis
from tests.live.watch import CLIENT, SERVER, capturing


def test_many_short_connections(tmp_path: Path, redis: Redis, source: str) -> None:
    moved: dict[int, list[tuple[int, int]]] = {}

    def visit(number: int) -> None:
        client = Client(redis.port)
        client.ask("SET", f"key {number}", "x" * number)
        client.ask("GET", f"key {number}")
        client.close()
        moved.setdefault(client.port, []).append((client.sent, client.received))

    with capturing(source, tmp_path, "--port", str(redis.port)) as live:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(visit, range(400)))
        last = Client(redis.port)
        while b"id=" in last.ask("CLIENT", "LIST", "TYPE", "normal").replace(b"id=", b"", 1):
            pass  # until the server has seen all others close
        last.close()
    found = live.records("redis_events")
    asked = Counter(
        (row["req_cmd"], json.loads(str(row["req_args"]))[0]) for row in found if row["req_cmd"] != "CLIENT"
    )
    assert asked == Counter((command, f"key {number}") for number in range(400) for command in ("SET", "GET"))
    for row in found:
        if row["req_cmd"] == "GET":
            assert len(str(row["resp"])) == int(json.loads(str(row["req_args"]))[0].partition(" ")[2])
        assert row["note"] == ""
    kept = [row for row in live.all("connections") if last.port not in (row["local_port"], row["remote_port"])]
    for role in (SERVER, CLIENT) if source == "bpf" else (SERVER,):
        ends = [row for row in kept if row["trace_role"] == role]
        sent, received = ("bytes_recv", "bytes_sent") if role == SERVER else ("bytes_sent", "bytes_recv")
        port = "remote_port" if role == SERVER else "local_port"
        assert Counter((row[port], row[sent], row[received]) for row in ends) == Counter(
            (port, *ends) for port, visits in moved.items() for ends in visits
        )
        assert {(row["opened"], row["closed_time"] is None, row["records"]) for row in ends} == {(True, False, 2)}
    assert live.flaws("redis_events") == (0, 0)


def test_one_thread_asks_and_another_hears(tmp_path: Path, redis: Redis) -> None:
    count, room = 5000, threading.Semaphore(3)
    with capturing("bpf", tmp_path, "--port", str(redis.port)) as live:
        client = Client(redis.port)

        def hear() -> None:
            for number in range(count):
                assert client.receive() == b"$%d\r\n%d\r\n" % (len(str(number)), number)
                room.release()

        with ThreadPoolExecutor(1) as pool:
            heard = pool.submit(hear)
            for number in range(count):
                room.acquire()
                client.send(b"*2\r\n$4\r\nECHO\r\n$%d\r\n%d\r\n" % (len(str(number)), number))
            heard.result()
        client.close()
    found = live.records("redis_events")
    assert [(row["req_args"], row["resp"], row["note"]) for row in found] == [
        (f'["{number}"]', str(number), "") for number in range(count)
    ]
    assert live.flaws("redis_events") == (0, 0)


def test_who_does_not_wait_for_the_answer(tmp_path: Path, redis: Redis) -> None:
    with capturing("bpf", tmp_path, "--port", str(redis.port)) as live:
        for number in range(50):
            client = Client(redis.port)
            client.send(b"*2\r\n$4\r\nECHO\r\n$2\r\n%02d\r\n" % number)
            client.close()
        last = Client(redis.port)
        while b"id=" in last.ask("CLIENT", "LIST", "TYPE", "normal").replace(b"id=", b"", 1):
            pass
        last.close()
    found = [row for row in live.all("redis_events") if row["req_cmd"] == "ECHO"]
    wanted = [f'["{number:02}"]' for number in range(50)]
    ours = [row for row in found if row["trace_role"] == CLIENT]
    assert [(row["req_args"], row["resp"], row["note"]) for row in ours] == [
        (text, None, "no_response") for text in wanted
    ]
    assert sorted(str(row["req_args"]) for row in found if row["trace_role"] == SERVER) == wanted
    assert live.flaws("redis_events") == (0, 0)
