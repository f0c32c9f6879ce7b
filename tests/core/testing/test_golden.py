import json
from pathlib import Path

import pytest

from pxcap.core.errors import CaptureError
from pxcap.core.registry import Registry
from pxcap.core.testing import golden
from pxcap.core.testing.craft import START, Conversation, write_pcap


def test_captures_and_their_expectations(tmp_path: Path) -> None:
    for name in ("b.pcapng", "a.pcap", "c.pcap.gz", "a.expect.jsonl", "d.pcap.py"):
        (tmp_path / name).touch()
    found = golden.captures(tmp_path)
    assert [path.name for path in found] == ["a.pcap", "b.pcapng", "c.pcap.gz"]
    expected = ["a.expect.jsonl", "b.expect.jsonl", "c.expect.jsonl"]
    assert [golden.expectation_path(path).name for path in found] == expected


def test_rows_are_relative_to_the_first_packet_and_sorted(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    write_pcap(path, [Conversation().open().request(b"?").response(b"!").close()])
    assert golden.first_time(path) == START
    (line,) = golden.expectation(path, Registry()).splitlines()
    record = json.loads(line)
    assert list(record) == sorted(record)
    assert record["table"] == "conn_stats"
    assert 0 <= record["time_"] < 1_000_000_000
    assert (record["bytes_recv"], record["bytes_sent"]) == (1, 1)


def test_no_capture_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        golden.expectation(tmp_path / "none.pcap", Registry())


def test_an_empty_capture_begins_at_0(tmp_path: Path) -> None:
    write_pcap(tmp_path / "a.pcap", [])
    assert golden.first_time(tmp_path / "a.pcap") == 0
