import json
from struct import pack

from tests.plugins.kafka.encode import record, varint

from pxcap.plugins.kafka.record import RECORD_COST, control_text, holds, records_of


def shown(data: bytes, count: int, budget: int = 40_000) -> list[dict[str, object]]:
    texts, used = records_of(data, 0, len(data), count, 100, 5000, budget)
    assert used >= 0
    return [json.loads(text) for text in texts]


def test_keys_values_headers_offsets_and_times() -> None:
    data = record(0, None, b"v") + record(300, b"k" * 200, None, (b"h", b"x"), (b"h", None)) + record(-2, b"", b"")
    assert shown(data, 3) == [
        {"offset": 100, "timestamp": 5000, "key": None, "value": "v"},
        {"offset": 400, "timestamp": 5300, "key": "k" * 200, "value": None, "headers": [{"h": "x"}, {"h": None}]},
        {"offset": 98, "timestamp": 4998, "key": "", "value": ""},
    ]


def test_the_budget_ends_it() -> None:
    data = b"".join(record(at, None, b"v" * 100) for at in range(50))
    texts, used = records_of(data, 0, len(data), 50, 0, 0, 50_000)
    assert 5 <= len(texts) <= 10
    assert used >= 50_000
    assert records_of(data, 0, len(data), 50, 0, 0, 0) == ([], 0)


def test_a_value_beyond_the_budget_is_cut() -> None:
    found = shown(record(0, b"key", b"v" * 5000) + record(1, None, b"x"), 2, 100)
    assert found == [{"offset": 100, "timestamp": 5000, "key": "key", "value": "v" * 97 + "...(5000 bytes)"}]
    found = shown(record(0, b"key", b"v" * 5000)[:2000], 1)
    assert str(found[0]["value"]).endswith("...(5000 bytes)")
    found = shown(record(0, b"k" * 5000, b"v")[:2000], 1)
    assert str(found[0]["key"]).endswith("...(5000 bytes)")
    assert found[0]["value"] == "...(cut)"


def test_what_is_no_record_ends_it() -> None:
    good = record(0, None, b"v")
    for bad in (
        b"",
        b"\x01",
        b"\x06\0\0\0",
        b"\xff" * 20,
        varint(6) + b"\0\0\0\1\1\x7f",
        varint(8) + b"\0\0\0\1\1\2\xff\xff",
    ):
        assert shown(good + bad, 2)[:1] == [{"offset": 100, "timestamp": 5000, "key": None, "value": "v"}]


def test_control_records() -> None:
    for kind, name in ((0, "abort"), (1, "commit"), (2, "leader_change"), (9, "9")):
        assert control_text(record(0, pack(">hh", 0, kind), b"")) == f'"{name}"'
    assert control_text(b"") == "true"
    assert control_text(record(0, b"", b"")) == '"-1"'


def test_whether_a_beginning_is_enough() -> None:
    data = b"".join(record(number, b"key", b"v" * 100) for number in range(40))
    first = data.index(b"key", data.index(b"key") + 1) - 8
    assert holds(data, 40, 65536)
    assert holds(data[: len(data) // 2], 40, RECORD_COST * 19)
    assert not holds(data[: len(data) // 2], 40, RECORD_COST * 21)
    assert not holds(data[: first - 5], 40, 1)
    assert holds(data[: first + 5], 40, 1)
    assert holds(data[: first + 5], 1, 65536)
    assert not holds(b"\xff" * 20, 2, 9999)
    assert holds(b"", 0, 9999)
