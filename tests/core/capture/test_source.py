"""Bytes from files, pipes and packed files, and files that cannot be opened."""

import gzip
import io
import os
import random
import sys
from pathlib import Path

import pytest
import zstandard

from pxcap.core.capture.source import Source
from pxcap.core.errors import CaptureError

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
def test_packed_data_cut_short(tmp_path: Path, pack: "type[bytes]") -> None:
    packed = pack(DATA[:5000])
    path = tmp_path / "x"
    for keep in (6, len(packed) // 2, len(packed) - 1):
        path.write_bytes(packed[:keep])
        data, source = read(path)
        assert DATA.startswith(data)
        assert source.fault.endswith("data is cut short")


@pytest.mark.parametrize("pack", [gzip.compress, zst], ids=["gzip", "zstd"])
def test_packed_data_damaged(tmp_path: Path, pack: "type[bytes]") -> None:
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


def test_pipe_gives_what_there_is() -> None:
    here, there = os.pipe()
    source = Source(f"/dev/fd/{here}")
    os.close(here)
    os.write(there, b"first")
    assert source.read(100) == b"first"
    os.write(there, b"sec")
    os.write(there, b"ond")
    assert source.read(100) == b"second"
    os.close(there)
    assert source.read(100) == b""
    assert source.size is None
    assert source.position == 11
    source.close()


def test_standard_input_replaced_within_python(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced = io.TextIOWrapper(io.BytesIO(DATA))
    monkeypatch.setattr(sys, "stdin", replaced)
    source = Source("-")
    assert source.read(1 << 20) + source.read(1 << 20) == DATA
    assert source.path == "standard input"
    source.close()
    assert not replaced.closed
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(CaptureError, match="standard input: cannot be opened"):
        Source("-")


def test_terminal() -> None:
    ours, theirs = os.openpty()
    try:
        with pytest.raises(CaptureError, match="found a terminal, expected a capture"):
            Source(os.ttyname(theirs))
    finally:
        os.close(ours)
        os.close(theirs)


def test_what_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases: list[tuple[str, str]] = [
        (str(tmp_path / "no"), "no such file"),
        (str(tmp_path), "found a directory, expected a capture file"),
        (str(tmp_path / "a\0b"), "cannot be opened"),
        (str(tmp_path / ("x" * 300)), "cannot be opened"),
    ]
    for path, message in cases:
        with pytest.raises(CaptureError, match=message) as caught:
            Source(path)
        assert caught.value.hint

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")  # root may read everything

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(CaptureError, match="no permission to read it"):
        Source("x.pcap")


def test_disk_that_fails(tmp_path: Path) -> None:
    source = Source("/proc/self/mem")
    with pytest.raises(CaptureError, match="cannot be read"):
        source.read(10)
    source.close()
