import random
from struct import pack

import pytest
from tests.plugins.kafka.encode import batch, beat, beaten, record, request, response, text

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.kafka.recognise import BEGUN, LIKELY, REPLIES, recognise

HELLO = request(18, 0, 1)
WELCOME = response(1, pack(">hi", 0, 6) + b"".join(pack(">hhh", key, 0, 3) for key in (0, 1, 2, 3, 12, 18)))
DATA = batch(record(0, None, b"v" * 9000), 1)
PRODUCE = request(0, 2, 1, pack(">hii", 1, 5, 1) + text("t") + pack(">iii", 1, 0, len(DATA)) + DATA, b"client")


@pytest.mark.parametrize(
    ("sample", "wanted"),
    [
        (Sample(HELLO, b""), SURE),
        (Sample(HELLO, WELCOME), SURE),
        (Sample(beat(1) + beat(2), beaten(1)), SURE),
        (Sample(PRODUCE[:4096], b""), LIKELY),
        (Sample(request(0, 2, 1, b"\0\1" + b"\0" * 50, b"client")[:20], b""), LIKELY),
        (Sample(beat(1)[:20], b""), BEGUN),
        (Sample(beat(1)[:20], b"", midstream=True), NO),
        (Sample(request(0, 5, 1, b"\0\1" + b"\xff" * 50, b"client")[:40], b""), NO),
        (Sample(request(0, 5, 1, b"\0\1" + b"\0" * 50, b"")[:40], b""), NO),
        (Sample(b"", WELCOME), REPLIES),
        (Sample(b"", beaten(1) + beaten(2) + beaten(3), midstream=True), REPLIES),
        (Sample(b"tail of a request" + beat(7), beaten(7), midstream=True), SURE),
        (Sample(beat(1)[:20], beaten(1)), SURE),
    ],
)
def test_kafka(sample: Sample, wanted: int) -> None:
    assert recognise(sample) == wanted


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\0\0\0\x29\0\3\0\0user\0me\0database\0x\0application_name\0psql\0\0",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"*1\r\n$4\r\nPING\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
        b"\x04\0\0\0\5\0\0\0\0",
        b"\x05\0\0\0\1\0\0\0\x16\0\1\0\x0bCQL_VERSION\0\x053.0.0",
        b"\0\x1d\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1",
        b'INFO {"server_id":"x"}\r\n',
        b"\x3a\0\0\0\1\0\0\0\0\0\0\0\xd4\7\0\0\0\0\0\0admin.$cmd\0",
        bytes(200),
        b"\0\0\0\x0a" + bytes(60),
        b"\xff" * 100,
    ],
)
def test_others(data: bytes) -> None:
    for sample in (Sample(data, b""), Sample(b"", data), Sample(data, data)):
        for midstream in (False, True):
            sample.midstream = midstream
            assert recognise(sample) == NO


def test_noise_is_not_kafka() -> None:
    rng = random.Random(3)
    for _ in range(300):
        data = rng.randbytes(rng.randrange(400))
        for midstream in (False, True):
            assert recognise(Sample(data, rng.randbytes(50), midstream=midstream)) == NO
            assert recognise(Sample(b"", data, midstream=midstream)) == NO


def test_a_response_that_is_none_speaks_against_it() -> None:
    assert recognise(Sample(PRODUCE[:4096], b"\0\0\0\1abcdef")) == NO
    assert recognise(Sample(PRODUCE[:4096], beaten(9))) == NO
