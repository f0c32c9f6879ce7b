"""The checks of pxcap doctor."""

import pytest

from pxcap.bpf import features
from pxcap.bpf.features import Feature
from pxcap.cli import checks
from pxcap.cli.checks import LIVE, MISSING, OK, OPTIONAL, Check


def test_live_capture_is_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Feature("bcc", False, "bcc is not installed", "sudo apt-get install python3-bpfcc"),
        Feature("packet socket", True, "can be opened"),
        Feature("libpcap", False, "libpcap is not installed", "sudo apt-get install libpcap0.8"),
    ]
    monkeypatch.setattr(features, "features", lambda: found)
    assert checks.live_capture() == [
        Check("bcc", MISSING, LIVE, "bcc is not installed", "sudo apt-get install python3-bpfcc"),
        Check("packet socket", OK, LIVE, "can be opened"),
        Check("libpcap", MISSING, OPTIONAL, "libpcap is not installed", "sudo apt-get install libpcap0.8"),
    ]


def test_tshark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert (checks.tshark().status, checks.tshark().fix) == (MISSING, "sudo apt-get install tshark")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert checks.tshark() == Check("tshark", OK, checks.OPTIONAL, "/usr/bin/tshark")
