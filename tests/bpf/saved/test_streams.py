"""TCP connections in a file: what a reader of the file finds is what the sockets moved."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.core.capture import wires
from tests.core.capture.wires import START, Row

import pxcap.bpf.saved.streams
from pxcap.bpf.saved.ends import Interfaces
from pxcap.bpf.saved.file import SaveFile
from pxcap.bpf.saved.streams import SavedStreams
from pxcap.core.flows.streams import DATA, END, RECEIVED, SENT, Closing, StreamWindow
from pxcap.core.packets import ACK, FIN, RST, SYN
from pxcap.core.pipeline import Options
from pxcap.core.registry import load_registry
from pxcap.core.replay import ReplayReport, replay
from pxcap.core.sink import MemorySink
from pxcap.core.vantage import Vantage

CLIENT, SERVER = ("192.0.2.1", 40000), ("192.0.2.2", 80)
LOCAL = ("127.0.0.1", 40000), ("127.0.0.1", 80)
REQUEST, ANSWER = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
NEW = Vantage(netns=7, opened=START)


def window(*events: tuple[Any, ...]) -> StreamWindow:
    """Of (stream, direction, position, bytes), then the true size and the kind where they differ."""
    buf, rows = b"", []
    for at, (stream, direction, pos, payload, *more) in enumerate(events):
        size, kind = (*more, *(len(payload), DATA)[len(more) :])
        rows.append((START + 1000 * (at + 1), stream, direction, kind, pos, size, len(buf), len(payload)))
        buf += payload
    time, number, direction, kind, pos, size, start, length = zip(*rows, strict=True)
    int64 = [np.array(column, np.int64) for column in (time, pos, size, start, length)]
    numbers, small = np.array(number, np.uint64), [np.array(column, np.uint8) for column in (direction, kind)]
    return StreamWindow(buf, int64[0], numbers, small[0], small[1], *int64[1:])


def written(path: Path, tell: Callable[[SavedStreams], None]) -> list[Row]:
    file = SaveFile(path, lambda *_: None)
    tell(SavedStreams(file, Interfaces(file)))
    file.close()
    return wires.read(path)[0]


def records(path: Path) -> tuple[list[tuple[object, ...]], ReplayReport]:
    sink = MemorySink()
    report = replay([str(path)], load_registry(), sink, Options())
    return sink.tables.get("http_events", []), report


def exchange(streams: SavedStreams, stream: int, client: bool, at: int = 0) -> None:
    """A request and its answer as one end sees them."""
    first, second = (SENT, RECEIVED) if client else (RECEIVED, SENT)
    one, two = at * len(REQUEST), at * len(ANSWER)
    streams.take(window((stream, first, one, REQUEST), (stream, second, two, ANSWER)))


def close(streams: SavedStreams, stream: int, client: bool, times: int = 1) -> None:
    one, two = times * len(REQUEST), times * len(ANSWER)
    sent, received = (one, two) if client else (two, one)
    streams.take(window((stream, SENT, sent, b"", 0, END), (stream, RECEIVED, received, b"", 0, END)))
    streams.close(stream, Closing(START + 9000, sent, received))


@pytest.mark.parametrize("client", [True, False], ids=["client", "server"])
def test_one_connection_from_either_end(tmp_path: Path, client: bool) -> None:
    path = tmp_path / "x.pcapng"

    def tell(streams: SavedStreams) -> None:
        ends = (CLIENT, SERVER) if client else (SERVER, CLIENT)
        streams.open(1, ends, 0 if client else 1, NEW)
        exchange(streams, 1, client)
        close(streams, 1, client)

    rows = written(path, tell)
    flags = [row.flags & (SYN | FIN | RST) for row in rows]
    assert flags == [SYN, SYN, 0, 0, 0, FIN, FIN]
    assert {(row.src, row.sport) for row in rows} == {CLIENT, SERVER}
    assert (rows[0].src, rows[0].flags, rows[1].flags) == (CLIENT[0], SYN, SYN | ACK)
    assert [(row.src, row.payload) for row in rows if row.payload] == [(CLIENT[0], REQUEST), (SERVER[0], ANSWER)]
    assert [row.time for row in rows] == [START] * 3 + [START + at for at in (1000, 2000, 1000, 2000)]
    [record], report = records(path)
    assert record[0] == START + 1000
    assert (record[2:6], record[-2:]) == ((*CLIENT, *SERVER), (1000, ""))
    assert report.connections == 1


def test_joined_in_midstream(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"

    def tell(streams: SavedStreams) -> None:
        streams.open(1, (SERVER, CLIENT), 1, Vantage(netns=7))
        streams.take(window((1, SENT, 0, b"cut off")))
        for at in range(3):
            streams.take(window((1, RECEIVED, at * len(REQUEST), REQUEST), (1, SENT, 7 + at * len(ANSWER), ANSWER)))

    rows = written(path, tell)
    assert not any(row.flags & (SYN | FIN | RST) for row in rows)
    assert len(records(path)[0]) == 3


def test_a_role_that_is_not_known(tmp_path: Path) -> None:
    def tell(streams: SavedStreams) -> None:
        streams.open(1, (SERVER, CLIENT), None, Vantage(netns=7))
        exchange(streams, 1, False)

    assert [(row.src, row.payload) for row in written(tmp_path / "x", tell)] == [
        (CLIENT[0], REQUEST),
        (SERVER[0], ANSWER),
    ]


def test_what_was_not_carried_is_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"

    def tell(streams: SavedStreams) -> None:
        streams.open(1, (CLIENT, SERVER), 0, NEW)
        streams.take(window((1, SENT, 0, REQUEST), (1, RECEIVED, 0, head + b"abc", len(head) + 100_000)))
        streams.take(window((1, SENT, len(REQUEST), REQUEST), (1, RECEIVED, len(head) + 100_000, ANSWER)))
        streams.take(window((1, SENT, 2 * len(REQUEST), b"", 0, END)))
        streams.close(1, Closing(START + 9000, 2 * len(REQUEST), len(head) + 100_000 + len(ANSWER) + 50))

    rows = written(path, tell)
    first = rows[1].seq + 1
    assert [row.seq for row in rows if row.src == SERVER[0] and row.payload] == [
        first,
        (first + len(head) + 100_000) % (1 << 32),
    ]
    assert (rows[-1].flags & FIN, rows[-1].seq) == (
        FIN,
        (first + len(head) + 100_000 + len(ANSWER) + 50) % (1 << 32),
    )
    found, report = records(path)
    assert len(found) == 2
    assert report.tables["http_events"].bytes_lost == 100_000 - 3 + 50


def test_an_end_that_no_process_saw_is_a_reset(tmp_path: Path) -> None:
    def tell(streams: SavedStreams) -> None:
        streams.open(1, (SERVER, CLIENT), 1, NEW)
        exchange(streams, 1, False)
        streams.close(1, Closing(START + 9000, len(ANSWER), len(REQUEST)))
        streams.close(1, Closing(START + 9000, len(ANSWER), len(REQUEST)))

    rows = written(tmp_path / "x", tell)
    assert [row.flags & (FIN | RST) for row in rows[3:]] == [0, 0, RST]
    assert (rows[-1].time, rows[-1].src) == (START + 9000, SERVER[0])


def test_plain_text_ends_in_good_order(tmp_path: Path) -> None:
    def tell(streams: SavedStreams) -> None:
        streams.open(1, (CLIENT, SERVER), 0, Vantage(netns=7, opened=START, encrypted=True))
        exchange(streams, 1, True)
        close(streams, 1, True)

    rows = written(tmp_path / "x", tell)
    assert [row.flags & (FIN | RST) for row in rows[3:]] == [0, 0, FIN, FIN]
    assert b"plain text from inside TLS" in (tmp_path / "x").read_bytes()


@pytest.mark.parametrize("first", [True, False], ids=["client first", "server first"])
@pytest.mark.parametrize("ends", [LOCAL, (CLIENT, SERVER)], ids=["loopback", "between namespaces"])
def test_seen_from_both_ends_written_once(tmp_path: Path, first: bool, ends: tuple[tuple[str, int], ...]) -> None:
    path = tmp_path / "x.pcapng"
    client, server = ends

    def tell(streams: SavedStreams) -> None:
        for again in range(3):  # the same ports are used again
            one, two = 2 * again + 1, 2 * again + 2
            opening = [(one, (client, server), 0), (two, (server, client), 1)]
            for number, pair, who in opening if first else reversed(opening):
                netns = 7 if ends is LOCAL or number == one else 8
                streams.open(number, pair, who, Vantage(netns=netns, opened=START))
            exchange(streams, one, True)
            exchange(streams, two, False)
            for number, is_client in [(one, True), (two, False)][:: -1 if again == 1 else 1]:
                close(streams, number, is_client)

    rows = written(path, tell)
    assert sum(1 for row in rows if row.payload) == 6
    assert sum(1 for row in rows if row.flags & SYN) == 6
    assert len(records(path)[0]) == 3


def test_the_same_addresses_in_another_namespace_are_other_connections(tmp_path: Path) -> None:
    def tell(streams: SavedStreams) -> None:
        streams.open(1, LOCAL, 0, Vantage(netns=7, opened=START))
        streams.open(2, LOCAL[::-1], 1, Vantage(netns=8, opened=START))
        exchange(streams, 1, True)
        exchange(streams, 2, False)

    assert sum(1 for row in written(tmp_path / "x", tell) if row.payload) == 4


def test_a_connection_whose_end_was_lost_makes_room_for_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"

    def tell(streams: SavedStreams) -> None:
        for number in (1, 2):
            streams.open(number, (CLIENT, SERVER), 0, NEW)
            exchange(streams, number, True)
        streams.close(1, Closing(START + 9000, 0, 0))
        close(streams, 2, True)

    rows = written(path, tell)
    assert sum(1 for row in rows if row.flags & FIN) == 2
    assert len(records(path)[0]) == 2


def test_what_was_never_opened_is_left_out(tmp_path: Path) -> None:
    def tell(streams: SavedStreams) -> None:
        exchange(streams, 5, True)
        close(streams, 5, True)

    assert written(tmp_path / "x", tell) == []


def test_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pxcap.bpf.saved.streams, "MAX_STREAMS", 4)

    def tell(streams: SavedStreams) -> None:
        for number in range(1, 10):
            streams.open(number, ((CLIENT[0], number), SERVER), 0, NEW)
        assert len(streams._streams) == len(streams._owners) == 4
        for number in range(1, 10):
            exchange(streams, number, True)

    rows = written(tmp_path / "x", tell)
    assert {row.sport for row in rows if row.payload == REQUEST} == {6, 7, 8, 9}
