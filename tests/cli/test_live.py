"""What is chosen for a capture, and what its limits say; that it captures is shown in test_capture."""

from types import SimpleNamespace
from typing import cast

import pytest

from pxcap.bpf.usage import Usage
from pxcap.cli import live as module
from pxcap.cli.live import Watch, Wishes, choose
from pxcap.cli.parsing import Parsing
from pxcap.core.errors import UsageError
from pxcap.core.shedding import Governor

CHOSEN = {
    "nothing asked": (Wishes(), "auto"),
    "bpf": (Wishes("bpf"), "bpf"),
    "packet": (Wishes("packet"), "packet"),
    "a port says nothing": (Wishes(ports=frozenset({80})), "auto"),
    "a process": (Wishes(pids=(1,)), "bpf"),
    "a command": (Wishes(commands=("nginx",)), "bpf"),
    "a container": (Wishes(containers=("docker",)), "bpf"),
    "inside tls": (Wishes(commands=("nginx",), tls=True), "bpf"),
    "an interface": (Wishes(interfaces=("lo",)), "packet"),
    "a filter": (Wishes(expression="tcp"), "packet"),
    "a namespace": (Wishes(netns="blue"), "packet"),
}
REFUSED = {
    "tls of everybody": (Wishes(tls=True), "--tls without a process"),
    "both": (Wishes(pids=(1,), netns="blue"), "--pid knows processes and --netns knows packets only"),
    "a process of packets": (Wishes("packet", containers=("x",)), "--container knows processes and --source packet"),
    "a filter of sockets": (
        Wishes("bpf", expression="tcp"),
        "--filter is about packets, --source bpf is about sockets",
    ),
}


@pytest.mark.parametrize(("wishes", "expected"), CHOSEN.values(), ids=CHOSEN.keys())
def test_the_source_that_has_what_is_asked_for(wishes: Wishes, expected: str) -> None:
    assert choose(wishes) == expected


@pytest.mark.parametrize(("wishes", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_source_has(wishes: Wishes, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        choose(wishes)
    assert raised.value.hint


def test_changes_of_the_limits_are_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now, used = 100.0, 0.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    measured: list[object] = []

    def usage(workers: object) -> Usage:
        measured.append(workers)
        return Usage(used, 1 << 20)

    monkeypatch.setattr(module, "read_usage", usage)
    watch = Watch(Governor(0.5, None), cast(Parsing, SimpleNamespace(pids=(7, 8))))
    assert watch.level(0.0) == 0
    assert measured == [(7, 8)]
    levels = []
    for cores in (0.1, 1.0, 0.45, *[0.01] * 120):
        now, used = now + 1.0, used + cores
        levels.append(watch.level(0.0))
    assert levels[0] == 0
    assert 128 <= levels[1] == levels[2] < 256
    assert levels[-1] == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "pxcap: 55 % of connections are left out to stay within 0.5 cores (now 1.00)"
    assert lines[-1] == "pxcap: all connections are looked at again"
    assert len(lines) == len({*levels} - {0}) + 1
