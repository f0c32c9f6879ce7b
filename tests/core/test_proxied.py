"""The header of the PROXY protocol: found where it is, awaited where it may be, and cut away."""

import pytest

from pxcap.core.proxied import behind, header_size
from pxcap.core.stream import Chunk

TEXT = b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n"
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
BINARY = SIGNATURE + b"\x21\x11\x00\x0c" + bytes(12)


@pytest.mark.parametrize("header", [TEXT, b"PROXY UNKNOWN\r\n", BINARY, SIGNATURE + b"\x20\x00\x00\x00"])
def test_a_header_is_awaited_until_it_is_whole(header: bytes) -> None:
    assert [header_size(header[:at]) for at in range(len(header))] == [None] * len(header)
    assert header_size(header) == len(header)
    assert header_size(header + b"GET / HTTP/1.1\r\n\r\n") == len(header)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PROXY /what HTTP/1.1\r\n",
        b"PROXY " + b"x" * 101,
        b"\r\n\r\nGET /",
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\xff\xff",
        b"\x00",
    ],
)
def test_what_is_no_header(data: bytes) -> None:
    assert header_size(data) == 0


def test_chunks_are_cut_and_keep_their_times() -> None:
    chunks = [Chunk(b"abc", 0, [0], [1]), Chunk(b"defghi", 3, [3, 5, 8], [2, 3, 4])]
    cut = [[(one.data, one.offset, one.starts, one.times) for one in behind(chunks, size)] for size in (3, 5, 6, 9)]
    assert cut == [
        [(b"defghi", 3, [3, 5, 8], [2, 3, 4])],
        [(b"fghi", 5, [5, 8], [3, 4])],
        [(b"ghi", 6, [6, 8], [3, 4])],
        [],
    ]
    assert behind(chunks, 0) == chunks
