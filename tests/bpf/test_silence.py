"""What C libraries print is kept from the person and told to the program."""

import os

import pytest

from pxcap.bpf.silence import silenced


def test_what_is_written_is_told_and_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with silenced() as said:
        assert said() == ""
        os.write(2, b"libbcc: \xff")
        assert said() == "libbcc: \ufffd"
        os.write(2, b" and more")
        assert said() == "libbcc: \ufffd and more"
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"


def test_nothing_is_left_whatever_happens(capfd: pytest.CaptureFixture[str]) -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(RuntimeError), silenced():
        raise RuntimeError
    assert os.listdir("/proc/self/fd") == before
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"
