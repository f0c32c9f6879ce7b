import json

import pytest

from pxcap.plugins.nats.jetstream import ack_name, ack_subject, api_call, batch_size, is_pull


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        ("$JS.API.INFO", {"api": "INFO"}),
        ("$JS.API.STREAM.NAMES", {"api": "STREAM.NAMES"}),
        ("$JS.API.STREAM.INFO.orders", {"api": "STREAM.INFO", "stream": "orders"}),
        ("$JS.API.STREAM.MSG.GET.orders", {"api": "STREAM.MSG.GET", "stream": "orders"}),
        ("$JS.API.CONSUMER.INFO.orders.work", {"api": "CONSUMER.INFO", "stream": "orders", "consumer": "work"}),
        ("$JS.API.CONSUMER.MSG.NEXT.o.w", {"api": "CONSUMER.MSG.NEXT", "stream": "o", "consumer": "w"}),
        ("$JS.API.CONSUMER.DURABLE.CREATE.o.w", {"api": "CONSUMER.DURABLE.CREATE", "stream": "o", "consumer": "w"}),
        (
            "$JS.API.CONSUMER.CREATE.o.w.a.b",
            {"api": "CONSUMER.CREATE", "stream": "o", "consumer": "w", "subject": "a.b"},
        ),
        ("$JS.hub.API.STREAM.INFO.o", {"api": "STREAM.INFO", "domain": "hub", "stream": "o"}),
        ("$JS.API.DIRECT.GET.KV_x.$KV.x.k", {"api": "DIRECT.GET", "stream": "KV_x", "subject": "$KV.x.k"}),
        ("$JS.API.META.LEADER.STEPDOWN", {"api": "META.LEADER.STEPDOWN"}),
    ],
)
def test_api_calls(subject: str, named: dict[str, str]) -> None:
    assert json.loads(api_call(subject)) == named


@pytest.mark.parametrize("subject", ["$JS.ACK.a.b", "$JS", "$JS.hub", "$JS.EVENT.ADVISORY.x", "orders.API.x.y", ""])
def test_no_api_call(subject: str) -> None:
    assert api_call(subject) == ""


def test_ack_subjects_of_both_versions() -> None:
    first = json.loads(ack_subject("$JS.ACK.ORDERS.work.1.7.3.1700000000000000000.4"))
    assert first == {
        "stream": "ORDERS",
        "consumer": "work",
        "delivered": 1,
        "stream_seq": 7,
        "consumer_seq": 3,
        "timestamp": 1700000000000000000,
        "pending": 4,
    }
    second = "ORDERS.work.1.7.3.1700000000000000000.4"
    assert json.loads(ack_subject(f"$JS.ACK._.HASH.{second}")) == first
    assert json.loads(ack_subject(f"$JS.ACK.hub.HASH.{second}.token")) == {"domain": "hub"} | first


@pytest.mark.parametrize("subject", ["$JS.ACK", "$JS.ACK.a.b.1.2.3.x.4", "$JS.ACK.a.b.1", "$JS.FC.a.b.1.2.3.4.5", "a"])
def test_no_ack_subject(subject: str) -> None:
    assert ack_subject(subject) == ""


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b"+ACK", "ack"),
        (b"", "ack"),
        (b'-NAK {"delay":1}', "nak"),
        (b"+WPI", "in progress"),
        (b"+NXT 1", "next"),
        (b"+TERM", "term"),
        (b"ok", ""),
    ],
)
def test_acks(payload: bytes, name: str) -> None:
    assert ack_name(payload) == name


@pytest.mark.parametrize(
    ("payload", "count"),
    [
        (b"", 1),
        (b"5", 5),
        (b'{"batch":10,"no_wait":true}', 10),
        (b'{"expires":1, "batch" : 3}', 3),
        (b"{}", 1),
        (b'{"batch":"x"}', 1),
        (b"0", 1),
    ],
)
def test_batches(payload: bytes, count: int) -> None:
    assert batch_size(payload) == count


def test_pulls() -> None:
    assert is_pull("$JS.API.CONSUMER.MSG.NEXT.s.c")
    assert is_pull("$JS.hub.API.CONSUMER.MSG.NEXT.s.c")
    assert not is_pull("x.CONSUMER.MSG.NEXT.s.c")
