"""The way a capture falls into windows, and which way a flow takes through them, changes nothing."""

from pathlib import Path

import pytest
from tests.core.toy import TOY

from pxcap.core.capture import CaptureReader
from pxcap.core.flows.distribute import distribute
from pxcap.core.flows.table import FlowTable
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
