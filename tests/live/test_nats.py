"""nats-server and nats-py: what the client published, subscribed, asked and acknowledged, record for record."""

import asyncio
import gc
import json
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from bench.servers import find, free_port, running
from tests.live.conftest import Records, need
from tests.live.watch import Watch

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""nats-py may leave a closed connection's socket to the garbage collector, which complains when it comes by."""

CONFIG = """
listen: "127.0.0.1:{port}"
jetstream {{ store_dir: "{folder}/js" }}
authorization {{
  users = [
    {{ user: app, password: app-pw }}
    {{ user: limited, password: limited-pw, permissions: {{ publish: "ok.>", subscribe: ["ok.>", "_INBOX.>"] }} }}
  ]
}}
"""
Client = Callable[[str], Awaitable[None]]


def talk(watch: Watch, folder: Path, client: Client) -> Records:
    """Run a client against a server of its own, and return the records of what they said."""
    need("nats-server")
    port = free_port()
    (folder / "nats.conf").write_text(CONFIG.format(port=port, folder=folder))
    with running([find("nats-server") or "", "-c", str(folder / "nats.conf")], port), watch(port) as seen:
        asyncio.run(asyncio.wait_for(client(f"127.0.0.1:{port}"), 300))
    gc.collect()  # here and now, not in somebody else's test
    found = seen.records("nats_events")
    assert seen.flaws("nats_events") == (0, 0)
    assert "app-pw" not in repr(found)
    return found


def said(found: Records, *cmds: str) -> Counter[tuple[object, ...]]:
    """How often each (cmd, subject, payload, resp, note) is there."""
    rows = (row for row in found if row["cmd"] in cmds)
    return Counter(
        (row["cmd"], row["subject"], json.loads(str(row["body"])).get("payload"), row["resp"], row["note"])
        for row in rows
    )


def test_publish_subscribe_and_queue_groups(tmp_path: Path, watch: Watch) -> None:
    nats = pytest.importorskip("nats")

    async def client(server: str) -> None:
        one = await nats.connect(f"nats://app:app-pw@{server}")
        two = await nats.connect(f"nats://app:app-pw@{server}")
        got = []

        async def take(message: object) -> None:
            got.append(message)

        await two.subscribe("plain.*", cb=take)
        await two.subscribe("work", queue="pool", cb=take)
        await one.subscribe("work", queue="pool", cb=take)
        for connection in (one, two, one, two):  # the first flush of each may be answered for its first ping
            await connection.flush()
        for n in range(10):
            await one.publish(f"plain.{n}", b"p%d" % n)
            await one.publish("work", b"w%d" % n, headers={"N": str(n)})
        await one.flush()
        while len(got) < 20:
            await asyncio.sleep(0.01)
        await one.close()
        await two.close()

    found = talk(watch, tmp_path, client)
    assert said(found, "PUB", "MSG") == Counter(
        (cmd, f"plain.{n}", f"p{n}", None, "") for n in range(10) for cmd in ("PUB", "MSG")
    )
    assert said(found, "HPUB", "HMSG") == Counter(
        (cmd, "work", f"w{n}", None, "") for n in range(10) for cmd in ("HPUB", "HMSG")
    )
    headers = Counter(str(row["headers"]) for row in found if row["cmd"] == "HMSG")
    assert headers == Counter(f'{{"N":"{n}"}}' for n in range(10))
    groups = Counter(
        (row["subject"], json.loads(str(row["body"])).get("queue group")) for row in found if row["cmd"] == "SUB"
    )
    assert groups == {("plain.*", None): 1, ("work", "pool"): 2}
    assert all(row["resp"] == "PONG" for row in found if row["cmd"] == "PING")
    users = [json.loads(str(row["body"])) for row in found if row["cmd"] == "CONNECT"]
    assert [(user["user"], user["pass"]) for user in users] == [("app", "[redacted]")] * 2


def test_request_and_reply(tmp_path: Path, watch: Watch) -> None:
    nats = pytest.importorskip("nats")

    async def client(server: str) -> None:
        asker = await nats.connect(f"nats://app:app-pw@{server}")
        responder = await nats.connect(f"nats://app:app-pw@{server}")

        async def answer(message: object) -> None:
            await message.respond(b"re:" + message.data)  # type: ignore[attr-defined]

        await responder.subscribe("svc", cb=answer)
        await responder.flush()
        await responder.flush()  # the first one of a new connection may be answered for its first ping
        for n in range(5):
            assert (await asker.request("svc", b"q%d" % n, timeout=120)).data == b"re:q%d" % n
        with pytest.raises(nats.errors.NoRespondersError):
            await asker.request("nobody", b"x", timeout=120)
        await asker.close()
        await responder.close()

    found = talk(watch, tmp_path, client)
    assert said(found, "PUB", "MSG", "HMSG") == Counter(
        [(cmd, "svc", f"q{n}", f"re:q{n}", "") for n in range(5) for cmd in ("PUB", "MSG")]
        + [("PUB", "nobody", "x", "503 No Responders", "")]
    )
    took = {
        (row["cmd"], row["reply_to"]): row["latency"] for row in found if row["subject"] == "svc" and row["reply_to"]
    }
    for (cmd, reply), latency in took.items():
        assert isinstance(latency, int)
        if cmd == "PUB":
            inner = took["MSG", reply]
            assert isinstance(inner, int)
            assert 0 < inner < latency


def test_jetstream(tmp_path: Path, watch: Watch) -> None:
    nats = pytest.importorskip("nats")

    async def client(server: str) -> None:
        connection = await nats.connect(f"nats://app:app-pw@{server}")
        js = connection.jetstream()
        await js.add_stream(name="ORDERS", subjects=["orders.*"])
        for n in range(4):
            assert (await js.publish("orders.new", b"o%d" % n)).seq == n + 1
        pull = await js.pull_subscribe("orders.*", durable="work")
        for message in await pull.fetch(3, timeout=120):
            await message.ack()
        (last,) = await pull.fetch(1, timeout=120)
        await last.nak()
        (last,) = await pull.fetch(1, timeout=120)
        await last.term()
        heard = connection.stats["in_msgs"]
        with pytest.raises(nats.errors.TimeoutError):
            await pull.fetch(1, timeout=0.3)
        while connection.stats["in_msgs"] == heard:  # the server gives up as well, and says so, at about the same time
            await asyncio.sleep(0.01)
        await connection.close()

    found = talk(watch, tmp_path, client)
    published = [row for row in found if row["cmd"] == "PUB" and row["subject"] == "orders.new"]
    assert [json.loads(str(row["resp"]))["seq"] for row in published] == [1, 2, 3, 4]
    bodies = [json.loads(str(row["body"])) for row in found]
    named = [
        body["jetstream"]
        for row, body in zip(found, bodies, strict=True)
        if row["cmd"] == "PUB" and "jetstream" in body
    ]
    calls = Counter(name["api"] for name in named)
    assert calls["STREAM.CREATE"] == 1
    assert calls["CONSUMER.MSG.NEXT"] >= 3
    pulls = [row["resp"] for row in found if "MSG.NEXT" in str(row["subject"])]
    assert pulls[:3] == ["messages = 3", "messages = 1", "messages = 1"]
    assert pulls[3:] == ["408 Request Timeout"]
    delivered = [(row, body) for row, body in zip(found, bodies, strict=True) if row["cmd"] == "MSG"]
    assert [(body["jetstream"]["stream_seq"], body["reply"]["ack"]) for _, body in delivered] == [
        (1, "ack"),
        (2, "ack"),
        (3, "ack"),
        (4, "nak"),
        (4, "term"),
    ]
    assert delivered[4][1]["jetstream"]["delivered"] == 2


async def refused(server: str) -> None:
    """A client with a wrong password, by hand: nats-py leaves its socket to the garbage collector when it is refused."""
    host, _, port = server.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await reader.readline()
    writer.write(b'CONNECT {"verbose":false,"user":"app","pass":"wrong-pw"}\r\nPING\r\n')
    assert await reader.read() == b"-ERR 'Authorization Violation'\r\n"
    writer.close()
    await writer.wait_closed()


def test_who_may_not(tmp_path: Path, watch: Watch) -> None:
    nats = pytest.importorskip("nats")

    async def client(server: str) -> None:
        heard: list[str] = []

        async def hear(error: Exception) -> None:
            heard.append(str(error))

        await refused(server)
        limited = await nats.connect(f"nats://limited:limited-pw@{server}", error_cb=hear)
        await limited.publish("secret", b"x")
        await limited.flush()
        while not any("secret" in text for text in heard):
            await asyncio.sleep(0.01)
        await limited.close()

    found = talk(watch, tmp_path, client)
    rejected = [row for row in found if row["cmd"] == "CONNECT" and row["resp"] is not None]
    assert [row["resp"] for row in rejected] == ["-ERR 'Authorization Violation'"]
    errors = [(row["subject"], row["resp"]) for row in found if row["cmd"] == "-ERR"]
    assert errors == [("secret", "-ERR 'Permissions Violation for Publish to \"secret\"'")]


def test_the_server_is_the_one_meant() -> None:
    need("nats-server")
    shown = subprocess.run([find("nats-server") or "", "--version"], check=True, capture_output=True, text=True).stdout
    assert shown.startswith("nats-server: v2.")
