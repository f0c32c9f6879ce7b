"""pxcap tables and pxcap schema."""

from tests.cli.conftest import Command
from tests.cli.traffic import HTTP_RECORDS


def test_tables(pxcap: Command, stored: str) -> None:
    rows = pxcap("tables", "--store", stored, "-o", "json").rows
    http = next(row for row in rows if row["table"] == "http_events")
    assert http["records"] == HTTP_RECORDS
    assert (http["first_time"], http["last_time"]) == (1_700_000_001_002_000_000, 1_700_000_401_002_000_000)
    assert all(row["meaning"] for row in rows)


def test_schema(pxcap: Command, stored: str) -> None:
    rows = pxcap("schema", "http_events", "--store", stored, "-o", "json").rows
    assert rows[0]["column"] == "time_"
    assert [row["column"] for row in rows[-2:]] == ["latency", "note"]
    assert (rows[-2]["type"], rows[-2]["unit"]) == ("INT64", "ns")


def test_a_table_for_people_shows_times(pxcap: Command, stored: str) -> None:
    assert (
        "http_events         4  2023-11-14 22:13:21.002  2023-11-14 22:20:01.002  HTTP"
        in pxcap("tables", "--store", stored).out
    )
