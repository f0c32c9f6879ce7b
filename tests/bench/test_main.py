import sqlite3
from dataclasses import replace
from pathlib import Path

from bench.__main__ import stored, verdict
from bench.measure import Usage
from bench.record import Capture
from bench.workloads import discover

LOADS = discover()
CAPTURE = Capture("x.pcap", 3306, sent=100, counted_by="the server", rows=500, packets=300, dropped=0, origin="it")
OURS, THEIRS = Usage(2.0, 0), Usage(7.0, 0)


def test_a_ratio_counts_when_everything_is_there() -> None:
    assert verdict(LOADS["mysql"], CAPTURE, (100, 500), OURS, THEIRS, 1.0) == "3.50"


def test_else_there_is_none() -> None:
    load = LOADS["mysql"]
    assert verdict(load, CAPTURE, (99, 500), OURS, THEIRS, 1.0) == "none: -1 records"
    assert verdict(load, CAPTURE, (101, 500), OURS, THEIRS, 1.0) == "none: +1 records"
    assert verdict(load, CAPTURE, (100, 503), OURS, THEIRS, 1.0) == "none: +3 rows in answers"
    lossy = replace(CAPTURE, dropped=7)
    assert verdict(load, lossy, (100, 500), OURS, THEIRS, 1.0) == "none: tcpdump lost 7 packets"
    assert verdict(load, CAPTURE, (100, 500), OURS, None, 1.0) == "tshark is not installed"


def test_without_a_dissector_it_is_the_share_of_the_bare_insert() -> None:
    assert verdict(LOADS["nats"], CAPTURE, (100, 500), OURS, None, 200.0) == "0.25 of raw insert"


def test_records_and_rows_that_count_are_counted(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE mysql_events (req_cmd, resp_rows)")
        rows = [(3, 10), (3, None), (22, None), (25, None), (14, None), (11, None)]
        connection.executemany("INSERT INTO mysql_events VALUES (?, ?)", rows)
    connection.close()
    assert stored(tmp_path / "x.db", LOADS["mysql"]) == (3, 10)


def test_where_answers_are_not_decoded_the_share_stands_beside_the_ratio() -> None:
    assert verdict(LOADS["cql-once"], CAPTURE, (100, 500), OURS, THEIRS, 200.0) == "3.50, 0.25 of raw insert"
    assert verdict(LOADS["cql"], CAPTURE, (100, 500), OURS, THEIRS, 200.0) == "3.50"
    assert verdict(LOADS["cql-writes"], CAPTURE, (100, 500), OURS, THEIRS, 200.0) == "3.50"
