"""Whatever a person gets wrong: one clear line that names it, a hint or none, the right status, no traceback."""

from pathlib import Path

import pytest
from tests.cli.conftest import Command

STORE = "--store=sqlite:///stored.db"
CLOSED = "--store=postgresql://shop:s3cret@127.0.0.1:1/shop"

CASES: dict[str, tuple[list[str], int, str]] = {
    "a text file": (["replay", "text.pcap"], 1, "text.pcap: found text"),
    "an empty file": (["replay", "empty.pcap"], 1, "empty.pcap: found an empty file"),
    "a missing file": (["replay", "missing.pcap"], 1, "missing.pcap: no such file"),
    "a folder": (["replay", "folder"], 1, "folder: found a directory"),
    "half a header": (["replay", "header.pcap"], 1, "header.pcap: pcap header is cut short"),
    "an unknown protocol": (["replay", "trace.pcap", "--only", "htpp"], 2, "unknown protocol 'htpp'"),
    "an unknown protocol for a port": (
        ["replay", "trace.pcap", "--decode-as", "80=htpp"],
        2,
        "unknown protocol 'htpp'",
    ),
    "no port": (["replay", "trace.pcap", "--decode-as", "http"], 2, "--decode-as 'http': expected PORT=PROTOCOL"),
    "a port too many": (["replay", "trace.pcap", "--decode-as", "65536=http"], 2, "expected PORT=PROTOCOL"),
    "a negative limit": (["replay", "trace.pcap", "--body-limit", "-1"], 2, "invalid value for '--body-limit'"),
    "an unknown option": (["replay", "trace.pcap", "--fast"], 2, "no such option: --fast"),
    "an unknown format": (["tables", "-o", "yaml"], 2, "'yaml' is not one of"),
    "an unknown command": (["repaly", "trace.pcap"], 2, "no such command 'repaly'"),
    "a server that is not there": (["replay", "trace.pcap", CLOSED], 1, "shop:***@127.0.0.1:1/shop: "),
    "a store that is no URL": (["replay", "trace.pcap", "--store", "pxcap.db"], 2, "pxcap.db: not a database URL"),
    "a store of an unknown kind": (
        ["replay", "trace.pcap", "--store", "mysql://u:s3cret@h/d"],
        2,
        "no mysql databases",
    ),
    "a store in no folder": (["replay", "trace.pcap", "--store", "sqlite:///no/x.db"], 1, "does not exist"),
    "a store that is something else": (["tables", "--store", "sqlite:///text.pcap"], 1, "not an SQLite database"),
    "no store yet": (["run", "px/http_data"], 1, "no store at pxcap.db"),
    "an unknown script": (["run", "px/htp_data", STORE], 2, "no script is named 'px/htp_data'"),
    "an unknown script to show": (["script", "show", "http"], 2, "no script is named 'http'"),
    "an unknown argument": (
        ["run", "px/http_data", STORE, "--", "--pod", "x"],
        2,
        "px/http_data has no argument '--pod'",
    ),
    "an argument too early": (["run", "px/http_data", STORE, "--start_time=-5m"], 2, "no such option: --start_time"),
    "an unknown table": (["schema", "htp_events", STORE], 2, "no such table: htp_events"),
    "an unknown column": (["sql", "SELECT pth FROM http_events", STORE], 2, "no such column: pth"),
    "a table that is not there": (["sql", "SELECT 1 FROM nope", STORE], 2, "no such table: nope"),
    "half a statement": (["sql", "SELECT", STORE], 2, "the statement is not complete"),
    "a write": (["sql", "DELETE FROM http_events", STORE], 2, "read-only"),
    "a write behind a read": (["sql", "SELECT 1; DROP TABLE http_events", STORE], 2, "only one statement"),
    "a write in disguise": (["sql", "PRAGMA user_version=7", STORE], 2, "read-only"),
    "nothing": (["sql", "", STORE], 2, ""),
}


@pytest.fixture
def folder(tmp_path: Path, trace: Path, stored: str) -> None:
    (tmp_path / "text.pcap").write_text("hello, world\n" * 100)
    (tmp_path / "empty.pcap").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "header.pcap").write_bytes(trace.read_bytes()[:20])
    (tmp_path / "trace.pcap").symlink_to(trace)
    (tmp_path / "stored.db").symlink_to(stored.removeprefix("sqlite:///"))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("arguments", "status", "line"), CASES.values(), ids=CASES.keys())
def test_one_clear_line(pxcap: Command, arguments: list[str], status: int, line: str) -> None:
    done = pxcap(*arguments)
    lines = done.err.splitlines()
    assert done.status == status
    assert done.out == ""
    assert lines[0].startswith("pxcap: error: ")
    assert line in lines[0]
    assert "fault in pxcap" not in done.err
    assert "s3cret" not in done.err
    assert lines[1:] == [] or (len(lines) == 2 and lines[1].startswith("  hint: "))


@pytest.mark.usefixtures("folder")
def test_a_capture_cut_short_gives_what_it_holds(pxcap: Command, trace: Path) -> None:
    Path("cut.pcap").write_bytes(trace.read_bytes()[:-7])
    done = pxcap("replay", "cut.pcap", "-o", "json")
    assert done.status == 0
    assert sum(row["records"] for row in done.rows) > 0
    assert (
        [line for line in done.err.splitlines() if "warning" in line]
        == [
            line
            for line in done.err.splitlines()
            if line.startswith("pxcap: warning: cut.pcap: packet 39 is cut short")
        ]
        != []
    )


@pytest.mark.usefixtures("folder")
def test_writing_left_no_trace(pxcap: Command) -> None:
    before = pxcap("tables", STORE, "-o", "json").out
    for query in ("DELETE FROM http_events", "DROP TABLE http_events", "CREATE TABLE x (a)", "ATTACH 'y.db' AS y"):
        assert pxcap("sql", query, STORE).status == 2
    assert pxcap("tables", STORE, "-o", "json").out == before
    assert not Path("y.db").exists()
