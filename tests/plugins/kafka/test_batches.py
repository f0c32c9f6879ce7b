import gzip
import json
import random

import pytest
from tests.plugins.kafka.encode import batch, record

from pxcap.plugins.kafka import batches, records
from pxcap.plugins.kafka import record as one_record
from pxcap.plugins.kafka.batches import batch_text, beginning, head_text, more_text

RECORDS = [
    record(0, b"key", b"value"),
    record(1, None, b'with "quotes" and \xc3\xa9'),
    record(2, b"k" * 70, b"v" * 900),
    record(3, b"", b""),
    record(4, b"key", None),
    record(5, b"\xff", b"not \xfe text"),
    record(6, b"nul", b"a\0b"),
    record(7, b"key", b"value", (b"trace", b"1")),
    record(90, b"key", b"a later offset"),
    record(4, b"key", b"v" * 9000),
]


def test_fast_and_careful_ways_say_the_same_of_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    seen = set()
    for _ in range(600):
        count = rng.choice((1, 1, 2, 5, 9, 40))
        body = b"".join(RECORDS[at % 4] if rng.random() < 0.9 else rng.choice(RECORDS) for at in range(count))
        coding = rng.choice((0, 0, 0, 1))
        flags = coding | rng.choice((0, 0, 8, 16, 32))
        data = bytearray(batch(gzip.compress(body) if coding else body, count, attributes=flags))
        if rng.random() < 0.3:
            data[rng.randrange(len(data))] = rng.randrange(256)
        end = len(data) if rng.random() < 0.9 else rng.randrange(len(data))
        budget = rng.choice((0, 1, 160, 161, 500, 8192, 8400, 20_000, 65_536))
        texts, left = [], []
        for careful in (False, True):
            room = [budget, 0]
            with monkeypatch.context() as patched:
                if careful:
                    patched.setattr(records, "batch_text", lambda *_: None)
                    patched.setattr(records, "lone_text", lambda *_: None)
                    patched.setattr(one_record, "_plain_records", lambda buf, pos, *_: pos)
                texts.append(records.records_text(bytes(data), 0, end, room))
            left.append(room)
        assert texts[0] == texts[1], (data, budget)
        assert left[0][1] == left[1][1] == end
        assert left[0] == left[1]
        seen.add(texts[0])
    assert len(seen) > 300


def test_what_is_no_plain_data_is_left_to_the_careful_way() -> None:
    data = batch(RECORDS[0], 1)
    assert batch_text(data, 0, len(data), 9000) is not None
    assert batch_text(data, 0, len(data), 0) is None
    assert batch_text(data + b"x", 0, len(data) + 1, 9000) is None
    for attributes in (2, 5, 7, 32):
        other = batch(RECORDS[0], 1, attributes=attributes)
        assert batch_text(other, 0, len(other), 9000) is None
    short = batch(RECORDS[0], 2)
    assert batch_text(short, 0, len(short), 90_000) is None


def test_what_is_told_of_a_batch() -> None:
    text = head_text(99, 4 | 8 | 16, (7, 1, 30), 1234, 5)
    assert json.loads(f"{{{text[1:]}}}") == {
        "size": 99,
        "magic": 2,
        "compression": "zstd",
        "log_append_time": True,
        "transactional": True,
        "producer_id": 7,
        "producer_epoch": 1,
        "base_sequence": 30,
        "max_timestamp": 1234,
        "record_count": 5,
    }
    assert "producer" not in head_text(99, 6, (-1, -1, -1), 1234, 5)
    assert (more_text(0), more_text(3)) == ("", ',"more":3')


def test_no_more_is_decompressed_than_is_shown() -> None:
    body = b"".join(record(at, None, b"value %d" % at) for at in range(5000))
    data = gzip.compress(body)
    assert beginning(data, 1, 5000, 65_536) == (body[: batches.FIRST_LOOK], True)
    assert beginning(data, 1, 5000, 100) == (body[:100], True)
    assert not beginning(b"no gzip", 1, 5000, 65_536)[1]
