"""NATS: nats-server under nats-py."""

import asyncio
import importlib
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.servers import free_port, path_of, running
from bench.workloads import Workload

_TOGETHER = 100  # messages or requests at a time
_SUBJECTS = 50
_PADDING = "x" * 100


@dataclass(frozen=True, kw_only=True)
class Nats(Workload):
    """Messages of 130 bytes from one client to another; `requests`: each of them is answered."""

    requests: bool

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        port, monitor = free_port(), free_port()
        (work / "monitor").write_text(str(monitor))
        command = [path_of("nats-server"), "-a", "127.0.0.1", "-p", str(port), "-m", str(monitor)]
        with running(command, port):
            yield port

    def put(self, port: int, work: Path, requests: int) -> None:
        asyncio.run(self._talk(port, requests))

    def note(self, port: int, work: Path) -> None:
        address = f"http://127.0.0.1:{(work / 'monitor').read_text()}/varz"
        with urllib.request.urlopen(address) as answer:
            (work / "varz").write_bytes(answer.read())

    def sent(self, work: Path) -> tuple[int, str]:
        varz = json.loads((work / "varz").read_text())
        messages = varz["in_msgs"] + varz["out_msgs"]
        if self.requests:  # a request and its reply, at the client and at the service: four messages, two records
            return messages // 2, "in_msgs and out_msgs of nats-server, halved"
        return messages, "in_msgs and out_msgs of nats-server"

    async def _talk(self, port: int, requests: int) -> None:
        connect = importlib.import_module("nats").connect
        sender = await connect(f"nats://127.0.0.1:{port}")
        receiver = await connect(f"nats://127.0.0.1:{port}")
        seen = 0

        async def take(message: Any) -> None:
            nonlocal seen
            seen += 1
            if self.requests:
                await message.respond(b'{"accepted": true}')

        await receiver.subscribe("orders.*", cb=take)
        await receiver.flush()
        count = 0
        while count < requests // 2:
            bodies = [f'{{"order": {count + n}, "text": "{_PADDING}"}}'.encode() for n in range(_TOGETHER)]
            subjects = [f"orders.{(count + n) % _SUBJECTS}" for n in range(_TOGETHER)]
            pairs = zip(subjects, bodies, strict=True)
            if self.requests:
                await asyncio.gather(*(sender.request(subject, body, timeout=30) for subject, body in pairs))
            else:
                for subject, body in pairs:
                    await sender.publish(subject, body)
                await sender.flush()
            count += _TOGETHER
        while seen < count:
            await asyncio.sleep(0.01)
        await sender.close()
        await receiver.close()


def _load(name: str, bytes_each: int, requests: bool) -> Nats:
    return Nats(
        name=name,
        table="nats_events",
        needs={"nats-server": "nats-server"},
        modules={"nats": "nats-py"},
        megabytes=150,
        bytes_each=bytes_each,
        tshark="",
        fields=(),
        counted="cmd IN ('PUB', 'MSG')",
        at_least=0,
        aim=0,
        requests=requests,
    )


LOADS = (_load("nats", 175, False), _load("nats-requests", 350, True))
