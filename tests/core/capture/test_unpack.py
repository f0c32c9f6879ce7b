"""Packed files: any number of members, padding, and ends that are none."""

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pxcap.core.capture.source import Source

DATA = random.Random(3).randbytes(5000) + bytes(300000) + b"end"


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def read(path: Path, most: int = 1 << 20) -> tuple[bytes, Source]:
    source = Source(str(path))
    parts = []
    while part := source.read(most):
        parts.append(part)
    assert source.read(most) == b""
    source.close()
    return b"".join(parts), source


@pytest.mark.parametrize("most", [1, 1000, 1 << 20])
@pytest.mark.parametrize(
    "packed",
    [
        DATA,
        gzip.compress(DATA),
        zst(DATA),
        gzip.compress(DATA[:9]) + gzip.compress(DATA[9:]),
        zst(DATA[:9]) + zst(b"") + zst(DATA[9:]),
        gzip.compress(DATA) + bytes(1000),
        gzip.compress(DATA[:9]) + bytes(70000) + gzip.compress(DATA[9:]),
    ],
    ids=["plain", "gzip", "zstd", "members", "frames", "padded", "padded between"],
)
def test_bytes(tmp_path: Path, packed: bytes, most: int) -> None:
    path = tmp_path / "name.that.says.nothing"
    path.write_bytes(packed)
    data, source = read(path, max(most, 50) if packed is DATA else most)
    assert data == DATA
    assert source.fault == ""
    assert source.position == source.size == len(packed)


@pytest.mark.parametrize("pack", [gzip.compress, zst], ids=["gzip", "zstd"])
def test_packed_data_cut_short(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(DATA[:5000])
    path = tmp_path / "x"
    for keep in (6, len(packed) // 2, len(packed) - 1):
        path.write_bytes(packed[:keep])
        data, source = read(path)
        assert DATA.startswith(data)
        assert source.fault.endswith("data is cut short")


@pytest.mark.parametrize("pack", [gzip.compress, zst], ids=["gzip", "zstd"])
def test_packed_data_damaged(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    packed = bytearray(pack(bytes(range(256)) * 4000))
    packed[4:200] = random.Random(8).randbytes(196)
    (tmp_path / "x").write_bytes(packed)
    _, source = read(tmp_path / "x")
    assert "data is damaged" in source.fault


def test_other_data_after_packed_data(tmp_path: Path) -> None:
    for data in (gzip.compress(DATA), zst(DATA)):
        for junk in (b"x", b"junk behind"):
            (tmp_path / "x").write_bytes(data + junk)
            found, source = read(tmp_path / "x")
            assert found == DATA
            assert source.fault


def test_a_bomb_comes_in_pieces(tmp_path: Path) -> None:
    for pack in (gzip.compress, zst):
        (tmp_path / "x").write_bytes(pack(bytes(64 << 20)))
        source = Source(str(tmp_path / "x"))
        sizes = []
        while part := source.read(1 << 20):
            sizes.append(len(part))
        source.close()
        assert sum(sizes) == 64 << 20
        assert max(sizes) <= 32 << 20
