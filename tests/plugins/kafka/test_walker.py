import json
import random
from struct import pack

import pytest
from tests.plugins.kafka.encode import Maker, batch, record

from pxcap.plugins.kafka.definitions import APIS, fields, flexible
from pxcap.plugins.kafka.walker import Walk


def walk(key: int, version: int, response: bool, size: int, budget: int = 1 << 20) -> Walk:
    return Walk(fields(key, version, response), flexible(key, version), size, budget, True)


@pytest.mark.parametrize("key", sorted(APIS))
def test_reads_what_the_compiled_readers_read(key: int) -> None:
    rng = random.Random(key)
    for version in range(APIS[key].first, APIS[key].last + 1):
        for response in (False, True):
            maker = Maker(rng, flexible(key, version))
            data, wanted = maker.message(fields(key, version, response))
            slow = walk(key, version, response, len(data))
            at = 0
            while at < len(data):
                step = rng.randint(1, 9)
                slow.feed(data[at : at + step])
                at += step
            assert slow.done
            assert not slow.bad
            assert json.loads(slow.text()) == wanted
            assert slow.error_code == maker.error_code


@pytest.mark.parametrize("key", [0, 1, 3, 11, 18, 68])
def test_what_was_read_before_the_end_is_json(key: int) -> None:
    rng = random.Random(key)
    for response in (False, True):
        version = APIS[key].last
        data, _ = Maker(rng, flexible(key, version)).message(fields(key, version, response))
        for end in range(len(data)):
            slow = walk(key, version, response, len(data))
            slow.feed(data[:end])
            assert isinstance(json.loads(slow.text()), dict)
            slow.lose(len(data) - end)
            assert isinstance(json.loads(slow.text()), dict)


def produce(*sets: bytes) -> bytes:
    parts = b"".join(pack(">ii", at, len(one)) + one for at, one in enumerate(sets))
    return pack(">hii", 1, 1000, 1) + b"\0\1t" + pack(">i", len(sets)) + parts


def partitions(slow: Walk) -> list[dict[str, object]]:
    found = json.loads(slow.text())["topics"][0]["partitions"]
    return [partition["message_set"] for partition in found]


def test_holds_next_to_nothing_of_long_records_and_counts_them_all() -> None:
    long = batch(record(0, b"k", b"v" * 5_000_000) + record(1, None, b"last"), 2)
    data = produce(long + batch(record(0, b"k", b"v"), 1), batch(record(0, None, b"x"), 1))
    slow = walk(0, 2, False, len(data), 1000)
    most = 0
    for at in range(0, len(data), 1460):
        slow.feed(data[at : at + 1460])
        most = max(most, len(slow._buf))
    assert slow.done
    assert most < 300_000
    first, second = partitions(slow)
    assert (first["record_count"], second["record_count"]) == (3, 1)
    assert first["size"] == len(long) + len(batch(record(0, b"k", b"v"), 1))
    assert slow.text().count("v...(5000000 bytes)") == 1
    assert len(slow.text()) < 3000


def test_a_loss_inside_records_costs_only_what_it_covers() -> None:
    long = batch(record(0, b"k", b"v" * 100_000), 1)
    data = produce(long + long, batch(record(0, None, b"x"), 1))
    for begin, end in ((2000, 9000), (300, 100_000), (101_000, 200_000)):
        slow = walk(0, 2, False, len(data), 1000)
        slow.feed(data[:begin])
        slow.lose(end - begin)
        slow.feed(data[end:])
        assert slow.done, (begin, end)
        assert [one["record_count"] for one in partitions(slow)] == [2, 1]
    slow.lose(0)
    assert slow.done


def test_a_loss_of_structure_keeps_what_came_before() -> None:
    data = produce(batch(record(0, None, b"x"), 1))
    slow = walk(0, 2, False, len(data))
    slow.feed(data[:12])
    slow.lose(5)
    slow.feed(data[17:])
    assert slow.lost
    assert not slow.done
    assert json.loads(slow.text()) == {"acks": 1, "timeout_ms": 1000, "topics": [{}]}
    assert slow.value("acks") == "1"
    assert slow.value("nothing") is None


def test_elements_beyond_the_budget_are_counted() -> None:
    names = [b"topic-%05d" % number for number in range(5000)]
    data = pack(">i", len(names)) + b"".join(pack(">h", len(name)) + name for name in names)
    slow = walk(3, 0, False, len(data), 1000)
    slow.feed(data)
    topics = json.loads(slow.text())["topics"]
    assert topics[-1] == f"...({5001 - len(topics)} more)"
    assert 20 < len(topics) < 100


def test_lengths_beyond_the_message_are_refused() -> None:
    slow = walk(3, 0, False, 8)
    slow.feed(b"\x7f\xff\xff\xff\0\0\0\0")
    assert slow.bad
    assert slow.text() == "{}"
    slow = walk(0, 2, False, 30)
    slow.feed(pack(">hii", 1, 5, 1) + b"\0\1t" + pack(">iii", 1, 0, 1000))
    assert slow.bad
