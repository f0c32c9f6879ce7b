"""Windows in parts: together they are the whole, and each connection is in one of them."""

from pathlib import Path

import numpy as np
import pytest
from tests.core.workers import streams

from pxcap.core.capture import CaptureReader
from pxcap.core.flows.streams import StreamWindow
from pxcap.core.packets import PacketWindow
from pxcap.core.testing.craft import Conversation, write_pcap
from pxcap.core.workers.shares import Shares
from pxcap.core.workers.windows import (
    bucket_of_stream,
    datagram_window,
    packet_window,
    split_datagrams,
    split_packets,
    split_streams,
    stream_window,
)

WORKERS = [1, 2, 3, 8]


def rows(window: StreamWindow) -> list[tuple[object, ...]]:
    columns = (window.time, window.stream, window.direction, window.kind, window.pos, window.size)
    payload = [
        window.buf[start : start + size]
        for start, size in zip(window.start.tolist(), window.length.tolist(), strict=True)
    ]
    return list(zip(*(column.tolist() for column in columns), payload, strict=True))


@pytest.mark.parametrize("workers", WORKERS)
def test_streams(workers: int) -> None:
    whole = streams.window(3, range(10, 60))
    whole.stream[::7] += np.uint64(1 << 63)
    shares = Shares([0] * workers)
    first = shares.owner(bucket_of_stream(10))
    found: list[tuple[object, ...]] = []
    owners = set()
    for worker, events, packed in split_streams(whole, shares):
        part = stream_window(packed)
        assert len(part) == events
        assert {shares.owner(bucket_of_stream(stream)) for stream in part.stream.tolist()} == {worker}
        assert (10 in part.stream.tolist()) == (worker == first)
        assert part.time.tolist() == sorted(part.time.tolist())
        owners.add(worker)
        found += rows(part)
    assert sorted(found, key=repr) == sorted(rows(whole), key=repr)
    assert owners == set(range(workers))


@pytest.mark.parametrize("workers", WORKERS)
def test_packets(tmp_path: Path, workers: int) -> None:
    talks = [
        Conversation(("192.0.2.1", 10_000 + number), ("192.0.2.2", 7)).open().request(b"Q%d\n" % number).close()
        for number in range(40)
    ]
    talks.append(Conversation(("192.0.2.1", 9), ("192.0.2.2", 53), transport="udp").request(b"a").response(b"b"))
    write_pcap(tmp_path / "x.pcap", talks)
    with CaptureReader(tmp_path / "x.pcap") as reader:
        [whole] = reader.windows()
    found: list[tuple[object, ...]] = []
    ports: list[set[int]] = []
    for _, count, packed in split_packets(whole, Shares([0] * workers)):
        part = packet_window(packed)
        assert len(part) == count
        found += packets(part)
        ports.append({*part.sport.tolist(), *part.dport.tolist()} - {7, 53})
    wanted = [row for row in packets(whole) if row[-1] or row[8]]
    assert sorted(found, key=repr) == sorted(wanted, key=repr)
    assert sum(map(len, ports)) == len(set().union(*ports)) == 41
    assert len(ports) == workers


def packets(window: PacketWindow) -> list[tuple[object, ...]]:
    names = ("time", "src_hi", "src_lo", "dst_hi", "dst_lo", "sport", "dport", "proto")
    columns = [getattr(window, name).tolist() for name in names]
    more = [getattr(window, name).tolist() for name in ("seq", "ack", "wire", "ipid", "tag")]
    ends = (window.flags & 7).tolist()  # FIN, SYN, RST
    payload = [
        window.buf[start : start + size]
        for start, size in zip(window.start.tolist(), window.size.tolist(), strict=True)
    ]
    return list(zip(*columns, ends, *more, payload, strict=True))


@pytest.mark.parametrize("workers", WORKERS)
def test_datagrams(workers: int) -> None:
    whole = streams.datagrams(40)
    seen: dict[bytes, tuple[bytes, int]] = {}
    shares = Shares([0] * workers)
    owners = {whole.key[place]: worker for worker, places, _ in split_datagrams(whole, shares) for place in places}
    for worker, places, packed in split_datagrams(whole, shares):
        part = datagram_window(packed)
        assert len(part) == len(places)
        assert [whole.key[place] for place in places] == part.key
        assert {owners[key] for key in part.key} == {worker}
        for at, key in enumerate(part.key):
            seen[key] = part.buf[part.start[at] : part.end[at]], part.size[at]
    assert seen == {key: (b"Q%d\n" % at, whole.size[at]) for at, key in enumerate(whole.key)}
