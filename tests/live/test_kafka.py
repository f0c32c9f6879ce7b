"""Three Kafka clients and librdkafka's mock cluster: every request the broker counted is a record, and every message in it.

Apache Kafka itself comes from no registry this project uses.
"""

import json
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from bench.kafka_mock import mock_cluster
from tests.live.conftest import captured, need, records

CLIENT = Path(__file__).with_name("kafka_client.py")
MODULES = {"confluent": "confluent_kafka", "aiokafka": "aiokafka", "kafka-python": "kafka"}
PRODUCE, FETCH, OFFSET_COMMIT, JOIN_GROUP = 0, 1, 8, 11
Message = tuple[int, str, str, tuple[str, ...]]


def sets(topics: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """(partition, message set) of a Produce request or a Fetch response."""
    return [
        (part.get("index", part.get("partition_index")), part["message_set"])
        for topic in topics
        for part in topic["partitions"]
        if part["message_set"]
    ]


def contents(partition: int, message_set: dict[str, Any]) -> list[Message]:
    found = []
    for batch in message_set["record_batches"]:
        for one in batch["records"]:
            found.append(
                (
                    partition,
                    one["key"],
                    one["value"],
                    tuple(name for header in one.get("headers", []) for name in header),
                )
            )
        assert batch["record_count"] == len(batch["records"])
    assert message_set["record_count"] == len(found)
    return found


@pytest.mark.parametrize("client", list(MODULES))
def test_what_the_client_sent_and_the_broker_counted(tmp_path: Path, client: str) -> None:
    need()
    missing = [name for name in {"confluent_kafka", MODULES[client]} if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    with mock_cluster({"orders": 2}) as mock:
        with captured(tmp_path / "k.pcap", mock.port):
            command = [sys.executable, str(CLIENT), client, f"127.0.0.1:{mock.port}", "orders"]
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stderr
        counted = mock.requests()
    said = [json.loads(line) for line in done.stdout.splitlines()]
    found, report = records(tmp_path / "k.pcap", "kafka_events")
    assert Counter(row["req_cmd"] for row in found) == counted
    assert (report.tables["kafka_events"].errors, report.tables["kafka_events"].bytes_lost) == (0, 0)
    for row in found:
        if row["resp"] is None:  # a client that closes does not wait for what it asked last
            assert (row["note"], row["req_cmd"] == PRODUCE) == ("no_response", False)
            assert all(
                later["resp"] is None
                for later in found
                if later["remote_port"] == row["remote_port"] and later["time_"] > row["time_"]
            )
        else:
            assert row["note"] == ""

    produced: Counter[tuple[object, ...]] = Counter()
    for row in found:
        if row["req_cmd"] == PRODUCE:
            for partition, message_set in sets(json.loads(str(row["req_body"]))["topics"]):
                (codec,) = {batch["compression"] for batch in message_set["record_batches"]}
                assert row["client_id"] == f"{codec}-producer"
                produced.update((codec, *one) for one in contents(partition, message_set))
    names = ("trace", "empty")
    sent = [row for row in said if row["did"] == "produced"]
    assert produced == Counter((row["codec"], row["partition"], row["key"], row["value"], names) for row in sent)

    fetched: set[Message] = set()
    for row in found:
        if row["req_cmd"] == FETCH:
            assert row["client_id"] == "reader"
            body = json.loads(str(row["resp"] or "{}"))
            for partition, message_set in sets(body.get("topics", [])):
                fetched.update(contents(partition, message_set))
    got = [row for row in said if row["did"] == "consumed"]
    assert fetched == {(row["partition"], row["key"], row["value"], tuple(row["headers"])) for row in got}
    assert len(got) == len(sent)

    committed = {
        part["partition_index"]: part["committed_offset"]
        for row in found
        if row["req_cmd"] == OFFSET_COMMIT
        for topic in json.loads(str(row["req_body"]))["topics"]
        for part in topic.get("partitions") or topic.get("partition_indices")
    }
    assert committed == {row["partition"]: row["offset"] for row in said if row["did"] == "committed"}
    (group,) = {json.loads(str(row["req_body"]))["group_id"] for row in found if row["req_cmd"] == JOIN_GROUP}
    assert group == "g"
