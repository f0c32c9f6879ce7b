"""Pairing what pxcap recorded with what tshark says; tshark's part is made up."""

from pathlib import Path

import pytest

from pxcap.cli import second
from pxcap.cli.second import Verifier
from pxcap.core.comparison import Comparison, Message, Transaction
from pxcap.core.errors import CaptureError
from pxcap.core.registry import load_registry
from pxcap.core.testing.craft import Conversation, write_pcap

CLIENT, SERVER = ("192.0.2.1", 40000), ("192.0.2.2", 6379)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    talk = Conversation(CLIENT, SERVER).open()
    talk.request(b"*1\r\n$4\r\nPING\r\n").response(b"+PONG\r\n").request(b"*1\r\n$4\r\nTIME\r\n").response(
        b"-ERR no\r\n"
    )
    write_pcap(tmp_path / "two.pcap", [talk.close()])
    return tmp_path / "two.pcap"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, tuple[tuple[str, str, str], ...]]]:
    """What tshark says: direction and fields of each message; to be filled by the test."""
    lines: list[tuple[bool, tuple[tuple[str, str, str], ...]]] = []

    def messages(path: str, layers: list[str], decode_as: list[str]) -> list[tuple[second.Endpoint, Message]]:
        assert (tuple(layers), decode_as) == (("resp",), ["tcp.port==6379,resp"])
        return [
            ((*CLIENT, *SERVER) if to_server else (*SERVER, *CLIENT), Message(1, 0, False, "resp", fields))
            for to_server, fields in lines
        ]

    monkeypatch.setattr(second, "messages", messages)
    return lines


def command(word: str) -> tuple[bool, tuple[tuple[str, str, str], ...]]:
    return True, (("resp.array", "Array: Length 1", ""), ("resp.bulk_string", f"Bulk String: {word}", ""))


OK, BAD = (False, (("resp.string", "+PONG", "2b504f4e470d0a"),)), (False, (("resp.error", "ERR no", ""),))


def test_the_same(capture: Path, said: list[object]) -> None:
    said += [command("PING"), OK, command("TIME"), BAD]
    result = Verifier().verify([str(capture)])
    assert result.findings == []
    assert (result.tallies["redis"].same, result.tallies["redis"].pxcap) == (2, 2)


def test_differences_say_where_they_are_and_why(capture: Path, said: list[object], tmp_path: Path) -> None:
    said += [command("PING"), BAD]
    (tmp_path / "tshark-differs.txt").write_text("two.pcap differ error it is mistaken\nother.pcap * * never\n")
    result = Verifier().verify([str(capture)])
    first, other = result.findings
    assert (first.client, first.server, first.explained) == ("192.0.2.1:40000", "192.0.2.2:6379", "it is mistaken")
    assert (first.difference.field, first.difference.pxcap, first.difference.peer) == ("error", "False", "True")
    assert (other.difference.kind, other.difference.what, other.explained) == ("only-pxcap", "TIME", "")
    assert {entry.reason for entry in result.used} == {"it is mistaken"}


def test_what_cannot_be_compared_is_said(capture: Path) -> None:
    registry = load_registry()
    verifier = Verifier(registry=registry)
    verifier._comparisons = {}
    assert verifier.verify([str(capture)]).notes == ["redis: not compared: its plugin has no comparison"]

    def nothing(messages: object) -> list[Transaction]:
        return []

    none = Comparison("redis", (), nothing, lambda record: None, absent="nobody knows it")
    verifier._comparisons = {"redis": none}
    assert verifier.verify([str(capture)]).notes == ["redis: not compared: nobody knows it"]


def test_what_is_no_capture(tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        Verifier().verify([str(tmp_path / "none.pcap")])
