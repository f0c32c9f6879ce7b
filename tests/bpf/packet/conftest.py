"""What the tests here share: rights, and a network namespace with a pair of interfaces that leads into it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from uuid import uuid4

import pytest


@dataclass(frozen=True)
class Pair:
    """A veth pair: one end here, the other in a namespace; both with addresses, and up."""

    netns: str
    here: str
    there: str
    address: str
    address_there: str
    address6_there: str


@pytest.fixture
def rights() -> None:
    if os.geteuid() != 0:
        pytest.skip("packet sockets need root")


@pytest.fixture
def pair(rights: None) -> Iterator[Pair]:
    if shutil.which("ip") is None:
        pytest.skip("not installed: ip")
    tag = uuid4().hex[:8]
    number = int(tag[:4], 16)
    net, net6 = f"10.{200 + number % 50}.{number // 50 % 250}", f"fd00:{tag[:4]}:{tag[4:]}:"
    made = Pair(f"pxcap-{tag}", f"px{tag}a", f"px{tag}b", f"{net}.1", f"{net}.2", str(ip_address(f"{net6}:2")))
    if not _ip(f"netns add {made.netns}"):
        pytest.skip("network namespaces cannot be made here")
    try:
        for command in (
            f"link add {made.here} type veth peer name {made.there} netns {made.netns}",
            f"addr add {net}.1/24 dev {made.here}",
            f"addr add {net6}:1/64 dev {made.here} nodad",
            f"link set {made.here} up",
            f"-n {made.netns} addr add {net}.2/24 dev {made.there}",
            f"-n {made.netns} addr add {net6}:2/64 dev {made.there} nodad",
            f"-n {made.netns} link set {made.there} up",
            f"-n {made.netns} link set lo up",
        ):
            assert _ip(command), command
        yield made
    finally:
        _ip(f"link del {made.here}")
        _ip(f"netns del {made.netns}")


def _ip(arguments: str) -> bool:
    return subprocess.run(["ip", *arguments.split()], capture_output=True, check=False).returncode == 0
