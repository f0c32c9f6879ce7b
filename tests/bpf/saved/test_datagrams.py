"""UDP in a file: who sent what to whom, each datagram once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.core.capture import wires
from tests.core.capture.wires import SECOND, START

import pxcap.bpf.saved.datagrams
from pxcap.bpf.saved.datagrams import SavedDatagrams
from pxcap.bpf.saved.ends import Interfaces
from pxcap.bpf.saved.file import SaveFile
from pxcap.core.flows.datagrams import DatagramWindow
from pxcap.core.flows.streams import RECEIVED, SENT
from pxcap.core.vantage import Endpoint, Vantage

CLIENT, SERVER = ("192.0.2.1", 40000), ("192.0.2.2", 53)
CLIENT6, SERVER6 = ("2001:db8::1", 40000), ("2001:db8::2", 53)
NOWHERE, NOWHERE6 = ("0.0.0.0", 40000), ("::", 40000)
LOCAL = ("127.0.0.1", 40000), ("127.0.0.1", 53)
Packets = list[tuple[Endpoint, Endpoint, bytes]]


def give(datagrams: SavedDatagrams, *events: tuple[Any, ...], time: int = START) -> None:
    """Of (socket, this side, other side, direction, bytes), then the network namespace and true size where they differ."""
    buf = b"".join(event[4] for event in events)
    full = [(*event, *(7, len(event[4]))[len(event) - 5 :]) for event in events]
    start = [sum(len(event[4]) for event in events[:at]) for at in range(len(events))]
    window = DatagramWindow(
        buf,
        [time + at for at in range(len(events))],
        [repr((event[0], event[2], event[1][1])).encode() for event in events],
        [event[3] for event in events],
        [event[6] for event in full],
        start,
        [at + len(event[4]) for at, event in zip(start, events, strict=True)],
    )
    datagrams.take(window, lambda at: ((full[at][1], full[at][2]), Vantage(netns=full[at][5])))


def written(path: Path, tell: Callable[[SavedDatagrams], None]) -> Packets:
    file = SaveFile(path, lambda *_: None)
    datagrams = SavedDatagrams(file, Interfaces(file))
    tell(datagrams)
    datagrams.finish()
    assert (datagrams._held, datagrams._owners, len(datagrams._exchanges)) == (0, {}, 0)
    file.close()
    return [((row.src, row.sport), (row.dst, row.dport), row.payload) for row in wires.read(path)[0]]


@pytest.mark.parametrize(("client", "server"), [(CLIENT, SERVER), (CLIENT6, SERVER6), LOCAL])
@pytest.mark.parametrize("both", [False, True], ids=["one end", "both ends"])
def test_question_and_answer(tmp_path: Path, client: Endpoint, server: Endpoint, both: bool) -> None:
    def tell(datagrams: SavedDatagrams) -> None:
        for _ in range(2):
            give(datagrams, (1, client, server, SENT, b"one"))
            if both:
                give(datagrams, (2, server, client, RECEIVED, b"one"), (2, server, client, SENT, b"two"))
            give(datagrams, (1, client, server, RECEIVED, b"two"))

    assert written(tmp_path / "x", tell) == [(client, server, b"one"), (server, client, b"two")] * 2


@pytest.mark.parametrize(
    ("unbound", "client", "server"),
    [(NOWHERE, CLIENT, SERVER), (NOWHERE6, CLIENT6, SERVER6), (NOWHERE6, CLIENT, SERVER)],
)
def test_where_it_came_from_is_told_by_the_answer(
    tmp_path: Path, unbound: Endpoint, client: Endpoint, server: Endpoint
) -> None:
    def tell(datagrams: SavedDatagrams) -> None:
        give(datagrams, (1, unbound, server, SENT, b"one"), (1, unbound, server, SENT, b"more"))
        give(datagrams, (1, client, server, RECEIVED, b"two"))
        give(datagrams, (1, unbound, server, SENT, b"three"))

    assert written(tmp_path / "x", tell) == [
        (client, server, b"one"),
        (client, server, b"more"),
        (server, client, b"two"),
        (client, server, b"three"),
    ]


def test_what_waits_for_an_answer_is_known_by_the_other_end(tmp_path: Path) -> None:
    def tell(datagrams: SavedDatagrams) -> None:
        give(datagrams, (1, NOWHERE, SERVER, SENT, b"one"))
        give(datagrams, (2, SERVER, CLIENT, RECEIVED, b"one", 8), (2, SERVER, CLIENT, SENT, b"two", 8))
        give(datagrams, (1, CLIENT, SERVER, RECEIVED, b"two"))

    assert written(tmp_path / "x", tell) == [(CLIENT, SERVER, b"one"), (SERVER, CLIENT, b"two")]


def test_never_answered(tmp_path: Path) -> None:
    def tell(datagrams: SavedDatagrams) -> None:
        give(datagrams, (1, NOWHERE, SERVER, SENT, b"one"))
        give(datagrams, (2, NOWHERE6, SERVER6, SENT, b"two"), time=START + 61 * SECOND)
        assert len(datagrams._exchanges) == 1

    assert written(tmp_path / "x", tell) == [(NOWHERE, SERVER, b"one"), (NOWHERE6, SERVER6, b"two")]


@pytest.mark.parametrize(("server", "source"), [("127.0.0.53", "127.0.0.1"), ("::1", "::1")])
def test_to_loopback_from_loopback(tmp_path: Path, server: str, source: str) -> None:
    def tell(datagrams: SavedDatagrams) -> None:
        give(datagrams, (1, NOWHERE6, (server, 53), SENT, b"one"))
        give(datagrams, (2, (server, 53), (source, 40000), RECEIVED, b"one"))

    assert written(tmp_path / "x", tell) == [((source, 40000), (server, 53), b"one")]


def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pxcap.bpf.saved.datagrams, "HELD_BYTES", 10)

    def tell(datagrams: SavedDatagrams) -> None:
        give(datagrams, *[(1, NOWHERE, SERVER, SENT, payload) for payload in (b"first", b"second", b"third")])
        give(datagrams, (1, CLIENT, SERVER, RECEIVED, b"answer"), (1, NOWHERE, SERVER, SENT, b"last"))

    assert [(source, payload) for source, _, payload in written(tmp_path / "x", tell)] == [
        (NOWHERE, b"first"),
        (NOWHERE, b"second"),
        (CLIENT, b"third"),
        (SERVER, b"answer"),
        (CLIENT, b"last"),
    ]


def test_exchanges_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pxcap.bpf.saved.datagrams, "MAX_FLOWS", 2)

    def tell(datagrams: SavedDatagrams) -> None:
        for number in range(5):
            give(datagrams, (number, (CLIENT[0], number), SERVER, SENT, b"x"))
            assert len(datagrams._exchanges) == len(datagrams._owners) == min(number + 1, 2)

    assert len(written(tmp_path / "x", tell)) == 5


def test_one_end_goes_on_when_the_other_is_over(tmp_path: Path) -> None:
    def tell(datagrams: SavedDatagrams) -> None:
        give(datagrams, (1, CLIENT, SERVER, SENT, b"one"))
        for minute in range(3):
            now = START + 50 * SECOND * minute
            give(datagrams, (2, SERVER, CLIENT, SENT, b"%d" % minute), time=now)
        give(datagrams, (1, CLIENT, SERVER, SENT, b"late"), time=START + 101 * SECOND)

    assert [payload for *_, payload in written(tmp_path / "x", tell)] == [b"one", b"2"]


def test_the_same_addresses_in_another_namespace(tmp_path: Path) -> None:
    client, server = LOCAL

    def tell(datagrams: SavedDatagrams) -> None:
        give(datagrams, (1, client, server, SENT, b"one", 7), (2, server, client, RECEIVED, b"one", 8))

    assert len(written(tmp_path / "x", tell)) == 2


def test_cut_datagrams_keep_their_size(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert len(written(path, lambda datagrams: give(datagrams, (1, CLIENT, SERVER, SENT, b"cut", 7, 60000)))) == 1
    [row] = wires.read(path)[0]
    assert (row.payload, row.wire) == (b"cut", 60000)
