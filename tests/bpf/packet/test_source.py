"""Live capture of real traffic: what is seen, once, whole and in order."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.bpf.packet import traffic
from tests.bpf.packet.conftest import Pair
from tests.core.capture import wires

from pxcap.bpf.features import features
from pxcap.bpf.packet import PacketSource
from pxcap.bpf.packet.namespace import inside
from pxcap.core.capture.write import PcapngWriter
from pxcap.core.columns import CONN_STATS
from pxcap.core.errors import CaptureError, UsageError
from pxcap.core.flows.distribute import distribute
from pxcap.core.flows.table import FlowTable
from pxcap.core.packets import ACK, FIN, SYN
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.registry import load_registry
from pxcap.core.sink import MemorySink


@pytest.fixture(params=["127.0.0.1", "::1"], ids=["v4", "v6"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.create_server((request.param, 0), family=family) as made:
        yield made


@pytest.mark.parametrize("interfaces", [["lo"], ["any"], []], ids=["lo", "any", "none named"])
def test_loopback_is_seen_once_and_whole(rights: None, listener: socket.socket, interfaces: list[str]) -> None:
    host, port = listener.getsockname()[:2]
    sent, back = os.urandom(300_000), os.urandom(1_000_000)
    begin = time.time_ns()
    with PacketSource(interfaces, ports=[port]) as source:
        _, client = traffic.tcp_exchange(listener, sent, back)
        rows = traffic.collect(source, 20)
        counts = source.counts()
    assert (counts.received, counts.dropped, counts.interfaces) == (len(rows), 0, {"lo": len(rows)})
    assert source.skipped == {}
    assert [(row.src, row.dst) for row in rows] == [(host, host)] * len(rows)
    assert [row.flags for row in rows if row.flags & SYN] == [SYN, SYN | ACK]
    assert sum(1 for row in rows if row.flags & FIN) == 2
    assert all(begin <= row.time <= time.time_ns() for row in rows)
    assert all(row.wire == len(row.payload) for row in rows)
    assert traffic.payload(rows, client) == sent
    assert traffic.payload(rows, port) == back
    assert max(row.wire for row in rows) > 30_000  # segments as the kernel hands them on, far above any MTU


def once(rows: Sequence[wires.Row]) -> int:
    """Bytes of payload, what a busy kernel sent again counted once."""
    return sum(len(traffic.payload(rows, port)) for port in {row.sport for row in rows if row.payload})


@pytest.mark.parametrize("interfaces", [["lo"], ["any"]])
def test_what_is_written_reads_as_what_was_seen(
    rights: None, listener: socket.socket, tmp_path: Path, interfaces: list[str]
) -> None:
    path = tmp_path / "x.pcapng"
    port = listener.getsockname()[1]
    seen: list[wires.Row] = []
    with PacketSource(interfaces, ports=[port]) as source, PcapngWriter(path) as writer:
        traffic.tcp_exchange(listener, os.urandom(100_000), os.urandom(200_000))
        number = writer.interface("lo", source.link)
        while frames := source.frames(0.2):
            assert {source.name(int(index)) for index in frames.interface} == {"lo"}
            writer.packets(frames.buf, frames.packets, number)
            window = source.decode(frames)
            assert window is not None
            seen += wires.rows_of(window)
        counts = source.counts()
        writer.statistics(number, time.time_ns(), counts.received, counts.dropped)
    rows, _ = wires.read(path)
    assert once(rows) == 300_000
    assert rows == [row._replace(tag=0) for row in seen]


def test_namespace_by_name_and_by_path(pair: Pair) -> None:
    with inside(pair.netns, lambda: socket.create_server((pair.address_there, 0))) as listener:
        port = listener.getsockname()[1]
        with (
            PacketSource([pair.there], ports=[port], netns=pair.netns) as one,
            PacketSource(netns=f"/var/run/netns/{pair.netns}", ports=[port]) as two,
        ):
            _, client = traffic.tcp_exchange(listener, b"over there", os.urandom(100_000))
            for source in (one, two):
                rows = traffic.collect(source, 8)
                assert {row.src for row in rows} == {pair.address, pair.address_there}
                assert traffic.payload(rows, client) == b"over there"
                assert len(traffic.payload(rows, port)) == 100_000
                assert set(source.counts().interfaces) == {pair.there}


def test_seen_on_several_interfaces_counts_once(pair: Pair) -> None:
    """Both ends of a pair in one namespace show each packet twice; records and retransmits do not."""
    subprocess.run(["ip", "-n", pair.netns, "link", "set", pair.there, "netns", str(os.getpid())], check=True)
    subprocess.run(["ip", "link", "set", pair.there, "up"], check=True)
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with sender, PacketSource([pair.here, pair.there], ports=[8080]) as source:
        sender.bind((pair.here, 0x0800))
        for packet in _conversation():
            sender.send(packet)
        windows = []
        while sum(len(window) for window in windows) < 10:
            if window := source.read(0.2):
                windows.append(window)
        assert {source.name(int(tag) >> 8) for window in windows for tag in window.tag} == {pair.here, pair.there}
        assert source.counts().interfaces == {pair.here: 5, pair.there: 5}
    registry, sink = load_registry(), MemorySink()
    pipeline = Pipeline(registry, sink, Options())
    flows = FlowTable(pipeline)
    for window in windows:
        distribute(flows, window)
    flows.finish()
    pipeline.write_totals(flows.now)
    pipeline.flush()
    assert len(sink.tables["http_events"]) == 1
    names = [column.name for column in CONN_STATS.columns]
    totals = dict(zip(names, sink.tables["conn_stats"][0], strict=True))
    assert (totals["retransmits"], totals["bytes_lost"], totals["conn_open"]) == (0, 0, 1)


def _conversation() -> Iterator[bytes]:
    """An HTTP request and its answer, with a handshake; both directions leave by the same interface."""
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    for ident, (sport, dport, seq, ack, flags, data) in enumerate(
        [
            (40000, 8080, 10, 0, 2, b""),
            (8080, 40000, 20, 11, 18, b""),
            (40000, 8080, 11, 21, 16, b""),
            (40000, 8080, 11, 21, 24, request),
            (8080, 40000, 21, 11 + len(request), 24, answer),
        ]
    ):
        head = sport.to_bytes(2, "big") + dport.to_bytes(2, "big") + seq.to_bytes(4, "big") + ack.to_bytes(4, "big")
        packet = wires.ip4(head + bytes([0x50, flags]) + b"\1\0\0\0\0\0" + data, ident=100 + ident)
        if sport == 8080:
            packet = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
        yield wires.ether(packet)


@pytest.mark.parametrize("named", [True, False])
def test_vlan_tags_do_not_matter(pair: Pair, named: bool) -> None:
    """The kernel takes the tag off on the way in, and puts it beside the packet."""
    with (
        PacketSource([pair.there] if named else [], ports=[53], netns=pair.netns) as source,
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender,
    ):
        sender.bind((pair.here, 0x8100))
        sender.send(wires.ether(wires.ip4(wires.udp(b"tagged"), 17), tags=[0x8100]))
        rows = traffic.collect(source, 1)
    assert [row.payload for row in rows] == [b"tagged"]


def test_interfaces_without_ethernet(pair: Pair) -> None:
    """A tunnel for IP packets has no link-layer header."""
    tun = pair.here.replace("px", "pt")
    made = subprocess.run(["ip", "tuntap", "add", tun, "mode", "tun"], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("tun interfaces cannot be made here")
    try:
        subprocess.run(["ip", "link", "set", tun, "up"], check=True)
        with PacketSource([tun], "udp port 4321") as source, PacketSource([tun, "lo"], ports=[4321]) as both:
            assert (source.link, both.link) == (101, 101)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"around", ("127.0.0.1", 4321))
            assert [row.payload for row in traffic.collect(both, 1)] == [b"around"]
            assert source.read(0) is None
    finally:
        subprocess.run(["ip", "link", "del", tun], check=True)


def test_no_such_interface(rights: None) -> None:
    with pytest.raises(CaptureError, match="px-none: no such network interface") as caught:
        PacketSource(["lo", "px-none"])
    assert "lo" in caught.value.hint


def test_bad_filter_and_bad_size(rights: None) -> None:
    if not all(feature.ok for feature in features(["libpcap"])):
        pytest.skip("libpcap is not installed")
    with pytest.raises(UsageError, match="filter 'tcp prot 80'"):
        PacketSource(["lo"], "tcp prot 80")
    with pytest.raises(UsageError, match="ring of 0 MiB, expected 1 to 2048"):
        PacketSource(["lo"], ring_mib=0)


def test_no_rights(rights: None) -> None:
    os.seteuid(65534)
    try:
        with pytest.raises(CaptureError, match="needs the capability CAP_NET_RAW") as caught:
            PacketSource(["lo"])
    finally:
        os.seteuid(0)
    assert "setcap cap_net_raw+ep" in caught.value.hint


def test_an_interface_that_goes_down_comes_back(pair: Pair) -> None:
    with (
        PacketSource([pair.here], ports=[4321]) as source,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        subprocess.run(["ip", "link", "set", pair.here, "down"], check=True)
        assert source.read(0.05) is None
        subprocess.run(["ip", "link", "set", pair.here, "up"], check=True)
        sender.sendto(b"again", (pair.address_there, 4321))
        assert [row.payload for row in traffic.collect(source, 1)] == [b"again"]


def test_an_interface_that_is_removed(pair: Pair) -> None:
    with PacketSource([pair.here], ports=[4321]) as source:
        subprocess.run(["ip", "link", "del", pair.here], check=True)
        with pytest.raises(CaptureError, match=f"{pair.here}: the interface was removed"):
            source.read(0.2)


def test_what_is_neither_tcp_nor_udp_is_counted(pair: Pair) -> None:
    with (
        PacketSource([pair.here], "icmp") as source,
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender,
    ):
        sender.bind((pair.here, 0x0800))
        sender.send(wires.ether(wires.ip4(bytes(8), 1)))
        assert source.read(5) is None
        assert source.skipped == {"icmp": 1}
