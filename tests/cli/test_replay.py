"""pxcap replay: counts, notices, choices, several files, Ctrl-C."""

import gc
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.cli.traffic import DNS_RECORDS, HTTP_RECORDS, REDIS_RECORDS

from pxcap.cli.counts import counted
from pxcap.core.registry import load_registry
from pxcap.core.testing.craft import Conversation, write_pcap


def test_counts_of_every_table(pxcap: Command, trace: Path) -> None:
    done = pxcap("replay", str(trace), "-o", "json")
    assert done.status == 0
    tables = dict.fromkeys((table.name for table in load_registry().tables()), 0)
    assert {row["table"]: row["records"] for row in done.rows} == {
        **tables,
        "dns_events": DNS_RECORDS,
        "http_events": HTTP_RECORDS,
        "redis_events": REDIS_RECORDS,
        "conn_stats": 4,
    }
    assert all(list(row) == ["table", "records", "errors", "bytes_lost"] for row in done.rows)
    assert all(row["errors"] == row["bytes_lost"] == 0 for row in done.rows)
    assert done.err == "39 packets of 5 connections replayed into sqlite:///pxcap.db\n"


def test_a_store_is_appended_to(pxcap: Command, trace: Path) -> None:
    pxcap("replay", str(trace))
    pxcap("replay", str(trace), str(trace))
    assert pxcap("sql", "SELECT count(*) AS n FROM http_events", "-o", "json").rows == [{"n": 3 * HTTP_RECORDS}]


def test_only_and_decode_as(pxcap: Command, trace: Path) -> None:
    done = pxcap("replay", str(trace), "--only", "http, dns", "-o", "json")
    records = {row["table"]: row["records"] for row in done.rows}
    assert (records["http_events"], records["dns_events"], records["redis_events"]) == (HTTP_RECORDS, DNS_RECORDS, 0)
    done = pxcap("replay", str(trace), "--decode-as", "8080=redis", "--decode-as", "53=dns", "-o", "json")
    assert {row["table"]: row["records"] for row in done.rows}["http_events"] == 0


def test_body_limit_keeps_the_true_size(pxcap: Command, trace: Path) -> None:
    pxcap("replay", str(trace), "--body-limit", "4", "--only", "http")
    rows = pxcap("run", "px/http_data", "-o", "json").rows
    assert (rows[0]["resp_body"], rows[0]["resp_body_size"]) == ('{"id', 21)


def test_secrets_stay_out_unless_asked_for(pxcap: Command, tmp_path: Path) -> None:
    talk = Conversation().open()
    talk.request(b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cret\r\n\r\n")
    talk.response(b"HTTP/1.1 204 No Content\r\n\r\n").close()
    write_pcap(tmp_path / "login.pcap", [talk])
    pxcap("replay", "login.pcap")
    assert "s3cret" not in pxcap("run", "px/http_data", "-o", "json").out
    pxcap("replay", "login.pcap", "--no-redact", "--store", "sqlite:///open.db")
    assert "s3cret" in pxcap("run", "px/http_data", "-o", "json", "--store", "sqlite:///open.db").out


def test_the_store_may_come_from_the_environment(
    pxcap: Command, trace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PXCAP_STORE", "sqlite:///other.db")
    assert pxcap("replay", str(trace)).status == 0
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "pxcap.db").exists()


def test_a_bad_file_among_good_ones_costs_only_itself(pxcap: Command, trace: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary")
    done = pxcap("replay", "missing.pcap", str(trace), "notes.txt", "-o", "json")
    assert done.status == 1
    assert {row["table"]: row["records"] for row in done.rows}["http_events"] == HTTP_RECORDS
    errors = [line for line in done.err.splitlines() if line.startswith("pxcap: error: ")]
    assert [line.split(":")[2].strip() for line in errors] == ["missing.pcap", "notes.txt"]


def test_what_was_lost_is_told(pxcap: Command, tmp_path: Path) -> None:
    web = Conversation().open().request(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    web.response(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"a" * 1000)
    web.lose(1, b"b" * 1000).response(b"c" * 1000)
    web.request(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").response(b"HTTP/1.1 204 No Content\r\n\r\n").close()
    stranger = Conversation(server=("192.0.2.9", 4)).open().request(b"\x00\x01\x02").close()
    write_pcap(tmp_path / "lossy.pcap", [web, stranger])
    cut = (tmp_path / "lossy.pcap").read_bytes()[:-5]
    (tmp_path / "cut.pcap").write_bytes(cut)
    done = pxcap("replay", "cut.pcap", "-o", "json")
    assert done.status == 0
    assert {row["table"]: row["bytes_lost"] for row in done.rows}["http_events"] == 1000
    assert "pxcap: warning: cut.pcap: packet" in done.err
    assert "pxcap: not recognised: 1 of 2 connections" in done.err


def test_the_garbage_collector_is_left_as_it_was(pxcap: Command, trace: Path) -> None:
    before = gc.get_threshold()
    assert pxcap("replay", str(trace)).status == 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_standard_input(trace: Path, tmp_path: Path) -> None:
    with trace.open("rb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "pxcap.cli.main", "replay", "-", "-o", "json"],
            stdin=stream,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert f'"table": "http_events", "records": {HTTP_RECORDS}' in done.stdout


def test_interrupted_while_waiting_keeps_what_came(trace: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pxcap.cli.main", "replay", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        text=False,
    )
    assert process.stdin is not None
    process.stdin.write(trace.read_bytes())
    process.stdin.flush()
    wait_for(tmp_path / "pxcap.db")
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=300) == 130  # its input is still open: the end of that would be an end like any other
    out, err = process.communicate()
    assert out == b""
    with closing(sqlite3.connect(tmp_path / "pxcap.db")) as store:
        tables = ("http_events", "conn_stats", "dns_events", "redis_events")
        total = sum(store.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)
    assert err == f"interrupted: {counted(total, 'record')} stored\n".encode()


def wait_for(path: Path) -> None:
    for _ in range(6000):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not appear")
