"""What is chosen for a capture, and what its limits say; that it captures is shown in test_capture."""

import pytest

from pxcap.cli.live import Wishes, choose
from pxcap.core.errors import UsageError

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
