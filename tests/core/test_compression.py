"""Every coding: whole, in part, corrupt, hostile."""

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import cramjam
import lz4.block  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]
import pytest
import zstandard

from pxcap.core.compression import CODINGS, decompress

TEXT = b"The quick brown fox. " * 500
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "deflate": lambda data: zlib.compress(data)[2:-4],
    "gzip": gzip.compress,
    "lz4": lz4.frame.compress,
    "lz4-block": lambda data: bytes(lz4.block.compress(data, store_size=False)),
    "snappy": lambda data: bytes(cramjam.snappy.compress_raw(data)),
    "zlib": zlib.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
STREAMS = sorted(CODINGS - {"lz4-block", "snappy"})


def test_every_coding_is_tried_here() -> None:
    assert set(ENCODERS) == CODINGS


@pytest.mark.parametrize("coding", ENCODERS)
def test_whole(coding: str) -> None:
    assert decompress(ENCODERS[coding](TEXT), coding, len(TEXT)) == (TEXT, True)
    assert decompress(ENCODERS[coding](TEXT), coding, 1 << 20) == (TEXT, True)


@pytest.mark.parametrize("coding", STREAMS)
def test_the_beginning_only(coding: str) -> None:
    assert decompress(ENCODERS[coding](TEXT), coding, 100) == (TEXT[:100], True)
    noise = random.Random(0).randbytes(400_000)
    found, well = decompress(ENCODERS[coding](noise)[:390_000], coding, 1 << 20)
    assert well
    assert len(found) > 10_000
    assert noise.startswith(found)


@pytest.mark.parametrize("coding", ["lz4-block", "snappy"])
def test_blocks_come_whole_or_not_at_all(coding: str) -> None:
    encoded = ENCODERS[coding](TEXT)
    assert decompress(encoded, coding, 100)[0] == b""
    assert decompress(encoded[:-3], coding, len(TEXT)) == (b"", False)


@pytest.mark.parametrize("coding", ["lz4", "gzip"])
def test_frame_after_frame(coding: str) -> None:
    encode = ENCODERS[coding]
    assert decompress(encode(b"ab") + encode(b"cd"), coding, 10) == (b"abcd", True)


@pytest.mark.parametrize("coding", ENCODERS)
def test_rubbish_never_raises(coding: str) -> None:
    dice = random.Random(coding)
    encoded = ENCODERS[coding](TEXT)
    for _ in range(300):
        broken = bytearray(encoded)
        for _ in range(dice.randrange(1, 4)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        found, _ = decompress(bytes(broken), coding, 5000)
        assert len(found) <= 5000
        decompress(dice.randbytes(dice.randrange(64)), coding, 5000)


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_bomb_costs_its_limit(coding: str) -> None:
    bomb = ENCODERS[coding](bytes(64 << 20))
    tracemalloc.start()
    try:
        found, _ = decompress(bomb, coding, 10_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) <= 10_000
    assert peak < 2 << 20
