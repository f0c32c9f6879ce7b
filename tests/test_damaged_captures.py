"""Captures damaged in every way a network and a capture can: nothing raises, in the core or in a plugin."""

import random
import struct
from pathlib import Path

import pytest

from pxcap.core.pipeline import Options
from pxcap.core.registry import load_registry
from pxcap.core.replay import replay
from pxcap.core.sink import MemorySink

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("*/*.pcap"))
REGISTRY = load_registry()
ROUNDS = 12


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The capture with bytes changed in headers or payload, packets lost, shuffled and shown twice."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    records, at = [], 24
    while at + 16 <= len(data):
        size = struct.unpack_from(order + "I", data, at + 8)[0]
        records.append(bytearray(data[at : at + 16 + size]))
        at += 16 + size
    first = rng.choice((16, 16 + 54))  # anywhere in the packet, or behind the headers
    for record in records:
        if rng.random() < 0.1 and len(record) > first:
            for _ in range(rng.randint(1, 4)):
                record[rng.randrange(first, len(record))] = rng.randrange(256)
    if rng.random() < 0.4:
        records = [record for record in records if rng.random() > 0.1]
    if rng.random() < 0.4:
        reach = rng.randint(1, 40)
        keyed = sorted(enumerate(records), key=lambda item: item[0] + rng.random() * reach)
        records = [record for _, record in keyed]
    if rng.random() < 0.3:
        records = [again for record in records for again in [record] * rng.choice((1, 1, 1, 2))]
    return data[:24] + b"".join(records)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_damage_never_raises(path: Path, tmp_path: Path) -> None:
    rng = random.Random(path.name)
    for _ in range(ROUNDS):
        (tmp_path / "damaged.pcap").write_bytes(damaged(path.read_bytes(), rng))
        sink = MemorySink()
        report = replay([str(tmp_path / "damaged.pcap")], REGISTRY, sink, Options())
        assert report.plugin_failures == {}
        assert report.failed == []
        assert all(count.records == len(sink.tables.get(name, [])) for name, count in report.tables.items())
