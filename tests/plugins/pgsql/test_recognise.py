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


def test_one_side_of_the_simple_protocol() -> None:
    for more in (b"Q\0\0\0\5\0", b"Q\0\0\0\x0e-- nought\0", QUERY, b"X\0\0\0\4"):
        assert recognise(Sample(QUERY + more + QUERY, b"", midstream=True)) == SURE
    assert recognise(Sample(QUERY, b"", midstream=True)) >= GOOD_ENOUGH
    assert recognise(Sample(b"Q\0\0\0\6\0x" + QUERY, b"", midstream=True)) == NO


def test_rows_that_are_copied() -> None:
    began, data = b"H\0\0\0\x0b\0\0\2\0\0\0\0", b"d\0\0\0\x081,a\n" * 600
    assert recognise(Sample(b"", began + data, midstream=True)) >= GOOD_ENOUGH
    assert recognise(Sample(b"", began[:4] + b"\x0d" + began[5:] + data, midstream=True)) == NO
    assert recognise(Sample(b"", data, midstream=True)) == NO


def test_an_error_in_another_language() -> None:
    body = "S\u041e\u0428\u0418\u0411\u041a\u0410\0C42P01\0".encode() + b"\0"
    error = b"E" + (len(body) + 4).to_bytes(4, "big") + body
    assert recognise(Sample(b"", error + b"Z\0\0\0\5I", midstream=True)) == SURE


@pytest.mark.parametrize(
    "data",
    [b"RANDOM text\r\n", b"N", b"R\0\0\0\x08\0\0\0\x63xxxx", b"HTTP/1.1 200 OK\r\n", b"R\0\0\0\x08\0\0\0\0garbage"],
)
def test_none_of_it(data: bytes) -> None:
    assert recognise(Sample(b"", data)) == NO
