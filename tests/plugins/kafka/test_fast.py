import random
from struct import pack

import pytest
from tests.plugins.kafka.encode import batch, record

from pxcap.plugins.kafka.compiler import reader
from pxcap.plugins.kafka.fast import FIRST, FLEXIBLE, LAST, LIKES, Like, Likes

VERSIONS = range(FIRST, LAST + 1)
DATA = batch(record(0, b"k", b"v"), 1)
MORE = batch(record(0, b"k", b"w" * 200), 1)


def start(version: int) -> int:
    """Where the body of a request below begins."""
    return 18 if version < FLEXIBLE else 19


def request(version: int, acks: int = 1, index: int = 3, name: bytes = b"orders", data: bytes = DATA) -> bytes:
    header = pack(">iHhih", 999, 0, version, 7, 4) + b"shop"
    if version < FLEXIBLE:
        head = pack(">hhiih", -1, acks, 1000, 1, len(name)) + name + pack(">iii", 1, index, len(data))
        return header + head + data
    size = len(data) + 1
    head = pack(">BhiBB", 0, acks, 1000, 2, len(name) + 1) + name + pack(">Bi", 2, index)
    return header + b"\0" + head + bytes((size & 127 | 128, size >> 7)) + data + b"\0\0\0"


def answer(
    version: int, offset: int, code: int = 0, name: bytes = b"orders", appended: int = -1, start: int = 0, wait: int = 5
) -> bytes:
    part = pack(">ihqq", 3, code, offset, appended) + (pack(">q", start) if version >= 5 else b"")
    if version < FLEXIBLE:
        part += pack(">ih", 0, -1) if version == 8 else b""
        return b"size+ids" + pack(">ih", 1, len(name)) + name + pack(">i", 1) + part + pack(">i", wait)
    return b"size+ids\0\2" + bytes((len(name) + 1,)) + name + b"\2" + part + b"\1\0\0\0" + pack(">i", wait) + b"\0"


def like(version: int) -> Like:
    found = Likes(version).of(request(version), start(version), "shop")
    assert found is not None
    return found


def answered(found: Like, frame: bytes) -> str | None:
    """What it says of a frame, wherever that lies."""
    text = found.answered(frame, 0, len(frame))
    assert found.answered(b"xx" + frame + b"\0" * 9, 2, 2 + len(frame)) == text
    return text


@pytest.mark.parametrize("version", VERSIONS)
def test_requests_read_as_the_compiled_readers_read_them(version: int) -> None:
    changes: list[dict[str, int | bytes]] = [{}, {"index": 9}, {"acks": -1}, {"name": b"caf\xc3\xa9 \xff"}]
    for change in [*changes, {"data": MORE}, {"data": DATA * 2}]:
        frame = request(version, **change)  # type: ignore[arg-type]
        for _ in range(2):
            found = LIKES[version].of(frame, start(version), "shop")
            assert found is not None
            wanted = reader(0, version, False)(frame, start(version), [9999, 0], True)[0]
            assert found.request(frame, [9999, 0]) == wanted
            assert (found.client, found.acks, found.at) == ("shop", change.get("acks", 1), start(version))


@pytest.mark.parametrize("version", VERSIONS)
def test_those_alike_are_one(version: int) -> None:
    likes = Likes(version)
    found = [likes.of(request(version, data=data), start(version), "shop") for data in (DATA, MORE)]
    assert found[0] is found[1]
    assert likes.of(request(version, index=4), start(version), "shop") is not found[0]
    assert list(likes) == [request(version, index=index)[12 : found[0].records] for index in (3, 4) if found[0]]


@pytest.mark.parametrize("version", VERSIONS)
def test_answers_read_as_the_compiled_readers_read_them(version: int) -> None:
    read = reader(0, version, True)
    found = like(version)
    assert answered(found, answer(version, 0)) is None
    found.learn(answer(version, 7), read)
    for offset in (0, 1, -1, 7, 10**15):
        frame = answer(version, offset, appended=offset * 3, start=offset // 2)
        assert answered(found, frame) == read(frame, start(version) - 10, [0, 0], True)[0]
    assert answered(found, answer(version, 1, 6)) is None
    assert answered(found, answer(version, 1, wait=6)) is None
    assert answered(found, answer(version, 1)[:-3]) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_signs_of_formats_in_names_are_text(version: int) -> None:
    read = reader(0, version, True)
    found = like(version)
    frame = answer(version, 7, name=b"100%d %% %s")
    found.learn(frame, read)
    assert answered(found, frame) == read(frame, start(version) - 10, [0, 0], True)[0]


def test_errors_and_answers_that_are_never_alike_are_not_learnt() -> None:
    found = like(7)
    found.learn(answer(7, 1, 6), reader(0, 7, True))
    assert answered(found, answer(7, 1, 6)) is None
    for _ in range(1000):
        found.learn(answer(7, 1), reader(0, 7, True))
    assert found.patience == 0
    assert answered(found, answer(7, 2)) is not None


@pytest.mark.parametrize("version", VERSIONS)
def test_damage_never_differs(version: int) -> None:
    rng = random.Random(version)
    found = like(version)
    for response in (False, True):
        good = answer(version, 7) if response else request(version)
        at = start(version) - 10 if response else start(version)
        read = reader(0, version, response)
        for _ in range(300):
            frame = bytearray(good)
            frame[rng.randrange(at, len(frame))] = rng.choice((0, 1, 2, 3, 127, 128, 255))
            data = bytes(frame[: rng.choice((len(frame), len(frame), rng.randrange(at, len(frame))))])
            if response:
                found.patience = 1
                found.learn(data, read)
                text = answered(found, data)
            else:
                one = Likes(version).of(data, at, "shop")
                text = one.request(data, [999, 0]) if one else None
            assert text is None or text == read(data, at, [999, 0], True)[0]


def test_memos_stay_small() -> None:
    for index in range(3000):
        assert LIKES[7].of(request(7, index=index), 18, "shop")
    assert len(LIKES[7]) <= 1024
