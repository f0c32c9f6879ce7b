from pathlib import Path

from bench import amplify

from pxcap.core.registry import Registry
from pxcap.core.replay import ReplayOptions, replay
from pxcap.core.sink import MemorySink
from pxcap.core.testing.craft import Conversation, write_pcap


def connections(path: Path) -> tuple[int, int]:
    report = replay([str(path)], Registry(), MemorySink(), ReplayOptions())
    assert not report.failed
    return report.connections, report.bytes


def test_copies_are_connections_of_their_own(tmp_path: Path) -> None:
    source, target = tmp_path / "a.pcap", tmp_path / "b.pcap"
    talk = Conversation().open().request(b"ask").response(b"tell").close()
    other = Conversation(server=("192.0.2.2", 81)).open().request(b"x" * 100)
    write_pcap(source, [talk, other])
    assert amplify.amplify(source, target, 300) == 300 * len(talk.packets + other.packets)
    assert connections(target) == (600, 300 * 107)
    assert amplify.amplify(source, target, 2, port=80) == 2 * len(talk.packets)
    assert connections(target) == (2, 14)


def test_copies_follow_each_other(tmp_path: Path) -> None:
    source, target = tmp_path / "a.pcap", tmp_path / "b.pcap"
    data = write_pcap(source, [Conversation().request(b"ask")])
    amplify.amplify(source, target, 2)
    first, second = (int.from_bytes(target.read_bytes()[at : at + 4], "little") for at in (24, len(data)))
    assert second == first + 1


def test_the_expectation_counts_what_a_server_was_asked() -> None:
    assert amplify.expected("http_events", 80) == (22, 0)
    assert amplify.expected("dns_events", 53) == (6, 0)
    assert amplify.expected("dns_events", 80) == (0, 0)
    assert amplify.expected("http_events", 80, "resp_status = 404") == (2, 0)


def test_it_counts_the_rows_of_answers_too() -> None:
    count, rows = amplify.expected("mysql_events", 3306, "req_cmd = 3", "resp_rows")
    assert 0 < count < amplify.expected("mysql_events", 3306)[0]
    assert rows > 0
