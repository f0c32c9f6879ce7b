import shutil
import struct
import subprocess
from pathlib import Path
from typing import Literal

import pytest

from pxcap.core.testing import craft
from pxcap.core.testing.craft import REQUEST, RESPONSE, Conversation, write_pcap


def packets(data: bytes) -> list[tuple[int, int, bytes]]:
    """(time, length on the wire, bytes) of each packet; the file must end with a whole one."""
    found, at = [], 24
    while at < len(data):
        seconds, ns, captured, wire = struct.unpack_from("<IIII", data, at)
        found.append((seconds * 10**9 + ns, wire, data[at + 16 : at + 16 + captured]))
        at += 16 + captured
    assert at == len(data)
    return found


def ones_sum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def tcp(frame: bytes) -> tuple[int, int, int, bytes]:
    """Sequence, acknowledgement, flags and payload of an Ethernet, IPv4, TCP frame."""
    seq, ack, _, flags = struct.unpack_from(">IIBB", frame, 38)
    return seq, ack, flags, frame[54:]


def test_conversation_reads_as_it_was_written() -> None:
    talk = Conversation().open().request(b"ask", after=5).response(b"x" * 3000, after=7).close()
    found = packets(write_pcap(None, [talk], craft.ETHERNET))
    assert found[0][0] == craft.START
    segments = [tcp(frame) for _, _, frame in found]
    assert [s[2] for s in segments[:3]] == [0x02, 0x12, 0x10]
    assert segments[3] == (1001, 5001, 0x18, b"ask")
    assert found[3][0] - found[2][0] == 5
    assert found[4][0] - found[3][0] == 7
    assert [(s[0], s[1], len(s[3])) for s in segments[4:7]] == [
        (5001, 1004, 1460),
        (6461, 1004, 1460),
        (7921, 1004, 80),
    ]
    fin, last = segments[7], segments[-1]
    assert fin[:3] == (1004, 8001, 0x11)
    assert last[:3] == (1005, 8002, 0x10)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("addresses", [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")])
def test_checksums_are_valid(transport: Literal["tcp", "udp"], addresses: tuple[str, str]) -> None:
    talk = Conversation((addresses[0], 4000), (addresses[1], 53), transport=transport)
    talk.request(b"odd").response(b"even")
    for _, _, packet in packets(write_pcap(None, [talk], craft.RAW_IP)):
        if packet[0] >> 4 == 4:
            assert ones_sum(packet[:20]) == 0xFFFF
            hosts, segment = packet[12:20], packet[20:]
        else:
            hosts, segment = packet[8:40], packet[40:]
        pseudo = hosts + struct.pack(">II", len(segment), 6 if transport == "tcp" else 17)
        assert ones_sum(pseudo + segment) == 0xFFFF


def test_lost_bytes_take_sequence_numbers_but_no_packet() -> None:
    talk = Conversation().request(b"a").lose(REQUEST, b"bcd").request(b"e").retransmit(REQUEST, b"cd", offset=2)
    found = packets(write_pcap(None, [talk]))
    assert [tcp(frame)[0] - 1001 for _, _, frame in found] == [0, 4, 2]
    assert found[1][0] - found[0][0] == 2 * craft.STEP


def test_snap_length_keeps_the_length_on_the_wire() -> None:
    ((_, wire, frame),) = packets(write_pcap(None, [Conversation().truncate(RESPONSE, b"0123456789", keep=4)]))
    assert wire == 14 + 20 + 20 + 10
    assert tcp(frame)[3] == b"0123"
    talk = Conversation(transport="udp").truncate(REQUEST, b"0123456789", keep=0)
    ((_, wire, frame),) = packets(write_pcap(None, [talk]))
    assert (wire, len(frame)) == (14 + 20 + 8 + 10, 14 + 20 + 8)


def test_sequence_numbers_wrap() -> None:
    talk = Conversation(sequence=(2**32 - 3, 0)).request(b"abcd").request(b"e")
    assert [tcp(frame)[0] for _, _, frame in packets(write_pcap(None, [talk]))] == [2**32 - 2, 2]


def test_half_close_and_reset() -> None:
    talk = Conversation().half_close(REQUEST).response(b"late").reset()
    flags = [tcp(frame)[2] for _, _, frame in packets(write_pcap(None, [talk]))]
    assert flags == [0x11, 0x10, 0x18, 0x14]
    closed = Conversation().half_close(RESPONSE).close()
    flags = [tcp(frame)[2] for _, _, frame in packets(write_pcap(None, [closed]))]
    assert flags.count(0x11) == 2


def test_conversations_are_merged_by_time() -> None:
    one = Conversation(client=("192.0.2.1", 1)).request(b"a").request(b"b", after=20)
    two = Conversation(client=("192.0.2.1", 2), start=craft.START + 10).request(b"c")
    assert [tcp(f)[3] for _, _, f in packets(write_pcap(None, [one, two]))] == [b"a", b"c", b"b"]


@pytest.mark.parametrize(
    ("linktype", "size"), [(craft.NULL, 4), (craft.RAW_IP, 0), (craft.LINUX_SLL, 16), (craft.LINUX_SLL2, 20)]
)
def test_link_types(linktype: int, size: int) -> None:
    data = write_pcap(None, [Conversation().request(b"hi")], linktype)
    assert struct.unpack_from("<I", data, 20) == (linktype,)
    ((_, wire, frame),) = packets(data)
    assert wire == size + 42
    assert frame[size] == 0x45


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="link type 7"):
        write_pcap(None, [Conversation().open()], 7)
    with pytest.raises(ValueError, match="different IP versions"):
        Conversation(("192.0.2.1", 1), ("2001:db8::1", 2))


def test_the_file_is_the_returned_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    assert write_pcap(path, [Conversation().open()]) == path.read_bytes()


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed: apt-get install tshark")
def test_tshark_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    talks = [
        Conversation().open().request(b"GET / HTTP/1.0\r\n\r\n").response(b"HTTP/1.0 204 No\r\n\r\n").close(),
        Conversation(("2001:db8::1", 9), ("2001:db8::2", 9), transport="udp").request(b"a").response(b"b"),
    ]
    write_pcap(path, talks)
    checks = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    command = ["tshark", "-r", str(path), *checks, "-Y", "_ws.expert.severity >= 0x600000 or _ws.malformed"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
