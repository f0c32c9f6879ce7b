"""PostgreSQL by its first bytes, of either side, and in mid-stream."""

import pytest

from pxcap.core.inference import GOOD_ENOUGH
from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.pgsql.recognise import recognise

STARTUP = b"\0\0\0\x1e\0\3\0\0user\0app\0database\0s\0\0\0\0"
SSL = b"\0\0\0\x08\x04\xd2\x16\x2f"
READY = b"R\0\0\0\x08\0\0\0\0S\0\0\0\x18server_version\x0016.4\0Z\0\0\0\5I"
DENIED = b"E\0\0\0\x13SFATAL\0C28000\0\0\0"
QUERY = b"Q\0\0\0\rSELECT 1\0"
DONE = b"C\0\0\0\rSELECT 1\0Z\0\0\0\5I"


@pytest.mark.parametrize("midstream", [False, True])
@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (STARTUP, b""), (STARTUP, READY), (SSL, b""), (SSL, b"N"), (SSL + STARTUP, b"N" + READY), (STARTUP, DENIED),
        (b"", READY), (b"", b"N" + READY),
    ],
)  # fmt: skip
def test_a_beginning_is_known_with_and_without_the_handshake_of_tcp(
    request_: bytes, response: bytes, midstream: bool
) -> None:
    assert recognise(Sample(request_, response, midstream=midstream)) == SURE


def test_in_mid_stream() -> None:
    assert recognise(Sample(QUERY, DONE, midstream=True)) == SURE
    assert recognise(Sample(b"", DONE, midstream=True)) >= GOOD_ENOUGH
    assert recognise(Sample(DONE, QUERY, midstream=True)) == NO


@pytest.mark.parametrize(
    "data",
    [b"RANDOM text\r\n", b"N", b"R\0\0\0\x08\0\0\0\x63xxxx", b"HTTP/1.1 200 OK\r\n", b"R\0\0\0\x08\0\0\0\0garbage"],
)
def test_none_of_it(data: bytes) -> None:
    assert recognise(Sample(b"", data)) == NO
