import gzip
from struct import pack

import cramjam
import lz4.frame
import pytest
import zstandard

from pxcap.plugins.kafka.codec import CODINGS, XERIAL, inflate

DATA = b"records of some length, again and again " * 50


def xerial(data: bytes, block: int) -> bytes:
    parts = [bytes(cramjam.snappy.compress_raw(data[at : at + block])) for at in range(0, len(data), block)]
    return XERIAL + pack(">ii", 1, 1) + b"".join(pack(">i", len(part)) + part for part in parts)


PACKED = {
    "gzip": gzip.compress(DATA),
    "snappy": bytes(cramjam.snappy.compress_raw(DATA)),
    "xerial": xerial(DATA, 300),
    "lz4": lz4.frame.compress(DATA),
    "lz4 with its size": lz4.frame.compress(DATA, store_size=True),
    "zstd": zstandard.compress(DATA),
}
CODES = {"gzip": 1, "snappy": 2, "xerial": 2, "lz4": 3, "lz4 with its size": 3, "zstd": 4}


@pytest.mark.parametrize("name", PACKED)
def test_every_coding(name: str) -> None:
    assert inflate(PACKED[name], CODES[name], 1 << 20) == (DATA, True)


@pytest.mark.parametrize("name", ["gzip", "xerial", "lz4", "zstd"])
def test_no_more_than_asked_for(name: str) -> None:
    assert inflate(PACKED[name], CODES[name], 100) == (DATA[:100], True)
    assert inflate(PACKED["snappy"], 2, 100)[0] == b""


@pytest.mark.parametrize("name", ["gzip", "xerial", "zstd"])
def test_a_beginning_gives_what_is_in_it(name: str) -> None:
    found, good = inflate(PACKED[name][: len(PACKED[name]) - 10], CODES[name], 1 << 20)
    assert good
    assert DATA.startswith(found)


def test_lz4_with_the_checksum_of_old_clients() -> None:
    for content_size in (False, True):
        frame = bytearray(lz4.frame.compress(DATA, store_size=content_size))
        frame[14 if content_size else 6] ^= 0x5A
        assert inflate(bytes(frame), 3, 1 << 20) == (DATA, True)


@pytest.mark.parametrize("coding", [1, 2, 3, 4])
def test_what_is_not_compressed_is_told(coding: int) -> None:
    assert inflate(b"this is no such thing at all", coding, 1000) == (b"", False)


def test_broken_blocks_of_xerial() -> None:
    assert inflate(XERIAL + pack(">ii", 1, 1) + pack(">i", -4), 2, 1000) == (b"", False)
    assert inflate(XERIAL + pack(">ii", 1, 1) + pack(">i", 3) + b"\xff\xff\xff", 2, 1000) == (b"", False)
    assert inflate(XERIAL + pack(">ii", 1, 1) + b"\0\0", 2, 1000) == (b"", True)


def test_no_coding_and_unknown_ones() -> None:
    assert inflate(DATA, 0, 10) == (DATA[:10], True)
    assert inflate(DATA, len(CODINGS), 10) == (b"", False)
