import json
from struct import pack

import pytest
from tests.plugins.kafka.encode import text

from pxcap.plugins.kafka.consumer import assignment_text, subscription_text

TOPICS = pack(">i", 2) + text("a") + text("b")
OWNED = pack(">i", 1) + text("a") + pack(">iii", 2, 0, 5)


def test_subscriptions_of_every_version() -> None:
    data = TOPICS + pack(">i", 2) + b"us"
    wanted = {"version": 0, "topics": ["a", "b"], "user_data": "us"}
    assert json.loads(subscription_text(pack(">h", 0) + data)) == wanted
    wanted |= {"version": 1, "owned_partitions": [{"topic": "a", "partitions": [0, 5]}]}
    assert json.loads(subscription_text(pack(">h", 1) + data + OWNED)) == wanted
    wanted |= {"version": 2, "generation_id": 9}
    assert json.loads(subscription_text(pack(">h", 2) + data + OWNED + pack(">i", 9))) == wanted
    wanted |= {"version": 3, "rack_id": None}
    assert json.loads(subscription_text(pack(">h", 3) + data + OWNED + pack(">i", 9) + b"\xff\xff")) == wanted


def test_assignments() -> None:
    data = pack(">h", 1) + OWNED + pack(">i", -1)
    wanted = {"version": 1, "assigned_partitions": [{"topic": "a", "partitions": [0, 5]}], "user_data": None}
    assert json.loads(assignment_text(data)) == wanted


@pytest.mark.parametrize("show", [subscription_text, assignment_text])
def test_bytes_of_other_protocols_are_shown_as_text(show: object) -> None:
    assert callable(show)
    whole = pack(">h", 0) + TOPICS + pack(">i", -1)
    for data in (
        b"",
        b"\0",
        b"connect bytes",
        pack(">h", 9) + TOPICS,
        whole + b"more",
        b"\0\0\x7f\xff\xff\xff",
        b"\0\1\0\0\0\1\0\5a",
    ):
        assert isinstance(json.loads(show(data)), str)
