"""Scripts that show records: px/*_data."""

import pytest
from tests.scripts.shipped.conftest import Everywhere, Records

PIXIES = {  # what Pixie's scripts of these names show
    "http": "time_ source destination latency major_version req_path req_method req_headers req_body req_body_size"
    " resp_status resp_message resp_headers resp_body resp_body_size",
    "dns": "time_ source destination latency req_header req_body resp_header resp_body",
    "redis": "time_ source destination remote_port req_cmd req_args resp latency",
    "mysql": "time_ source destination remote_port req_cmd req_body resp_status resp_body latency",
    "pgsql": "time_ source destination remote_port req resp latency",
    "cql": "time_ source destination latency req_op req_body resp_op resp_body",
    "kafka": "time_ source destination remote_port req_cmd req_body resp latency",
    "nats": "time_ source destination cmd body resp pid",
}


@pytest.mark.parametrize("name", PIXIES)
def test_every_record_is_shown_with_pixies_columns(name: str, everywhere: Everywhere, records: Records) -> None:
    rows = everywhere(f"px/{name}_data", {"max_num_records": "0"})[f"{name}_data"]
    assert [row["time_"] for row in rows] == sorted(row["time_"] for row in records(f"{name}_events"))
    assert set(PIXIES[name].split()) <= set(rows[0])


def test_who_asked_and_who_answered(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/redis_data", {"destination_filter": "127.0.0.30", "source_filter": "0.0.1"})["redis_data"]
    assert {(row["source"], row["destination"]) for row in shown} == {("127.0.0.1", "127.0.0.30:6379")}
    assert len(shown) == sum(row["local_addr"] == "127.0.0.30" for row in records("redis_events"))


def test_the_newest_are_kept(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/http_data", {"max_num_records": "3"})["http_data"]
    assert [row["time_"] for row in shown] == sorted(row["time_"] for row in records("http_events"))[-3:]


def test_numbers_are_named(everywhere: Everywhere) -> None:
    commands = {row["req_cmd"] for row in everywhere("px/kafka_data", {"max_num_records": "0"})["kafka_data"]}
    assert {"Produce", "Fetch", "ApiVersions"} <= commands
    operations = {row["resp_op"] for row in everywhere("px/cql_data", {"max_num_records": "0"})["cql_data"]}
    assert {"Result", "Error"} <= operations
