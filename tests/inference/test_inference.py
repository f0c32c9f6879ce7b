"""Nothing is taken for another protocol, from wherever it is seen; and the card can show what is wrong."""

from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import pytest
from tests.inference import expect, matrix
from tests.inference.__main__ import main
from tests.inference.expect import Entry
from tests.inference.matrix import Card, Judge
from tests.inference.play import starts
from tests.inference.traffic import read

from pxcap.core.testing.craft import Conversation, write_pcap

CAPTURES: dict[str, dict[str, Path]] = defaultdict(dict)
for name, path in expect.all_captures().items():
    CAPTURES[name.split("/")[1]][name] = path


@lru_cache(1)
def judge() -> Judge:
    return Judge()


@pytest.mark.parametrize("folder", CAPTURES)
def test_no_connection_is_taken_for_what_it_is_not(folder: str) -> None:
    card = Card()
    for name, path in CAPTURES[folder].items():
        card.add(judge().card(name, path))
    assert not card.confused
    assert not card.unrecognised, "what cannot be told needs a line with its reason in fixtures/PROTOCOL/inference.txt"
    assert not judge().stale(card)


def test_there_are_captures_of_every_protocol_and_of_none() -> None:
    assert judge().names | {"noise"} <= CAPTURES.keys()


def capture(folder: Path, **bytes_of: bytes) -> Path:
    talk = Conversation(("192.0.2.1", 40000), ("192.0.2.2", 6379)).open()
    for _ in range(3):
        talk.request(bytes_of["request"]).response(bytes_of["response"])
    write_pcap(folder / "made.pcap", [talk.close()])
    return folder / "made.pcap"


PING, PONG = b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"


def test_a_confusion_is_told(tmp_path: Path) -> None:
    card = judge().card("fixtures/http/made", capture(tmp_path, request=PING, response=PONG))
    assert "fixtures/http/made client port 40000, whole, on own port: http taken for redis" in card.confused
    card = judge().card("fixtures/noise/made", capture(tmp_path, request=PING, response=PONG))
    assert "fixtures/noise/made client port 40000, after-2, on own port: none of ours taken for redis" in card.confused
    assert card.unrecognised == []


def test_an_entry_excuses_settles_or_is_stale(tmp_path: Path) -> None:
    path = capture(tmp_path, request=PING, response=PONG)
    fresh = Judge()
    redis = Entry("http", "made", "4*", "*", "redis", "it is")
    never = Entry("http", "made", "*", "whole", "perhaps", "why not")
    other = Entry("http", "other", "*", "*", "none", "not there")
    fresh.entries = [redis, never, other]
    card = fresh.card("fixtures/http/made", path)
    assert (card.confused, card.unrecognised) == ([], [])
    assert fresh.stale(card) == [str(never)]


def test_what_is_not_recognised_needs_a_reason_only_while_an_answered_request_is_left(tmp_path: Path) -> None:
    talk = Conversation(("192.0.2.1", 40000), ("192.0.2.2", 80)).open()
    talk.request(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").response(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    talk.response(b"the body.").close()
    write_pcap(tmp_path / "made.pcap", [talk])
    card = Judge().card("fixtures/http/made", tmp_path / "made.pcap")
    assert (card.confused, card.unrecognised) == ([], [])
    assert card.nothing_left > 0


def test_every_way_of_starting(tmp_path: Path) -> None:
    traffic = read(capture(tmp_path, request=PING, response=PONG), {6379}, lambda client, server: "redis")
    assert traffic is not None
    packets = {name: len(begun.of) for name, begun in starts(traffic)}
    assert [name for name in packets if name.startswith("after")] == [f"after-{n}" for n in (0, 1, 2, 3, 4)]
    assert packets["whole"] == packets["client-only"] + packets["server-only"]
    assert packets["after-0"] == packets["whole"] - 3
    assert packets["after-4"] < packets["after-3"] < packets["after-0"]
    moved = traffic.moved(lambda talk: 9042)
    assert set(moved.window.dport[moved.to_server].tolist()) == {9042}
    assert traffic.conversations[0].server == ("192.0.2.2", 6379)


def test_a_list_with_too_few_columns_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "inference.txt").write_text("# fine\nmade * whole perhaps\n")
    monkeypatch.setattr(expect, "FIXTURES", tmp_path)
    with pytest.raises(ValueError, match="not enough values"):
        expect.entries()


def test_the_printed_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("fixtures/redis/resp2") == 0
    printed = capsys.readouterr().out
    assert all(title in printed for title in matrix.MATRICES.values())
    assert "0 confused" in printed
