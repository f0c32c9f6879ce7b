"""Names in front of the ids of topics, as far as the connection's Metadata told them."""

import json

import pytest

from pxcap.plugins.kafka import topics as module
from pxcap.plugins.kafka.topics import Topics

ORDERS, LOGS = "Ar4PKZk5SE6NkOVdezGvdw", "5Se_BwCKSLKC925842cRN-"


def metadata(**topics: str) -> str:
    named = [{"error_code": 0, "name": name, "topic_id": ident, "is_internal": False} for name, ident in topics.items()]
    return json.dumps({"brokers": [], "topics": named}, separators=(",", ":"))


def fetch(*idents: str, value: str = "v") -> str:
    partition = {"index": 0, "message_set": {"size": 9, "records": [{"key": None, "value": value}]}}
    return json.dumps(
        {"topics": [{"topic_id": one, "partitions": [partition]} for one in idents]}, separators=(",", ":")
    )


@pytest.fixture
def topics() -> Topics:
    found = Topics()
    assert found.seen(3, 12, "{}", metadata(orders=ORDERS)) == ("{}", metadata(orders=ORDERS))
    return found


@pytest.mark.parametrize(("key", "version"), [(0, 13), (1, 16), (8, 10), (9, 10)])
def test_names_that_were_told(topics: Topics, key: int, version: int) -> None:
    asked, answered = topics.seen(key, version, fetch(ORDERS, LOGS), fetch(ORDERS))
    assert [one.get("name") for one in json.loads(asked or "")["topics"]] == ["orders", None]
    assert list(json.loads(answered or "")["topics"][0]) == ["name", "topic_id", "partitions"]


def test_versions_that_have_names_of_their_own(topics: Topics) -> None:
    assert topics.seen(1, 12, fetch(ORDERS), fetch(ORDERS)) == (fetch(ORDERS), fetch(ORDERS))
    assert topics.seen(1, None, None, fetch(ORDERS)) == (None, fetch(ORDERS))
    told = Topics()
    told.seen(3, 9, "{}", metadata(orders=ORDERS))
    assert told.seen(1, 13, fetch(ORDERS), None) == (fetch(ORDERS), None)


def test_what_is_in_records_is_left_as_it_is(topics: Topics) -> None:
    text = fetch(LOGS, value=f'{{"topic_id":"{ORDERS}"}}')
    assert topics.seen(1, 13, "{}", text) == ("{}", text)


def test_odd_names(topics: Topics) -> None:
    topics.seen(3, 13, "{}", metadata(**{'a"b\\': LOGS}))
    named, _ = topics.seen(1, 13, fetch(LOGS), None)
    assert json.loads(named or "")["topics"][0]["name"] == 'a"b\\'


def test_so_many_are_kept(monkeypatch: pytest.MonkeyPatch, topics: Topics) -> None:
    monkeypatch.setattr(module, "_MAX_TOPICS", 1)
    topics.seen(3, 12, None, metadata(logs=LOGS))
    assert topics.seen(1, 13, fetch(ORDERS), None) == (fetch(ORDERS), None)
    assert '"name":"logs"' in (topics.seen(1, 13, fetch(LOGS), None)[0] or "")
