import random
from struct import pack

import pytest
from tests.plugins.kafka.encode import batch, record

from pxcap.plugins.kafka import fast
from pxcap.plugins.kafka.compiler import reader
from pxcap.plugins.kafka.fast import FIRST, FLEXIBLE, LAST, produce_text, produced_answer

VERSIONS = range(FIRST, LAST + 1)
DATA = batch(record(0, b"k", b"v"), 1)


def request(version: int, acks: int = 1, index: int = 3, name: bytes = b"orders", data: bytes = DATA) -> bytes:
    if version < FLEXIBLE:
        head = pack(">hhiih", -1, acks, 1000, 1, len(name)) + name + pack(">iii", 1, index, len(data))
        return b"head" + head + data
    size = len(data) + 1
    head = pack(">BhiBB", 0, acks, 1000, 2, len(name) + 1) + name + pack(">Bi", 2, index)
    return b"head" + head + bytes((size & 127 | 128, size >> 7)) + data + b"\0\0\0"


def answer(version: int, offset: int, code: int = 0, name: bytes = b"orders") -> bytes:
    part = pack(">ihqq", 3, code, offset, -1) + (pack(">q", 0) if version >= 5 else b"")
    if version < FLEXIBLE:
        part += pack(">ih", 0, -1) if version == 8 else b""
        return b"head" + pack(">ih", 1, len(name)) + name + pack(">i", 1) + part + pack(">i", 5)
    return b"head\2" + bytes((len(name) + 1,)) + name + b"\2" + part + b"\1\0\0\0" + pack(">i", 5) + b"\0"


@pytest.mark.parametrize("version", VERSIONS)
def test_requests_read_as_the_compiled_readers_read_them(version: int) -> None:
    for changes in ({}, {"index": 9}, {"acks": -1}, {"name": b""}, {"name": b"caf\xc3\xa9 \xff"}, {"data": DATA * 2}):
        frame = request(version, **changes)  # type: ignore[arg-type]
        for _ in range(2):
            wanted = reader(0, version, False)(frame, 4, [999, 0], True)[0]
            assert produce_text(frame, 4, version, [999, 0]) == wanted


@pytest.mark.parametrize("version", VERSIONS)
def test_answers_read_as_the_compiled_readers_read_them(version: int) -> None:
    read = reader(0, version, True)
    for offset in (0, 1, -1, 5, 10**15):
        frame = answer(version, offset)
        assert produced_answer(frame, 4, version, read) == read(frame, 4, [0, 0], True)[:2]
    assert produced_answer(answer(version, 1, 6), 4, version, read) is None
    assert produced_answer(answer(version, 1)[:-3], 4, version, read) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_damage_never_differs(version: int) -> None:
    rng = random.Random(version)
    for response in (False, True):
        good = answer(version, 7) if response else request(version)
        read = reader(0, version, response)
        for _ in range(300):
            frame = bytearray(good)
            frame[rng.randrange(4, len(frame))] = rng.choice((0, 1, 2, 3, 127, 128, 255))
            data = bytes(frame[: rng.choice((len(frame), len(frame), rng.randrange(4, len(frame))))])
            if response:
                found = produced_answer(data, 4, version, read)
                assert found is None or found == read(data, 4, [0, 0], True)[:2]
            else:
                text = produce_text(data, 4, version, [999, 0])
                assert text is None or text == read(data, 4, [999, 0], True)[0]


def test_memos_stay_small() -> None:
    for index in range(5000):
        assert produce_text(request(7, index=index), 4, 7, [9, 0])
        assert produced_answer(answer(7, 1, name=b"t%d" % index), 4, 7, reader(0, 7, True))
    assert len(fast._requests) <= 4096
    assert len(fast._answers) <= 4096
