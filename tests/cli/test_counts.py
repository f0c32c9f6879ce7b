"""What is printed in the end: counts on standard output, notices on standard error."""

import json

import pytest

from pxcap.cli.counts import MOST_NOTICES, counted, print_counts, print_notices
from pxcap.cli.options import Format
from pxcap.core.pipeline import TableCount


def test_records_are_those_that_were_stored(capsys: pytest.CaptureFixture[str]) -> None:
    print_counts({"a": TableCount(5, 1, 20), "b": TableCount()}, {"a": 2}, Format.JSON)
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [
        {"table": "a", "records": 3, "errors": 1, "bytes_lost": 20},
        {"table": "b", "records": 0, "errors": 0, "bytes_lost": 0},
    ]
    assert err == ""


def test_notices_by_kind_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    print_notices({"not parsed": {"toy: odd": 3}, "not seen": {}}, ["file.pcap: cut short"])
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "pxcap: not parsed: toy: odd (3)\npxcap: warning: file.pcap: cut short\n"


def test_many_of_a_kind_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    print_notices({"not parsed": {f"name {number}": 1 for number in range(MOST_NOTICES + 3)}, "not seen": {"x": 1}})
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == MOST_NOTICES + 2
    assert lines[-2:] == ["pxcap: 3 more like this", "pxcap: not seen: x (1)"]


@pytest.mark.parametrize(("number", "text"), [(0, "0 packets"), (1, "1 packet"), (2, "2 packets")])
def test_counted(number: int, text: str) -> None:
    assert counted(number, "packet") == text
