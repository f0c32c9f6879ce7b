"""The way a capture falls into windows, and which way a flow takes through them, changes nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.core.toy import TOY

from pxcap.core.capture import CaptureReader
from pxcap.core.flows.distribute import _in_sequence, distribute
from pxcap.core.flows.table import FlowTable
from pxcap.core.flows.tcp import TcpFlow
from pxcap.core.packets import PacketWindow
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.protocol import Row
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink
from pxcap.core.stream import RESPONSE
from pxcap.core.testing.craft import LINUX_SLL, Conversation, write_pcap


def play(windows: list[PacketWindow]) -> tuple[list[Row], Pipeline]:
    registry = Registry()
    registry.add(TOY, "tests")
    sink = MemorySink()
    pipeline = Pipeline(registry, sink, Options())
    flows = FlowTable(pipeline)
    for window in windows:
        distribute(flows, window)
    flows.finish()
    pipeline.flush()
    return sorted(sink.tables.get("toy_events", []), key=lambda row: (row[0], str(row[8]))), pipeline


def talks() -> list[Conversation]:
    """Many exchanges on a few connections: pipelined, one by one, with a loss, joined in the middle."""
    made = []
    for port in range(4):
        talk = Conversation(client=("192.0.2.1", 1000 + port), server=("192.0.2.2", 7), start=10**18 + port)
        if port != 3:
            talk.open()
        for n in range(60):
            word = b"%d-%d\n" % (port, n)
            if port == 1 and n == 30:
                talk.request(b"Q" + word).lose(RESPONSE, b"A" + word)
            elif port == 2:
                talk.request((b"Q" + word) * 3).response((b"A" + word) * 3, mss=5)
            else:
                talk.request(b"Q" + word).response(b"A" + word)
        made.append(talk.close())
    return made


def cut(path: Path, size: int) -> list[PacketWindow]:
    with CaptureReader(path, window=size) as reader:
        return list(reader.windows())


@pytest.mark.parametrize("size", [1 << 8, 1 << 10, 1 << 13])
def test_window_size_changes_nothing(tmp_path: Path, size: int) -> None:
    write_pcap(tmp_path / "a.pcap", talks())
    whole, _ = play(cut(tmp_path / "a.pcap", 1 << 20))
    windows = cut(tmp_path / "a.pcap", size)
    assert len(windows) > 1
    assert play(windows)[0] == whole
    assert len(whole) == 60 * 2 + 60 * 3 + 60
    assert [row[8:10] for row in whole if row[-1]] == [("1-30", None)]


def test_packets_shown_twice_by_a_capture_on_all_interfaces_count_once(tmp_path: Path) -> None:
    talk = Conversation(server=("192.0.2.2", 7)).open()
    for n in range(20):
        talk.request(b"Q%d\n" % n).response(b"A%d\n" % n)
    data = bytearray(write_pcap(None, [talk.close()], linktype=LINUX_SLL))
    head, records, at = bytes(data[:24]), [], 24
    while at < len(data):
        size = int.from_bytes(data[at + 8 : at + 12], "little")
        record = bytes(data[at : at + 16 + size])
        records += [record, record[:16] + b"\0\4" + record[18:]]  # once to the host, once from it
        at += 16 + size
    (tmp_path / "a.pcap").write_bytes(head + b"".join(records))
    rows, pipeline = play(cut(tmp_path / "a.pcap", 1 << 20))
    assert [row[8:10] for row in rows] == [(str(n), str(n)) for n in range(20)]
    assert pipeline.tables["toy_events"].bytes_lost == 0


@pytest.mark.parametrize("size", [1 << 11, 1 << 12])
def test_swapped_and_repeated_segments_are_put_in_sequence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    talk = Conversation(server=("192.0.2.2", 7)).open()
    for n in range(200):
        talk.request(b"Q%d\n" % n * 3, mss=4).response(b"A%d\n" % n * 3, mss=5)
    data = write_pcap(tmp_path / "a.pcap", [talk])
    head, records, at = data[:24], [], 24
    while at < len(data):
        after = at + 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        records.append(data[at:after])
        at = after
    shuffled, before = [], b""
    for number, record in enumerate(records):
        if number % 7 == 5:
            shuffled += [record, before, record]  # swapped with the one before, and sent again
            before = b""
        else:
            shuffled.append(before)
            before = record
    (tmp_path / "b.pcap").write_bytes(head + b"".join([*shuffled, before]))
    walked = []
    packet = TcpFlow.packet

    def counted(flow: TcpFlow, direction: int, *rest: Any) -> None:
        walked.append(direction)
        packet(flow, direction, *rest)

    monkeypatch.setattr(TcpFlow, "packet", counted)
    rows, pipeline = play(cut(tmp_path / "b.pcap", size))
    by_the_way = len(walked)
    plain, _ = play(cut(tmp_path / "a.pcap", 1 << 20))
    assert rows == plain
    assert len(rows) == 600
    assert 0 < by_the_way < len(records) / 2, by_the_way
    assert sum(totals.retransmits for totals in pipeline._totals.values()) == sum(
        number % 7 == 5 and len(record) - 16 > 55 for number, record in enumerate(records)
    )


def test_what_sorting_does_not_mend_is_left_alone() -> None:
    def sorted_out(*packets: tuple[int, int]) -> tuple[list[int], dict[int, list[int]]]:
        seq = np.array([seq for seq, _ in packets], np.uint32)
        wire = np.array([size for _, size in packets], np.int64)
        places, repeated = _in_sequence(seq, wire, np.array([0, len(packets)]), np.array([0]))
        return places.tolist(), {number: again.tolist() for number, again in repeated.items()}

    assert sorted_out((4, 4), (0, 4), (8, 4)) == ([1, 0, 2], {})
    assert sorted_out((0, 4), (4, 4), (0, 4), (8, 2)) == ([0, 1, 3], {0: [2]})
    assert sorted_out((2**32 - 2, 4), (6, 4), (2, 4)) == ([0, 2, 1], {})
    assert sorted_out((0, 4), (8, 4), (4, 3)) == ([0, 1, 2], {})  # a byte is missing
    assert sorted_out((0, 4), (4, 4), (0, 6)) == ([0, 1, 2], {})  # repeated in part
    assert sorted_out((0, 4), (9, 4)) == ([0, 1], {})
