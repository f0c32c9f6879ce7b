"""Topics, groups and the way of messages: px/kafka_*, followed a second time through the JSON of the records."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.scripts.shipped.conftest import Everywhere, Records, Row
from tests.truth import captures as shared

PRODUCE, FETCH, METADATA, JOIN, SYNC = 0, 1, 3, 11, 14
needs_captures = pytest.mark.skipif(not (shared.ROOT / "kafka").is_dir(), reason=shared.WHY_SKIPPED)


def partitions(rows: list[Row], key: int, body: str) -> Iterator[tuple[Row, str, Row]]:
    """Each partition of each topic, the topic by its name where a response tells which name an id has."""
    names = {}
    for row in rows:
        if row["req_cmd"] == METADATA and row["resp"]:
            names |= {one["topic_id"]: one["name"] for one in json.loads(row["resp"])["topics"] if one.get("topic_id")}
    for row in rows:
        if row["req_cmd"] == key and row[body]:
            for topic in json.loads(row[body]).get("topics") or ():
                name = topic.get("name") or names.get(topic.get("topic_id")) or topic.get("topic_id")
                for partition in topic["partitions"]:
                    yield row, name, partition


def test_bytes_between_clients_and_topics(everywhere: Everywhere, records: Records) -> None:
    rows = records("kafka_events")
    edges = Counter[tuple[str, str]]()
    for row, topic, partition in partitions(rows, PRODUCE, "req_body"):
        edges[row["client_id"], f"topic/{topic}"] += (partition["message_set"] or {}).get("size", 0)
    for row, topic, partition in partitions(rows, FETCH, "resp"):
        edges[f"topic/{topic}", row["client_id"]] += (partition["message_set"] or {}).get("size", 0)
    shown = everywhere("px/kafka_overview")
    assert {(row["src"], row["dest"]): row["record_bytes_total"] for row in shown["kafka_flow_graph"]} == edges
    totals = Counter[str]()
    for (source, destination), size in edges.items():
        if destination.startswith("topic/"):
            totals[destination.removeprefix("topic/")] += size
        assert source
    produced = {row["topic_name"]: row["bytes_produced_total"] for row in shown["kafka_topics_overview"]}
    assert {topic: size for topic, size in produced.items() if size} == {
        one: size for one, size in totals.items() if size
    }


@needs_captures
def test_one_topic(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/kafka_overview", {"topic": "orders"})
    (topic,) = shown["kafka_topics_overview"]
    rows = records("kafka_events")
    expected = [(row, one) for row, name, one in partitions(rows, PRODUCE, "req_body") if name == "orders"]
    assert topic["topic_name"] == "orders"
    assert topic["num_producers"] == len({row["client_id"] for row, _ in expected})
    requests = {(row["time_"], row["remote_port"], row["client_id"]) for row, _ in expected}
    assert sum(row["produce_requests"] for row in shown["kafka_producers"]) == len(requests)


@needs_captures
def test_how_long_messages_lie(everywhere: Everywhere, records: Records) -> None:
    given = {"topic": "orders", "consumer": "cons"}
    rows = records("kafka_events")
    began = {
        (topic, one["index"], one["base_offset"]): row["time_"]
        for row, topic, one in partitions(rows, PRODUCE, "resp")
        if one["error_code"] == 0 and topic == "orders"
    }
    delays = []
    for row, topic, one in partitions(rows, FETCH, "resp"):
        for batch in (one["message_set"] or {}).get("record_batches") or ():
            start = began.get((topic, one["index"], batch.get("base_offset")))
            if row["client_id"] == "cons" and start is not None:
                delays.append(max(0, row["time_"] + row["latency"] - start) / 1e9)
    shown = everywhere("px/kafka_producer_consumer_latency", given)
    assert sorted(row["delay"] for row in shown["kafka_data"]) == pytest.approx(sorted(delays))
    assert delays
    assert "cons" in {row["consumer"] for row in shown["Kafka Consumers"]}


@needs_captures
def test_rebalancing(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/kafka_consumer_rebalancing", {"consumer_group_id": "grb"})
    joined, delays = {}, {}
    for row in sorted(records("kafka_events"), key=lambda row: row["time_"]):
        if row["req_cmd"] in (JOIN, SYNC) and row["resp"]:
            asked, told = json.loads(row["req_body"]), json.loads(row["resp"])
            said = told if row["req_cmd"] == JOIN else asked
            key = asked["group_id"], said["generation_id"], said["member_id"]
            if row["req_cmd"] == JOIN:
                joined[key] = row["time_"]
            elif key in joined:
                delays[key] = row["time_"] + row["latency"] - joined[key]
    found = {
        (row["group_id"], row["generation_id"], row["member_id"]): row["delay"]
        for row in shown["consumer_rebalancing_delay"]
    }
    assert found == {key: delay for key, delay in delays.items() if key[0] == "grb"}
    last = max(generation for group, generation, _ in delays if group == "grb")
    members = sum(key[:2] == ("grb", last) for key in delays)
    assert {"group_id": "grb", "num_members": members} in shown["consumer_group_ids"]
