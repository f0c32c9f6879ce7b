"""Functions run in other network namespaces."""

import os
import socket
from pathlib import Path

import pytest
from tests.bpf.packet.conftest import Pair

from pxcap.bpf.packet.namespace import inside, path_of
from pxcap.core.errors import CaptureError


def names() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


def test_a_socket_made_there_lives_there(pair: Pair) -> None:
    assert pair.there in inside(pair.netns, names)
    assert pair.there in inside(str(path_of(pair.netns)), names)
    assert pair.there not in names()
    with inside(pair.netns, lambda: socket.create_server((pair.address_there, 0))) as listener:
        socket.create_connection(listener.getsockname(), 5).close()


def test_none_is_here() -> None:
    assert inside(None, os.getpid) == os.getpid()


def test_what_fails_there_is_raised_here(rights: None) -> None:
    with pytest.raises(ZeroDivisionError):
        inside("/proc/self/ns/net", lambda: 1 // 0)


def test_no_such_namespace() -> None:
    with pytest.raises(CaptureError, match="no such network namespace") as caught:
        inside("pxcap-not-there", os.getpid)
    assert "/proc/PID/ns/net" in caught.value.hint


def test_not_a_namespace(rights: None, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    with pytest.raises(CaptureError, match="found something else, expected a network namespace"):
        inside(str(path), os.getpid)


def test_no_rights(rights: None) -> None:
    os.seteuid(65534)
    try:
        with pytest.raises(CaptureError, match="needs CAP_SYS_ADMIN"):
            inside("/proc/thread-self/ns/net", os.getpid)
    finally:
        os.seteuid(0)
