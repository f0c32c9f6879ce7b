"""Decoding: whole, in part, corrupt, hostile."""

import gzip
import random
import tracemalloc
import zlib

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from pxcap.plugins.http.codings import decode, encoded_room

TEXT = b"The quick brown fox. " * 500


def deflate_raw(data: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(data) + encoder.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("coding", ENCODERS)
def test_each_coding(coding: str) -> None:
    encoded = ENCODERS[coding](TEXT)
    assert decode(encoded, (coding,), 1 << 20) == (TEXT, True)
    assert decode(encoded, (coding,), 100) == (TEXT[:100], True)
    assert decode(b"", (coding,), 100) == (b"", True)
    assert decode(b"plain text that is not coded", (coding,), 100)[1] is False


def test_deflate_without_its_wrapper() -> None:
    assert decode(deflate_raw(TEXT), ("deflate",), 1 << 20) == (TEXT, True)


def test_gzip_of_several_members_and_rubbish_behind() -> None:
    assert decode(gzip.compress(b"ab") + gzip.compress(b"cd"), ("gzip",), 10) == (b"abcd", True)
    assert decode(gzip.compress(b"ab") + b"rubbish", ("gzip",), 10) == (b"ab", True)


def test_several_codings() -> None:
    assert decode(brotli.compress(gzip.compress(TEXT)), ("gzip", "br"), 1 << 20) == (TEXT, True)


@pytest.mark.parametrize("coding", ENCODERS)
def test_the_beginning_of_a_cut_body_is_shown(coding: str) -> None:
    noise = random.Random(0).randbytes(400_000)
    encoded = ENCODERS[coding](noise)
    found, well = decode(encoded[:390_000], (coding,), 1 << 20)
    assert well
    assert len(found) > 10_000
    assert noise.startswith(found)


def test_room_is_enough_for_bytes_that_do_not_compress() -> None:
    noise = random.Random(0).randbytes(200_000)
    for coding, encoder in ENCODERS.items():
        found, _ = decode(encoder(noise)[: encoded_room(65536, (coding,))], (coding,), 65536)
        assert len(found) == 65536, coding
    assert encoded_room(0, ("zstd",)) == 0


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_bomb_costs_no_more_than_the_limit(coding: str) -> None:
    bomb = ENCODERS[coding](bytes(20_000_000))
    tracemalloc.start()
    found, _ = decode(bomb, (coding,), 10_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == bytes(10_000)
    assert peak < 2_000_000


def test_corruption_behind_a_good_beginning() -> None:
    encoded = bytearray(gzip.compress(random.Random(0).randbytes(50_000)))
    encoded[40_000:] = b"\xff" * 5000
    found, well = decode(bytes(encoded), ("gzip",), 1 << 20)
    assert not well or len(found) < 50_000
    assert len(found) > 20_000


def test_unknown_and_too_many() -> None:
    assert decode(b"x", ("compress",), 10) == (b"", False)
    assert decode(b"x", ("gzip",) * 5, 10) == (b"", False)
