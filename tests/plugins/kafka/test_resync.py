import random
from struct import pack

from tests.plugins.kafka.encode import batch, beat, beaten, record, request, response, text

from pxcap.plugins.kafka.request import Request
from pxcap.plugins.kafka.resync import (
    find_request,
    find_response,
    follows,
    judge_request,
    judge_response,
    may_go_on,
    printable,
)


def waiting(*idents: int, key: int = 12, version: int = 1) -> dict[int, Request]:
    return dict.fromkeys(idents, (0, key, version, "c", b"", 0, None, ""))


def produce(ident: int, size: int) -> bytes:
    data = batch(record(0, None, b"v" * size), 1)
    return request(0, 2, ident, pack(">hii", 1, 5, 1) + text("t") + pack(">iii", 1, 0, len(data)) + data)


def test_a_request_is_found_behind_anything() -> None:
    rng = random.Random(1)
    for _ in range(50):
        junk = rng.randbytes(rng.randrange(300)) + b"\0" * rng.randrange(20)
        assert find_request(junk + beat(1) + beat(2), 0) == (len(junk), True)


def test_a_request_that_is_not_all_there_is_waited_for() -> None:
    data = b"junk" + beat(1)
    for end in range(4, len(data)):
        at, found = find_request(data[:end], 0)
        assert (found, at <= 4) == (False, True)


def test_a_long_request_is_believed_by_its_beginning() -> None:
    data = b"junk" + produce(1, 200_000)
    assert find_request(data[:4000], 0) == (4, True)
    assert find_request(data[:1000], 0) == (4, False)


def test_what_is_no_request() -> None:
    assert judge_request(beat(1)[:10], 0) is None
    assert judge_request(request(400, 0, 1), 0) is False
    assert judge_request(request(12, 1, 1, b"\x7f\xff"), 0) is False
    assert judge_request(request(16, 0, 1, client=None), 0) is False
    assert judge_request(request(12, 1, 1, text("g") + pack(">i", 1) + text("m"), b"\1\2"), 0) is False
    assert judge_request(request(18, 0, 1), 0) is True
    assert may_go_on(beat(1)[:15], 50)
    assert may_go_on(beat(1)[:20], len(beat(1)))
    assert not may_go_on(request(12, 1, 1, b"\xff\xff" + bytes(9)), 50)
    assert not may_go_on(request(300, 1, 1), 50)
    assert printable("caf\u00e9".encode())
    assert not printable(b"\xff\xfe")


def test_a_response_is_found_by_its_id() -> None:
    rng = random.Random(2)
    for _ in range(50):
        junk = rng.randbytes(rng.randrange(300)) + pack(">i", 7) * 3
        assert find_response(junk + beaten(7) + beaten(8), 0, waiting(7)) == (len(junk), True)
        assert find_response(junk + beaten(8), 0, waiting(7, 8)) == (len(junk), True)


def test_a_response_that_is_not_all_there_is_waited_for() -> None:
    data = b"junkjunk" + beaten(7)
    for end in range(8, len(data)):
        at, found = find_response(data[:end], 0, waiting(7))
        assert (found, at <= 8) == (False, True)


def test_responses_nobody_waits_for_are_found_by_what_follows() -> None:
    junk = b"\x99" * 50
    assert find_response(junk + beaten(7) + beaten(8), 0, {}) == (50, True)
    assert find_response(junk + beaten(7), 0, {}) == (50, False)
    tokens = {1 << 32: (0, 36, None, None, None, 0, "{}", "")}
    assert find_response(junk + beaten(7) + beaten(8), 0, tokens) == (50, True)
    assert follows(beaten(7) + beaten(7), 0) is False
    assert follows(beaten(7) + b"\0\0\0", 0) is None
    assert follows(b"\xff" * 20, 0) is False
    assert follows(b"\0", 0) is None


def test_what_is_no_response() -> None:
    assert judge_response(beaten(7)[:7], 0, waiting(7)) is None
    assert judge_response(beaten(7), 0, waiting(8)) is False
    assert judge_response(response(7, b"\0"), 0, waiting(7)) is False
    assert judge_response(response(7, b"abc"), 0, waiting(7, key=300, version=0)) is False
    assert judge_response(response(7, pack(">hi", 35, 0)), 0, waiting(7, key=18, version=4)) is True


def test_a_long_response_is_believed_by_its_beginning() -> None:
    data = batch(record(0, None, b"v" * 200_000), 1)
    body = pack(">ii", 0, 1) + text("t") + pack(">iihqi", 1, 0, 0, 9, len(data)) + data
    assert judge_response(response(7, body)[:4000], 0, waiting(7, key=1, version=2)) is True
    assert judge_response(response(7, b"\xff" * 100_000)[:4000], 0, waiting(7, key=1, version=2)) is False
