"""The reader as a whole: what it says of bad files, and that windows and pipes do not change what it reads."""

import gzip
import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.capture import wires
from tests.core.capture.wires import SECOND, START, Packet
from tests.truth.captures import ROOT, WHY_SKIPPED

from pxcap.core.capture import CaptureReader
from pxcap.core.errors import CaptureError

FILES = sorted(
    path for pattern in ("http/adverse/*.pcap*", "dns/edns*.pcap", "redis/live_*.pcap") for path in ROOT.glob(pattern)
)


def mixed(count: int = 40) -> list[Packet]:
    """Every kind of packet there is, each with its own time and payload."""
    packets: list[Packet] = []
    for i in range(count):
        data = b"%d " % i * (i % 9)
        half = len(wires.udp(data)) // 2 & ~7
        frames = [
            wires.ether(wires.ip4(wires.tcp(data))),
            wires.ether(wires.ip4(wires.udp(data), 17)) + bytes(6),
            wires.ether(wires.ip6(wires.tcp(data)), 0x86DD),
            wires.ether(wires.ip4(wires.tcp(data), options=bytes(8)), tags=[0x88A8, 0x8100]),
            wires.ether(b"\0\1", 0x0806),
            wires.ether(wires.ip6(wires.extension(17, wires.udp(data)), 0), 0x86DD),
            wires.ether(wires.ip4(wires.udp(data)[:half], 17, ident=1000 + i, more=True)),
            wires.ether(wires.ip4(wires.udp(data)[half:], 17, ident=1000 + i, offset=half)),
            wires.ether(wires.ip4(b"\x08\0", 1)),
            wires.ether(wires.ip4(wires.tcp(data)))[: 54 + i % 5],
        ]
        chosen = frames if half else [f for k, f in enumerate(frames) if k not in (6, 7)]
        full = len(frames[0])
        packets += [Packet(START + (i * 10 + k) * 1000, f, max(len(f), full)) for k, f in enumerate(chosen)]
    return packets


def mixed_pcapng(count: int = 12) -> bytes:
    out = []
    for order in "<>":
        out += [wires.section(order), wires.interface(order=order)]
        out.append(wires.interface(wires.RAW, order, options=wires.option(9, b"\x8a", order)))
        for packet in mixed(count):
            out.append(wires.enhanced(packet.time // 1000, packet.data, 0, order, packet.length))
        out.append(wires.block(5, bytes(40), order))
        out.append(wires.interface(wires.RAW, order))
        out.append(wires.enhanced(START // SECOND << 10, wires.ip4(wires.tcp(b"second")), 1, order))
        out.append(wires.enhanced(0, wires.ip4(wires.tcp()), 9, order))
        out += [wires.simple(packet.data, order) for packet in mixed(1)]
        out += [wires.old(packet.time // 1000, packet.data, 0, order) for packet in mixed(1)]
    return b"".join(out)


PCAP, PCAPNG = wires.pcap(mixed()), mixed_pcapng()


def read_bytes(tmp_path: Path, data: bytes, window: int = 1 << 20) -> tuple[list[wires.Row], CaptureReader]:
    path = tmp_path / "x"
    path.write_bytes(data)
    return wires.read(path, window)


def test_every_packet_is_a_row_or_counted(tmp_path: Path) -> None:
    rows, reader = read_bytes(tmp_path, PCAP)
    reassembled = sum(1 for r in rows if r.ipid >= 1000)
    assert reader.packets == len(mixed()) == len(rows) + sum(reader.skipped.values()) + reassembled
    assert set(reader.skipped) == {"arp", "icmp"}
    assert reader.last_time == mixed()[-1].time
    assert reader.position == reader.size == len(PCAP)
    assert reader.warnings == []


def test_rows_are_in_capture_order(tmp_path: Path) -> None:
    rows, _ = read_bytes(tmp_path, PCAP)
    assert [r.time for r in rows] == sorted(r.time for r in rows)


@pytest.mark.parametrize("data", [PCAP, PCAPNG], ids=["pcap", "pcapng"])
@settings(deadline=None, max_examples=25)
@given(window=st.integers(1, 5000))
def test_window_size_changes_nothing(tmp_path_factory: pytest.TempPathFactory, data: bytes, window: int) -> None:
    tmp_path = tmp_path_factory.mktemp("w")
    rows, whole = read_bytes(tmp_path, data)
    again, reader = read_bytes(tmp_path, data, window)
    assert again == rows
    assert (reader.packets, reader.skipped, reader.warnings) == (whole.packets, whole.skipped, whole.warnings)


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress], ids=["plain", "gz", "zst"]
)
@settings(deadline=None, max_examples=8)
@given(cuts=st.lists(st.integers(0, len(PCAP)), max_size=12))
def test_pipe_cuts_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, pack: Callable[[bytes], bytes], cuts: list[int]
) -> None:
    tmp_path = tmp_path_factory.mktemp("p")
    rows, whole = read_bytes(tmp_path, PCAP)
    data = pack(PCAP)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]

    def write() -> None:
        with open(fifo, "wb", buffering=0) as pipe:
            pipe.writelines(data[begin:end] for begin, end in itertools.pairwise(edges))

    writer = threading.Thread(target=write)
    writer.start()
    again, reader = wires.read(fifo)
    writer.join()
    assert again == rows
    assert (reader.packets, reader.skipped, reader.size) == (whole.packets, whole.skipped, None)


def test_packets_are_given_as_soon_as_they_arrive() -> None:
    first, rest = PCAP[:200], PCAP[200:]
    here, there = os.pipe()
    with CaptureReader(f"/dev/fd/{here}") as reader:
        os.close(here)
        windows = reader.windows()
        os.write(there, first)
        assert len(next(windows)) == 2  # with the pipe still open
        os.write(there, rest)
        os.close(there)
        assert sum(len(window) for window in windows) > 100


def test_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(PCAP)
    program = (
        "from pxcap.core.capture import CaptureReader\n"
        "with CaptureReader('-') as r: print(sum(map(len, r.windows())), r.path, r.size)"
    )
    with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) as cat:
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdin=cat.stdout, capture_output=True, text=True, check=True,
        )  # fmt: skip
    rows, _ = wires.read(path)
    assert done.stdout == f"{len(rows)} standard input None\n"


@pytest.mark.parametrize("cut", [1, 20, 60])
@pytest.mark.parametrize("window", [7, 1 << 20])
def test_file_cut_in_mid_packet(tmp_path: Path, cut: int, window: int) -> None:
    packets = [Packet(START, wires.ether(wires.ip4(wires.tcp(b"x" * 20)))) for _ in range(3)]
    rows, reader = read_bytes(tmp_path, wires.pcap(packets)[:-cut], window)
    assert len(rows) == 2
    assert reader.warnings == [f"packet 3 is cut short ({74 - cut} of 74 bytes)"]


def test_header_only(tmp_path: Path) -> None:
    for data in (wires.pcap([]), wires.section(), wires.section() + wires.interface()):
        rows, reader = read_bytes(tmp_path, data)
        assert (rows, reader.packets, reader.warnings) == ([], 0, ["there are no packets in it"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"found an empty file \(0 bytes\), expected pcap or pcapng"),
        (b"this is not a capture", r"found text \('this is not a ca'\), expected pcap or pcapng"),
        (b"\x7fELF\2\1", "found a program, expected pcap or pcapng"),
        (b"\0\1\2", "found bytes 00 01 02, expected pcap or pcapng"),
        (wires.pcap([])[:10], r"pcap header is cut short \(10 of 24 bytes\)"),
        (wires.section()[:10], r"pcapng header is cut short \(10 of 28 bytes\)"),
        (gzip.compress(b""), r"found an empty file \(0 bytes\)"),
        (gzip.compress(PCAP)[:9], "the gzip data is cut short"),
        (gzip.compress(gzip.compress(b"")), "found gzip data within packed data"),
    ],
    ids=["empty", "text", "program", "bytes", "pcap cut", "pcapng cut", "nothing packed", "gzip cut", "packed twice"],
)
def test_no_capture(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(CaptureError, match=message) as caught:
        read_bytes(tmp_path, data)
    assert str(caught.value).startswith(f"{tmp_path / 'x'}: ")
    assert caught.value.hint


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gz", "zst"])
def test_packed_file_cut_short_gives_what_is_there(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    data = wires.pcap([Packet(START, wires.ether(wires.ip4(wires.tcp(os.urandom(1000))))) for _ in range(300)])
    packed = pack(data)
    rows, reader = read_bytes(tmp_path, packed[: len(packed) * 3 // 4])
    assert 50 < len(rows) < 300
    assert len(reader.warnings) == 1
    assert "data is cut short" in reader.warnings[0]


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_mutated_files_raise_nothing_else(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    base = bytearray(data.draw(st.sampled_from([PCAP, PCAPNG])))
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(base) - 1), st.binary(max_size=4)), max_size=20)):
        base[at : at + len(value)] = value
    _survives(tmp_path_factory.mktemp("m"), bytes(base))


@settings(deadline=None, max_examples=100)
@given(data=st.binary(max_size=400), head=st.sampled_from([PCAP[:24], PCAPNG[:48], b"\x1f\x8b\x08", b""]))
def test_random_files_raise_nothing_else(tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes) -> None:
    _survives(tmp_path_factory.mktemp("r"), head + data)


def _survives(tmp_path: Path, data: bytes) -> None:
    outcomes = []
    for window in (1 << 20, 333):
        try:
            rows, reader = read_bytes(tmp_path, data, window)
            outcomes.append((rows, reader.packets, reader.skipped, reader.warnings))
            assert len(reader.warnings) <= 1
        except CaptureError as error:
            outcomes.append(([], 0, {}, [str(error)]))
    assert outcomes[0] == outcomes[1]


@pytest.mark.skipif(not FILES, reason=WHY_SKIPPED)
@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_captures_as_tshark_reads_them(path: Path) -> None:
    _compare_with_tshark(path)


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
@pytest.mark.parametrize("data", [PCAP], ids=["pcap"])
def test_made_captures_as_tshark_reads_them(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(data)
    _compare_with_tshark(path)


def _compare_with_tshark(path: Path) -> None:
    fields = ["frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.len",
              "tcp.seq_raw", "tcp.ack_raw", "udp.srcport", "udp.dstport", "udp.length", "ip.id"]  # fmt: skip
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=l", "-Y", "tcp or udp"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wanted = [_tshark_row(line.split("\t")) for line in done.stdout.splitlines()]
    rows, _ = wires.read(path)
    assert [_comparable(row) for row in rows] == wanted


def _tshark_row(values: list[str]) -> tuple[object, ...]:
    time, src4, dst4, src6, dst6, tsport, tdport, tlen, seq, ack, usport, udport, ulen, ident = values
    seconds, fraction = time.split(".")
    ns = int(seconds) * SECOND + int(fraction.ljust(9, "0"))
    numbers = (
        (int(tsport), int(tdport), int(tlen), int(seq), int(ack))
        if tsport
        else (int(usport), int(udport), int(ulen) - 8, 0, 0)
    )
    return (ns, src4 or src6, dst4 or dst6, *numbers, int(ident or "0", 16))


def _comparable(row: wires.Row) -> tuple[object, ...]:
    return (row.time, row.src, row.dst, row.sport, row.dport, row.wire, row.seq, row.ack, row.ipid)
