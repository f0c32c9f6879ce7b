"""Several files, a bad one among them, progress, and what is written when."""

from pathlib import Path

import pytest
from tests.core.toy import TOY

from pxcap.core.errors import StoreError
from pxcap.core.pipeline import BATCH
from pxcap.core.protocol import Row
from pxcap.core.registry import Registry
from pxcap.core.replay import Progress, ReplayOptions, replay
from pxcap.core.sink import MemorySink
from pxcap.core.testing.craft import Conversation, write_pcap


def capture(path: Path) -> str:
    write_pcap(path, [Conversation(server=("192.0.2.2", 7)).open().request(b"Qa\n").response(b"Aa\n").close()])
    return str(path)


def toys() -> Registry:
    registry = Registry()
    registry.add(TOY, "tests")
    return registry


def test_a_bad_file_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "bad.pcap").write_text("this is no capture at all, just text")
    sink = MemorySink()
    sources = [
        capture(tmp_path / "a.pcap"),
        str(tmp_path / "bad.pcap"),
        str(tmp_path / "gone"),
        capture(tmp_path / "b.pcap"),
    ]
    report = replay(sources, toys(), sink, ReplayOptions())
    assert len(sink.tables["toy_events"]) == report.tables["toy_events"].records == 2
    assert [str(err).split(":")[0] for err in report.failed] == [str(tmp_path / "bad.pcap"), str(tmp_path / "gone")]


def test_progress_reaches_the_end_of_the_file(tmp_path: Path) -> None:
    source = capture(tmp_path / "a.pcap")
    seen: list[Progress] = []
    replay([source], toys(), MemorySink(), ReplayOptions(), seen.append)
    size = Path(source).stat().st_size
    assert (seen[-1].done_bytes, seen[-1].total_bytes) == (size, size)
    assert seen[-1].packets == 9


def test_a_store_that_fails_stops_the_replay(tmp_path: Path) -> None:
    calls: list[str] = []

    class Broken:
        def write(self, table: str, rows: list[Row]) -> None:
            calls.append(table)
            raise StoreError("gone")

    talk = Conversation(server=("192.0.2.2", 7)).open()
    for n in range(2 * BATCH):
        talk.request(b"Q%d\n" % n).response(b"A%d\n" % n)
    write_pcap(tmp_path / "a.pcap", [talk])
    with pytest.raises(StoreError, match="gone"):
        replay([str(tmp_path / "a.pcap")], toys(), Broken(), ReplayOptions())
    assert calls == ["toy_events"]  # it is not asked again for what is left


def test_progress_knows_the_size_of_all_files_from_the_start(tmp_path: Path) -> None:
    sources = [capture(tmp_path / "a.pcap"), capture(tmp_path / "b.pcap"), str(tmp_path / "gone")]
    seen: list[Progress] = []
    replay(sources, toys(), MemorySink(), ReplayOptions(), seen.append)
    assert {step.total_bytes for step in seen} == {sum(Path(source).stat().st_size for source in sources[:2])}


def test_the_same_file_twice_gives_the_same_rows_twice(tmp_path: Path) -> None:
    source = capture(tmp_path / "a.pcap")
    sink = MemorySink()
    replay([source, source], toys(), sink, ReplayOptions())
    first, second = sink.tables["toy_events"]
    assert first == second
