"""Datagrams: edges kept, packets shown twice counted once, real repetitions kept."""

from pathlib import Path

from pxcap.core.columns import Column, ColumnType
from pxcap.core.markers import API
from pxcap.core.pipeline import Options
from pxcap.core.protocol import SURE, Parser, ProtocolSpec, Row
from pxcap.core.registry import Registry
from pxcap.core.replay import ReplayReport, replay
from pxcap.core.sink import MemorySink
from pxcap.core.stream import Chunk
from pxcap.core.testing.craft import REQUEST, START, Conversation, write_pcap


class DatagramParser(Parser):
    """A row a datagram."""

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        edges = [start - chunk.offset for start in chunk.starts] + [len(chunk.data)]
        return [
            (time, side, chunk.data[a:b].decode(), (chunk.cut or {}).get(i, 0), None, "")
            for i, (time, a, b) in enumerate(zip(chunk.times, edges, edges[1:], strict=False))
        ]

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        raise AssertionError("a datagram that was lost leaves no trace")


SPEC = ProtocolSpec(
    name="datagrams",
    api=API,
    table="datagrams",
    columns=(
        Column("side", ColumnType.INT, "Who sent it."),
        Column("data", ColumnType.TEXT, "What."),
        Column("cut", ColumnType.INT, "Bytes missing."),
    ),
    summary="Any datagram",
    recognise=lambda sample: SURE if sample.request else 0,
    parser=DatagramParser,
    transports=frozenset({"udp"}),
)


def play(path: Path) -> tuple[list[tuple[object, ...]], ReplayReport]:
    registry = Registry()
    registry.add(SPEC, "tests")
    sink = MemorySink()
    report = replay([str(path)], registry, sink, Options())
    return [(row[8], row[9], row[10]) for row in sorted(sink.tables.get("datagrams", []))], report


def ask() -> Conversation:
    return Conversation(client=("192.0.2.1", 5000), server=("192.0.2.2", 53), transport="udp")


def test_edges_and_sides_are_kept(tmp_path: Path) -> None:
    write_pcap(tmp_path / "a.pcap", [ask().request(b"one").request(b"two").response(b"three")])
    assert play(tmp_path / "a.pcap")[0] == [(0, "one", 0), (0, "two", 0), (1, "three", 0)]


def test_a_datagram_cut_by_the_snap_length_says_how_much(tmp_path: Path) -> None:
    write_pcap(tmp_path / "a.pcap", [ask().truncate(REQUEST, b"0123456789", keep=4)])
    rows, report = play(tmp_path / "a.pcap")
    assert rows == [(0, "0123", 6)]
    assert report.tables["datagrams"].bytes_lost == 6


def test_a_question_asked_again_is_two(tmp_path: Path) -> None:
    write_pcap(tmp_path / "a.pcap", [ask().request(b"same", after=1000).request(b"same", after=1000)])
    assert play(tmp_path / "a.pcap")[0] == [(0, "same", 0), (0, "same", 0)]


def test_a_packet_shown_twice_is_one(tmp_path: Path) -> None:
    talk = ask().request(b"one").request(b"two")
    first, second = talk.packets
    talk.packets[:] = [first, (START + 10, *first[1:]), second, (second[0] + 10, *second[1:])]
    write_pcap(tmp_path / "a.pcap", [talk])
    assert play(tmp_path / "a.pcap")[0] == [(0, "one", 0), (0, "two", 0)]
