"""Bytes from files, pipes and standard input, and files that cannot be opened."""

import io
import os
import random
import sys
from pathlib import Path

import pytest

from pxcap.core.capture.source import Source
from pxcap.core.errors import CaptureError

DATA = random.Random(3).randbytes(5000) + bytes(300000) + b"end"


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
    try:
        ours, theirs = os.openpty()
    except OSError as err:
        pytest.skip(f"this machine has no pseudo-terminals: {err}")
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
