"""Reassembly as a person sees it: what the capture shows, and which exchanges and losses come out."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.toy import TOY

from pxcap.core.pipeline import Options
from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.core.registry import Registry
from pxcap.core.replay import ReplayReport, replay
from pxcap.core.sink import MemorySink
from pxcap.core.testing.craft import Conversation, write_pcap


def play(path: Path, *talks: Conversation, window: int | None = None) -> tuple[list[tuple[object, ...]], ReplayReport]:
    """Exchanges as (question, answer, note), and the report."""
    write_pcap(path, talks)
    registry = Registry()
    registry.add(TOY, "tests")
    sink = MemorySink()
    report = replay([str(path)], registry, sink, Options())
    rows = sorted(sink.tables.get("toy_events", []), key=lambda row: (row[0], str(row[8])))
    return [(row[8], row[9], row[11]) for row in rows], report


def whole(count: int = 3) -> Conversation:
    talk = Conversation(server=("192.0.2.2", 7)).open()
    for n in range(count):
        talk.request(b"Q%d\n" % n).response(b"A%d\n" % n)
    return talk


def clean(count: int, first: int = 0) -> list[tuple[object, ...]]:
    return [(str(n), str(n), "") for n in range(first, first + count)]


def test_a_plain_connection(tmp_path: Path) -> None:
    rows, report = play(tmp_path / "a.pcap", whole().close())
    assert rows == clean(3)
    assert report.connections == 1
    assert report.tables["toy_events"].records == 3
    assert report.tables["toy_events"].bytes_lost == 0


def test_sequence_numbers_wrap(tmp_path: Path) -> None:
    talk = Conversation(server=("192.0.2.2", 7), sequence=(2**32 - 5, 2**32 - 3)).open()
    for n in range(8):
        talk.request(b"Q%d\n" % n).response(b"A%d\n" % n)
    assert play(tmp_path / "a.pcap", talk)[0] == clean(8)


def test_retransmission_and_overlap_keep_the_first_bytes(tmp_path: Path) -> None:
    talk = Conversation(server=("192.0.2.2", 7)).open()
    talk.request(b"Qfirst\n").retransmit(REQUEST, b"Qother\n", 0).retransmit(REQUEST, b"XX\nQ2\n", 4)
    talk.response(b"A1\nA2\n")
    rows, report = play(tmp_path / "a.pcap", talk)
    assert rows == [("first", "1", ""), ("2", "2", "")]
    assert report.tables["toy_events"].errors == 0


def test_a_late_segment_is_put_in_place(tmp_path: Path) -> None:
    talk = Conversation(server=("192.0.2.2", 7)).open()
    talk.lose(REQUEST, b"Q0\n").request(b"Q1\n").retransmit(REQUEST, b"Q0\n", 0).response(b"A0\nA1\n")
    rows, report = play(tmp_path / "a.pcap", talk)
    assert sorted(rows) == clean(2)
    assert report.tables["toy_events"].bytes_lost == 0


def test_a_lost_request_costs_only_itself(tmp_path: Path) -> None:
    talk = whole(2).lose(REQUEST, b"Q2\n").response(b"A2\n")
    for n in range(3, 50):
        talk.request(b"Q%d\n" % n).response(b"A%d\n" % n)
    rows, report = play(tmp_path / "a.pcap", talk.close())
    assert rows == [*clean(2), (None, "2", "no_request"), *clean(47, 3)]
    assert report.tables["toy_events"].bytes_lost == 3


def test_a_lost_response_costs_only_itself(tmp_path: Path) -> None:
    talk = whole(2).request(b"Q2\n").lose(RESPONSE, b"A2\n")
    for n in range(3, 50):
        talk.request(b"Q%d\n" % n).response(b"A%d\n" % n)
    rows, report = play(tmp_path / "a.pcap", talk.close())
    assert rows == [*clean(2), ("2", None, "no_response"), *clean(47, 3)]
    assert report.tables["toy_events"].bytes_lost == 3


def test_a_request_seen_only_when_sent_again_still_comes_before_its_response(tmp_path: Path) -> None:
    talk = whole(1).lose(REQUEST, b"Q1\n").response(b"A1\n").retransmit(REQUEST, b"Q1\n", 3)
    rows, report = play(tmp_path / "a.pcap", talk.request(b"Q2\n").response(b"A2\n"))
    assert [row[:2] for row in rows] == [("0", "0"), ("1", "1"), ("2", "2")]
    assert report.tables["toy_events"].bytes_lost == 0


def test_loss_at_the_very_end_is_counted(tmp_path: Path) -> None:
    rows, report = play(tmp_path / "a.pcap", whole(2).request(b"Q2\n").lose(RESPONSE, b"A2\n").close())
    assert rows == [*clean(2), ("2", None, "no_response")]
    assert report.tables["toy_events"].bytes_lost == 3


def test_a_capture_that_starts_in_mid_connection_finds_the_server(tmp_path: Path) -> None:
    talk = Conversation(server=("192.0.2.2", 50000), client=("192.0.2.1", 40))
    talk.response(b"A0\n").request(b"Q1\n").response(b"A1\n").request(b"Q2\n").response(b"A2\n")
    rows, report = play(tmp_path / "a.pcap", talk)
    assert rows == [(None, "0", "no_request"), *clean(2, 1)]
    assert report.unrecognised == 0


def test_one_direction_only(tmp_path: Path) -> None:
    talk = Conversation(server=("192.0.2.2", 7))
    for n in range(3):
        talk.request(b"Q%d\n" % n).lose(RESPONSE, b"A%d\n" % n)
    rows, report = play(tmp_path / "a.pcap", talk)
    assert rows == [(str(n), None, "no_response") for n in range(3)]
    assert report.tables["toy_events"].bytes_lost == 6  # of nine, the client has acknowledged so many


def test_a_servers_bare_fin_acknowledges_the_fin_of_a_client_never_seen(tmp_path: Path) -> None:
    talk = Conversation(server=("192.0.2.2", 7)).open(only=RESPONSE)
    for n in range(3):
        talk.lose(REQUEST, b"Q%d\n" % n).response(b"A%d\n" % n)
    talk.lose(REQUEST, b"bye\n").half_close(RESPONSE)  # the newline takes the number of the FIN
    _, report = play(tmp_path / "a.pcap", talk)
    assert report.tables["toy_events"].bytes_lost == 12


def test_a_clients_bare_fin_acknowledges_bytes(tmp_path: Path) -> None:
    talk = Conversation(server=("192.0.2.2", 7)).open(only=REQUEST)
    talk.request(b"Q\n").lose(RESPONSE, b"answer\n").half_close(REQUEST)
    _, report = play(tmp_path / "a.pcap", talk)
    assert report.tables["toy_events"].bytes_lost == 7


def test_a_port_used_again_is_a_new_connection(tmp_path: Path) -> None:
    first = whole(2)
    again = Conversation(server=("192.0.2.2", 7), start=first.time + 10**9, sequence=(777_000, 888_000)).open()
    again.request(b"Qx\n").response(b"Ax\n").close()
    rows, report = play(tmp_path / "a.pcap", first, again)
    assert rows == [*clean(2), ("x", "x", "")]
    assert report.connections == 2


def test_reset_ends_the_connection(tmp_path: Path) -> None:
    rows, report = play(tmp_path / "a.pcap", whole(1).request(b"Q1\n").reset())
    assert rows == [*clean(1), ("1", None, "no_response")]
    assert report.connections == 1


def test_a_plugin_that_raises_costs_its_connection_only(tmp_path: Path) -> None:
    bad = whole(1).request(b"Qboom\n").response(b"Aboom\n")
    good = Conversation(client=("192.0.2.9", 999), server=("192.0.2.2", 7)).open().request(b"Q0\n").response(b"A0\n")
    rows, report = play(tmp_path / "a.pcap", bad, good)
    assert ("0", "0", "") in rows
    assert report.plugin_failures == {"toy: RuntimeError: boom": 1}


def _shuffle(seed: int) -> Callable[[Conversation], None]:
    """Let packets change places within a few, across directions; the times still ascend."""

    def apply(talk: Conversation) -> None:
        rng = random.Random(seed)
        times = [packet[0] for packet in talk.packets]
        order = sorted(range(len(talk.packets)), key=lambda i: i + rng.uniform(0, 5))
        talk.packets[:] = [(time, *talk.packets[i][1:]) for time, i in zip(times, order, strict=True)]

    return apply


@pytest.mark.parametrize("seed", range(30))
def test_any_shuffle_gives_the_same_exchanges(tmp_path: Path, seed: int) -> None:
    talk = Conversation(server=("192.0.2.2", 7)).open()
    for n in range(40):
        talk.request(b"Q%d\n" % n, mss=2).response(b"A%d\n" % n, mss=2)
    talk.close()
    _shuffle(seed)(talk)
    rows, report = play(tmp_path / "a.pcap", talk)
    assert sorted(rows, key=lambda row: int(str(row[0]))) == clean(40)
    assert report.tables["toy_events"].bytes_lost == 0


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_duplicates_and_overlaps_change_nothing(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    stream = b"".join(b"Q%d\n" % n for n in range(20))
    talk = Conversation(server=("192.0.2.2", 7)).open()
    sent = 0
    while sent < len(stream):
        size = data.draw(st.integers(1, 9))
        talk.request(stream[sent : sent + size])
        sent = min(sent + size, len(stream))
        if data.draw(st.booleans()):
            back = data.draw(st.integers(1, sent))
            talk.retransmit(REQUEST, stream[sent - back : sent], sent - back)
    talk.response(b"".join(b"A%d\n" % n for n in range(20)))
    rows, report = play(tmp_path_factory.mktemp("x") / "a.pcap", talk)
    assert sorted(rows, key=lambda row: int(str(row[0]))) == clean(20)
    assert report.tables["toy_events"].bytes_lost == 0


def test_idle_connections_are_forgotten_and_counted_once(tmp_path: Path) -> None:
    old = whole(1).request(b"Q1\n")
    later = Conversation(client=("192.0.2.7", 1), server=("192.0.2.2", 7), start=old.time + 3600 * 10**9).open()
    later.request(b"Qz\n").response(b"Az\n").close()
    rows, report = play(tmp_path / "a.pcap", old, later)
    assert rows == [*clean(1), ("1", None, "no_response"), ("z", "z", "")]
    assert report.connections == 2


def test_thousands_of_interleaved_connections(tmp_path: Path) -> None:
    talks = []
    for n in range(2000):
        talk = Conversation(client=(f"192.0.2.{n % 250}", 1000 + n), server=("192.0.2.2", 7)).open()
        talks.append(talk.request(b"Q%d\n" % n).response(b"A%d\n" % n).close())
    rows, report = play(tmp_path / "a.pcap", *talks)
    assert sorted(rows, key=lambda row: int(str(row[0]))) == clean(2000)
    assert report.connections == 2000


def test_conn_stats_hold_the_totals(tmp_path: Path) -> None:
    write_pcap(tmp_path / "a.pcap", [whole(3).close()])
    registry = Registry()
    registry.add(TOY, "tests")
    sink = MemorySink()
    replay([str(tmp_path / "a.pcap")], registry, sink, Options())
    (row,) = sink.tables["conn_stats"]
    assert row[1:] == ("", "192.0.2.1", 0, "192.0.2.2", 7, 2, 2, "toy", False, 1, 1, 0, 9, 9, 0, 0, 0, 3, None, row[0])


def test_an_answer_behind_the_end_of_the_questions_lost_nothing(tmp_path: Path) -> None:
    talk = whole(2).request(b"Q2\n").half_close(REQUEST).response(b"A2\n").reset(REQUEST)
    rows, report = play(tmp_path / "a.pcap", talk)
    assert rows == clean(3)
    assert sum(count.bytes_lost for count in report.tables.values()) == 0
