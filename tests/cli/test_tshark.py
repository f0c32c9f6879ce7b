"""What tshark prints, read: from a stand-in for it, and from itself where it is installed."""

import os
import shutil
from pathlib import Path

import pytest

from pxcap.cli.tshark import find_tshark, messages
from pxcap.core.comparison import Message
from pxcap.core.errors import PxcapError

needed = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
PDML = """<?xml version="1.0"?>
<pdml><packet>
<proto name="geninfo"><field name="num" show="7"/><field name="timestamp" show="x" value="1700000000.000000500"/></proto>
<proto name="ipv6"><field name="ipv6.src" show="::1"/><field name="ipv6.dst" show="::2"/></proto>
<proto name="tcp"><field name="tcp.srcport" show="40000"/><field name="tcp.dstport" show="80"/></proto>
<proto name="http"><field name="" show="" showname="Head"><field name="http.a" show="one" value="6f6e65"/></field>
<field name="http.b" show="" value="00" showname="b: "/><field name="http.c" show="\x01"/></proto>
<proto name="http"/><proto name="other"/>
</packet></pdml>
"""


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name which prints what the file beside it holds and ends as the last line of another says."""
    program = tmp_path / "tshark"
    program.write_text(f'#!/bin/sh\ncat {tmp_path}/printed\ncat {tmp_path}/said >&2\nexit "$(cat {tmp_path}/status)"\n')
    program.chmod(0o755)
    for name, text in (("printed", PDML), ("said", ""), ("status", "0")):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.usefixtures("pretend")
def test_every_message_of_a_packet() -> None:
    fields = (("", "Head", ""), ("http.a", "one", "6f6e65"), ("http.b", "", "00"), ("http.c", "?", ""))
    ends = ("::1", 40000, "::2", 80)
    time = 1_700_000_000_000_000_500
    first, second = messages("any.pcap", ["http"], ["tcp.port==80,http"])
    assert first == (ends, Message(7, time, False, "http", fields))
    assert second == (ends, Message(7, time, False, "http", ()))


def test_what_goes_wrong_is_said_in_its_words(pretend: Path) -> None:
    (pretend / "status").write_text("2")
    (pretend / "said").write_text("Running as root\ntshark: no such protocol\n")
    with pytest.raises(PxcapError, match="tshark: tshark: no such protocol"):
        list(messages("any.pcap", ["http"], []))
    (pretend / "printed").write_text("<pdml><packet></pdml>")
    with pytest.raises(PxcapError, match="output cannot be read"):
        list(messages("any.pcap", ["http"], []))


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PxcapError, match="tshark is not installed") as caught:
        find_tshark()
    assert caught.value.hint == "sudo apt-get install tshark"


@needed
def test_of_tshark_itself(trace: Path) -> None:
    found = list(messages(str(trace), ["http"], ["tcp.port==8080,http"]))
    assert [message.first("http.request.uri") for _, message in found][::2] == [
        "/products/7",
        "/products/8",
        "/cart",
        "/health",
    ]
