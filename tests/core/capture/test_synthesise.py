"""Packets made from streams: what the reader, the flows and tshark find in them."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.core.capture import wires
from tests.core.capture.wires import A4, A6, B4, B6, START

from pxcap.core.capture.synthesise import LINK, MOST, TcpPackets, datagram
from pxcap.core.capture.write import PcapngWriter
from pxcap.core.packets import ACK, FIN, SYN
from pxcap.core.pipeline import Options
from pxcap.core.registry import load_registry
from pxcap.core.replay import replay
from pxcap.core.sink import MemorySink

ENDS = {"v4": ((A4, 40000), (B4, 80)), "v6": ((A6, 40000), (B6, 80)), "mapped": (("::ffff:" + A4, 40000), (B4, 80))}
REQUEST = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
BODY = bytes(range(256)) * 391  # about three packets
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
CUT_OFF = (1 << 32) - 10


def write(path: Path, packets: list[bytes]) -> Path:
    with PcapngWriter(path) as writer:
        number = writer.interface("pxcap", LINK)
        for at, packet in enumerate(packets):
            writer.packet(number, START + at * 1000, packet)
    return path


@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("initial", [(0, 0), (CUT_OFF, CUT_OFF - 5)])
def test_rows(tmp_path: Path, ends: tuple[tuple[str, int], tuple[str, int]], initial: tuple[int, int]) -> None:
    tcp = TcpPackets(*ends, initial)
    packets = [*tcp.open(), *tcp.data(0, 0, REQUEST), *tcp.data(1, 0, ANSWER), *tcp.close(1), *tcp.close(0)]
    rows, reader = wires.read(write(tmp_path / "x", packets))
    assert (reader.skipped, len(rows)) == ({}, len(packets))
    first = [(row.flags, row.seq, row.ack) for row in rows[:3]]
    one, two = ((number + 1) % (1 << 32) for number in initial)
    assert first == [(SYN, initial[0], 0), (SYN | ACK, initial[1], one), (ACK, one, two)]
    assert {(row.src, row.sport) for row in rows} == {(end[0].removeprefix("::ffff:"), end[1]) for end in ends}
    assert b"".join(row.payload for row in rows if row.sport == 40000) == REQUEST
    assert b"".join(row.payload for row in rows if row.sport == 80) == ANSWER
    answers = [row for row in rows if row.sport == 80 and row.payload]
    assert [len(row.payload) for row in answers] == [MOST] * 3 + [len(ANSWER) - 3 * MOST]
    assert [row.seq for row in answers] == [(two + at * MOST) % (1 << 32) for at in range(4)]
    assert {row.ack for row in answers} == {(one + len(REQUEST)) % (1 << 32)}
    assert (rows[-2].flags, rows[-2].seq) == (FIN | ACK, (two + len(ANSWER)) % (1 << 32))
    assert (rows[-1].flags, rows[-1].ack) == (FIN | ACK, (two + len(ANSWER) + 1) % (1 << 32))


@pytest.mark.parametrize("opened", [True, False])
def test_replayed_records(tmp_path: Path, opened: bool) -> None:
    tcp = TcpPackets((A4, 40000), (B4, 80), (CUT_OFF, 7))
    packets = tcp.open() if opened else []
    for at in range(3):
        packets += tcp.data(0, at * len(REQUEST), REQUEST) + tcp.data(1, at * len(ANSWER), ANSWER)
    packets += tcp.reset(0)
    sink = MemorySink()
    report = replay([str(write(tmp_path / "x", packets))], load_registry(), sink, Options())
    assert (report.tables["http_events"].records, report.tables["http_events"].bytes_lost) == (3, 0)
    assert [(row[2], row[3], row[4], row[5]) for row in sink.tables["http_events"]] == [(A4, 40000, B4, 80)] * 3
    assert (report.errors, report.warnings) == ({}, [])


def test_lost_bytes_are_a_gap_of_their_size(tmp_path: Path) -> None:
    tcp = TcpPackets((A4, 40000), (B4, 80))
    packets = [*tcp.open(), *tcp.data(0, 0, REQUEST), *tcp.data(1, 0, ANSWER[:50000])]
    packets += [*tcp.data(1, 60000, ANSWER[60000:]), *tcp.data(0, len(REQUEST), REQUEST)]
    packets += [*tcp.data(1, len(ANSWER), ANSWER[:1000]), *tcp.close(1, 2 * len(ANSWER)), *tcp.close(0)]
    sink = MemorySink()
    report = replay([str(write(tmp_path / "x", packets))], load_registry(), sink, Options())
    assert report.tables["http_events"].records == 2
    assert report.tables["http_events"].bytes_lost == 10000 + len(ANSWER) - 1000


@pytest.mark.parametrize(("source", "destination"), [(A4, B4), (A6, B6)])
def test_datagrams(tmp_path: Path, source: str, destination: str) -> None:
    ends = (source, 40000), (destination, 53)
    packets = [datagram(*ends, b"same"), datagram(*ends, b"same"), datagram(*ends, b""), datagram(*ends, b"cut", 500)]
    path = write(tmp_path / "x", packets[:3])
    rows, reader = wires.read(path)
    assert reader.skipped == {}
    version = 4 if source == A4 else 6
    assert rows == [
        wires.row(payload, START + at * 1000, version, 17, ipid=0) for at, payload in enumerate((b"same", b"same", b""))
    ]
    with PcapngWriter(path) as writer:
        writer.packet(writer.interface("x", LINK), START, packets[3], len(packets[3]) + 497)
    assert [(row.payload, row.wire) for row in wires.read(path)[0]] == [(b"cut", 500)]
    report = replay([str(write(path, packets[:2]))], load_registry(), MemorySink(), Options())
    assert (report.connections, report.bytes) == (1, 8)


def test_families_do_not_mix() -> None:
    with pytest.raises(ValueError, match="addresses of two families"):
        TcpPackets((A4, 1), (B6, 2))


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS.keys())
def test_tshark_has_nothing_to_say(tmp_path: Path, ends: tuple[tuple[str, int], tuple[str, int]]) -> None:
    """Checksums are right, and its TCP analysis finds no fault."""
    tcp = TcpPackets(*ends, (CUT_OFF, 99))
    packets = [*tcp.open(), *tcp.data(0, 0, REQUEST), *tcp.data(1, 0, ANSWER), *tcp.data(0, len(REQUEST), b"odd")]
    packets += [*tcp.close(0), *tcp.close(1), datagram(*ends, b"odd"), datagram(*ends, b"even")]
    command = ["tshark", "-n", "-r", str(write(tmp_path / "x", packets)), "-T", "fields"]
    for check in ("ip", "tcp", "udp"):
        command += ["-o", f"{check}.check_checksum:TRUE", "-e", f"{check}.checksum.status"]
    command += ["-e", "tcp.analysis.flags", "-e", "_ws.malformed"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(lines) == len(packets)
    for ip, tcp_sum, udp_sum, *faults in lines:
        assert ip == ("" if ":" in ends[1][0] else "1")
        assert tcp_sum + udp_sum == "1"
        assert faults == ["", ""]
