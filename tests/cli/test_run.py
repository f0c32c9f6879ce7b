"""pxcap run: what is shown of a store."""

import pytest
from tests.cli.conftest import Command
from tests.cli.traffic import DNS_RECORDS, HTTP_RECORDS, REDIS_RECORDS

from pxcap.core.registry import load_registry

PIXIES_HTTP_COLUMNS = [
    "time_",
    "source",
    "destination",
    "latency",
    "major_version",
    "req_path",
    "req_method",
    "req_headers",
    "req_body",
    "req_body_size",
    "resp_status",
    "resp_message",
    "resp_headers",
    "resp_body",
    "resp_body_size",
]


def paths(pxcap: Command, stored: str, *arguments: str) -> list[str]:
    done = pxcap("run", "px/http_data", "--store", stored, "-o", "json", "--", *arguments)
    assert done.status == 0
    return [row["req_path"] for row in done.rows]


def test_http_data_has_pixies_columns_in_order_of_time(pxcap: Command, stored: str) -> None:
    rows = pxcap("run", "px/http_data", "--store", stored, "-o", "json").rows
    assert list(rows[0])[: len(PIXIES_HTTP_COLUMNS)] == PIXIES_HTTP_COLUMNS
    assert [row["time_"] for row in rows] == sorted(row["time_"] for row in rows)
    first = rows[0]
    assert (first["source"], first["destination"]) == ("192.0.2.10", "192.0.2.20:8080")
    assert (first["req_method"], first["req_path"], first["resp_status"]) == ("GET", "/products/7", 200)
    assert first["latency"] == 1_800_000


@pytest.mark.parametrize(
    ("name", "records"),
    [("px/http_data", HTTP_RECORDS), ("px/dns_data", DNS_RECORDS), ("px/redis_data", REDIS_RECORDS)],
)
def test_every_data_script_shows_everything_by_default(pxcap: Command, stored: str, name: str, records: int) -> None:
    done = pxcap("run", name, "--store", stored, "-o", "json")
    assert (done.status, len(done.rows), done.err) == (0, records, "")


def test_a_relative_start_counts_from_the_newest_record(pxcap: Command, stored: str) -> None:
    assert paths(pxcap, stored, "--start_time", "-5m") == ["/health"]
    assert len(paths(pxcap, stored, "--start_time=-1h")) == HTTP_RECORDS


def test_an_absolute_start(pxcap: Command, stored: str) -> None:
    assert paths(pxcap, stored, "--start_time", "2023-11-14 22:14") == ["/cart", "/health"]
    assert paths(pxcap, stored, "--start_time", "1700000401002000000") == ["/health"]
    assert paths(pxcap, stored, "--start_time", "1700000401002000001") == []


def test_filters_are_parts_of_the_column(pxcap: Command, stored: str) -> None:
    assert paths(pxcap, stored, "--source_filter", "2.11") == ["/health"]
    assert len(paths(pxcap, stored, "--destination_filter", ":8080")) == HTTP_RECORDS
    assert paths(pxcap, stored, "--destination_filter", "%") == []
    assert paths(pxcap, stored, "--source_filter", "' OR 1=1 --") == []


def test_the_newest_are_kept_and_the_rest_is_told(pxcap: Command, stored: str) -> None:
    done = pxcap("run", "px/http_data", "--store", stored, "-o", "json", "--", "--max_num_records", "2")
    assert [row["req_path"] for row in done.rows] == ["/cart", "/health"]
    assert done.err == "the newest 2 are shown; -- --max_num_records 0 shows all\n"
    assert len(paths(pxcap, stored, "--max_num_records", "0")) == HTTP_RECORDS


def test_table_shows_units(pxcap: Command, stored: str) -> None:
    out = pxcap("run", "px/http_data", "--store", stored).out
    assert "2023-11-14 22:13:21.002  192.0.2.10  192.0.2.20:8080    1.8 ms" in out
    assert "21 B" in out


def test_schemas_names_every_column_of_every_table(pxcap: Command, stored: str) -> None:
    rows = pxcap("run", "px/schemas", "--store", stored, "-o", "json").rows
    assert {row["table_name"] for row in rows} == {table.name for table in load_registry().tables()}
    latency = next(row for row in rows if row["column_name"] == "latency")
    assert (latency["column_type"], latency["column_unit"]) == ("INT64", "ns")
    assert all(row["column_desc"] for row in rows)
