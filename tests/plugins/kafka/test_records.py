import gzip
import json
import random
from struct import pack
from typing import Any

import cramjam
import pytest
import zstandard
from tests.plugins.kafka.encode import batch, message, record

from pxcap.plugins.kafka import batches
from pxcap.plugins.kafka.records import MessageSet, records_text


def read(data: bytes, budget: int = 1 << 20) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(records_text(b"xx" + data + b"yy", 2, 2 + len(data), [budget, 0]))
    return found


def values(found: dict[str, Any]) -> list[str]:
    return [one["value"] for part in found["record_batches"] for one in part["records"]]


SOME = b"".join(record(at, None, b"value %d" % at) for at in range(5))
NAMES = [f"value {at}" for at in range(5)]


def test_batches_with_every_coding() -> None:
    packed = [SOME, gzip.compress(SOME), bytes(cramjam.snappy.compress_raw(SOME)), b"", zstandard.compress(SOME)]
    for coding in (0, 1, 2, 4):
        found = read(batch(packed[coding], 5, attributes=coding) * 2)
        assert (found["record_count"], values(found)) == (10, NAMES * 2)
        assert "malformed" not in str(found)


def test_attributes() -> None:
    found = read(batch(SOME, 5, attributes=8 | 16))["record_batches"][0]
    assert found["log_append_time"] is found["transactional"] is True
    found = read(batch(record(0, pack(">hh", 0, 0), b""), 1, attributes=48))["record_batches"][0]
    assert found["control"] == "abort"
    assert read(batch(SOME, 5, attributes=7))["record_batches"][0]["compression"] == "unknown_7"


def test_a_partial_batch_at_the_end_is_no_error_and_not_counted() -> None:
    whole = batch(SOME, 5)
    for end in (1, 16, 17, 60, 70, len(whole) - 1):
        found = read(whole + whole[:end])
        assert (found["record_count"], found["partial_batch"]) == (5, end)


def test_counts_are_exact_beyond_the_budget() -> None:
    found = read(batch(SOME, 5) * 100, 500)
    assert found["record_count"] == 500
    assert found["more_batches"] > 90
    found = read(batch(gzip.compress(SOME * 100), 500, attributes=1), 500)
    assert found["record_count"] == 500
    assert found["record_batches"][0]["more"] + len(values(found)) == 500
    found = read(batch(gzip.compress(SOME), 5, attributes=1), 1)
    assert (found["record_count"], found["record_batches"][0]["more"]) == (5, 5)


def test_damaged_records_are_told() -> None:
    assert read(batch(b"garbage" * 20, 5))["record_batches"][0]["malformed"] is True
    assert read(batch(b"garbage" * 20, 5, attributes=1))["record_batches"][0]["malformed"] is True
    assert read(pack(">qiib", 0, 3, 0, 2) + b"x" * 40)["malformed"] == 57
    assert read(pack(">qiib", 0, 300, 0, 7) + b"x" * 40)["malformed"] == 57
    assert read(b"")["record_count"] == 0


@pytest.mark.parametrize("magic", [0, 1])
def test_messages_of_the_older_formats(magic: int) -> None:
    inner = b"".join(message(at, magic, b"k", b"value %d" % at) for at in range(5))
    found = read(inner)
    assert (found["record_count"], values(found), len(found["record_batches"])) == (5, NAMES, 1)
    found = read(message(14, magic, None, gzip.compress(inner), 1) + inner)
    assert (found["record_count"], values(found)) == (10, NAMES * 2)
    first = [one["offset"] for one in found["record_batches"][0]["records"]]
    assert first == ([10, 11, 12, 13, 14] if magic else [0, 1, 2, 3, 4])
    assert found["record_batches"][0]["compression"] == "gzip"


def test_more_than_can_be_decompressed_is_at_least() -> None:
    inner = b"".join(message(at, 1, None, b"v" * 1000) for at in range(400))
    found = read(message(399, 1, None, gzip.compress(inner), 1), 1000)
    assert found["at_least"] is True
    assert 200 < found["record_count"] < 400
    found = read(message(0, 1, None, b"not gzip", 1))
    assert (found["at_least"], found["record_count"]) == (True, 0)
    assert found["record_batches"][0]["malformed"] is True


def test_older_messages_beyond_the_budget_are_counted() -> None:
    found = read(b"".join(message(at, 1, None, b"v" * 100) for at in range(50)), 1000)
    assert found["record_count"] == 50
    assert found["record_batches"][0]["more"] + len(values(found)) == 50
    assert read(message(0, 1, None, b"v"), 0)["more_batches"] == 1


def test_a_message_cut_in_its_value_is_counted() -> None:
    data = message(0, 1, b"k", b"v" * 100)
    found = MessageSet(len(data), [1000])
    assert found.start(data[:17], len(data)) == len(data)
    found.entry(data[:61], len(data), len(data))
    assert json.loads(found.text())["record_count"] == 1


@pytest.mark.parametrize("size", [12, 300, 700, 5000, 100_000])
def test_a_first_look_shows_what_all_would(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"".join(record(at, b"key", b"%04d" % at * (size // 4)) for at in range(50))
    data = batch(gzip.compress(rows), 50, attributes=1)
    found = read(data, 65536)
    assert len(values(found)) == min(8, 65536 // size + 1)
    monkeypatch.setattr(batches, "FIRST_LOOK", 1 << 30)
    assert found == read(data, 65536)


def test_the_short_way_reads_as_the_long_one() -> None:
    rng = random.Random(4)
    for count in (0, 1, 2, 5, 12, -1):
        rows = [record(at, b"k" * (at % 3) or None, b"v" * rng.choice((1, 100, 300))) for at in range(12)]
        good = batch(b"".join(rows[: abs(count)]), count)
        for number in range(150):
            data = bytearray(good)
            if number:
                data[rng.randrange(len(data))] = rng.choice((0, 1, 2, 127, 128, 255))
            budget = [rng.choice((100, 9000, 65536)), 0]
            found = MessageSet(len(data), [budget[0]])
            total = found.start(bytes(data[:17]), len(data))
            if total != len(data):
                continue
            found.entry(bytes(data), total, len(data))
            assert records_text(bytes(data), 0, len(data), budget) == found.text()
