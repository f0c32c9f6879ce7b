"""Files given to protocols: what is taken, and how a mistake is told."""

from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.core.toy import TOY

from pxcap.cli.given import given_files
from pxcap.core.errors import UsageError
from pxcap.core.protocol import GivenFile
from pxcap.core.registry import Registry


def _why(data: bytes) -> str:
    return "" if data.startswith(b"words") else "holds no words"


@pytest.fixture
def registry() -> Registry:
    from dataclasses import replace

    registry = Registry()
    registry.add(replace(TOY, files=(GivenFile("words", "What may be asked.", _why),)), "tests")
    return registry


def test_contents_by_name(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "a=b"
    path.write_bytes(b"words: a b")
    assert given_files(registry, [f"toy.words={path}"]) == {"toy.words": b"words: a b"}
    assert given_files(registry, []) == {}


@pytest.mark.parametrize(
    ("item", "message", "hint"),
    [
        ("toy.words", "expected PROTOCOL.NAME=FILE", "files that can be given: toy.words"),
        ("toy.word=x", "--give toy.word: no protocol takes such a file", "did you mean toy.words?"),
        ("nothing=x", "--give nothing: no protocol takes such a file", "files that can be given: toy.words"),
        ("toy.words=/no/such", "--give toy.words: /no/such: No such file or directory", "What may be asked."),
        ("toy.words=/", "--give toy.words: /: Is a directory", "What may be asked."),
        (f"toy.words={__file__}", "holds no words", "What may be asked."),
    ],
)
def test_mistakes(registry: Registry, item: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        given_files(registry, [item])
    assert message in str(raised.value)
    assert raised.value.hint == hint


def test_a_mistake_is_one_line_and_status_2(pxcap: Command, trace: Path) -> None:
    done = pxcap("replay", str(trace), "--give", "http.descriptor=x.pb")
    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [
        "pxcap: error: --give http.descriptor: no protocol takes such a file",
        "  hint: did you mean http.descriptors?",
    ]
    done = pxcap("replay", str(trace), "--give", f"http.descriptors={trace}")
    assert done.status == 2
    assert "trace.pcap is no FileDescriptorSet" in done.err.splitlines()[0]
