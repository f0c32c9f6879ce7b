"""Filters: what they say of bad input, and what they let through, asked of the kernel."""

import socket
from contextlib import ExitStack

import pytest
from tests.bpf.packet import traffic
from tests.bpf.packet.conftest import Pair
from tests.core.capture import wires

from pxcap.bpf.packet import PacketSource, filter
from pxcap.core.errors import CaptureError, UsageError


@pytest.fixture
def libpcap() -> None:
    try:
        filter.compiled("tcp", 1)
    except CaptureError:
        pytest.skip("libpcap is not installed")


@pytest.mark.parametrize("link", [1, 101])
def test_expressions_compile(libpcap: None, link: int) -> None:
    program = filter.compiled("tcp port 80", link)
    assert len(program) > 5
    assert filter.program_for("tcp port 80", (), link) == program
    assert len(filter.program_for("host 192.0.2.1", (80,), link)) > len(filter.program_for("host 192.0.2.1", (), link))


def test_bad_expression(libpcap: None) -> None:
    with pytest.raises(UsageError, match=r"filter 'tcp prot 80': .*syntax error") as caught:
        filter.program_for("tcp prot 80", (), 1)
    assert "pcap-filter" in caught.value.hint
    with pytest.raises(UsageError, match="filter 'vlan 3'"):
        filter.program_for("vlan 3", (), 101)


def test_no_libpcap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter, "LIBRARIES", ("libpcap-not-there.so",))
    with pytest.raises(CaptureError, match="libpcap is not installed") as caught:
        filter.program_for("tcp", (), 1)
    assert "libpcap0.8" in caught.value.hint
    assert filter.program_for("", (80,), 1)
    assert filter.program_for(" ", (), 1)


def test_too_many_ports(rights: None) -> None:
    with pytest.raises(UsageError, match="2000 ports"):
        filter.ports_program(range(2000))
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as packets:
        filter.attach(packets, filter.selecting(filter.ports_program(range(500)), range(1, 200)))


def test_the_kernel_refuses(rights: None) -> None:
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as packets,
        pytest.raises(CaptureError, match="the kernel refused a filter of 1 instructions"),
    ):
        filter.attach(packets, [(0xFFFF, 0, 0, 0)])


@pytest.mark.parametrize("by", ["ports", "expression"])
@pytest.mark.parametrize("interface", ["lo", "any"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_ports_pass_and_others_do_not(libpcap: None, rights: None, by: str, interface: str, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with ExitStack() as stack:
        ends = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(3)]
        for end in ends:
            end.bind((host, 0))
        ours, client, other = (end.getsockname()[:2] for end in ends)
        expression = filter.expression_for([ours[1], 1]) if by == "expression" else ""
        ports = [ours[1], 1] if by == "ports" else ()
        source = stack.enter_context(PacketSource([interface], expression, ports))
        ends[1].sendto(b"to another", other)
        ends[1].sendto(b"question", ours)
        ends[0].sendto(b"answer", client)
        rows = traffic.collect(source, 2)
    assert [(row.sport, row.dport, row.payload) for row in rows] == [
        (client[1], ours[1], b"question"),
        (ours[1], client[1], b"answer"),
    ]


@pytest.mark.parametrize("by", ["ports", "expression"])
@pytest.mark.parametrize("version", [4, 6])
def test_fragments_pass(libpcap: None, pair: Pair, by: str, version: int) -> None:
    host = pair.address_there if version == 4 else pair.address6_there
    expression, ports = (filter.expression_for([4321]), ()) if by == "expression" else ("", (4321,))
    sent = bytes(range(250)) * 20
    with (
        PacketSource([pair.here], expression, ports) as source,
        socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as sender,
    ):
        sender.sendto(sent, (host, 4321))
        rows = traffic.collect(source, 1)
        assert source.counts().received >= 4
    assert [row.payload for row in rows] == [sent]


@pytest.mark.parametrize("by", ["ports", "expression"])
def test_hop_by_hop_options_are_stepped_over(libpcap: None, pair: Pair, by: str) -> None:
    """As before a segment of more than 64 KiB, whose length the IPv6 header leaves 0."""
    packet = wires.ip6(wires.extension(6, wires.tcp(bytes(1000))), 0, length=0)
    other = packet[:48] + bytes(4) + packet[52:]  # of port 0
    expression, ports = (filter.expression_for([80]), ()) if by == "expression" else ("", (80,))
    with (
        PacketSource([pair.here], expression, ports) as source,
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender,
    ):
        sender.bind((pair.here, 0x86DD))
        for data in (other, packet):
            sender.send(wires.ether(data, 0x86DD))
        rows = traffic.collect(source, 1)
    assert [(row.dport, row.wire) for row in rows] == [(80, 1000)]


def test_options_are_stepped_over(rights: None) -> None:
    """The transport header is where the IPv4 header says, not at 20."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(("127.0.0.1", 0))
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\1" * 8)
        with PacketSource(["lo"], ports=[receiver.getsockname()[1]]) as source:
            sender.sendto(b"with options", receiver.getsockname())
            rows = traffic.collect(source, 1)
    assert [row.payload for row in rows] == [b"with options"]
