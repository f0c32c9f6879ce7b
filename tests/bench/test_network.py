import fcntl
import socket
import struct
from threading import Thread

import pytest
from bench.network import ETHERNET, packets_of
from bench.servers import find

_MTU = 0x8921  # SIOCGIFMTU


def _mtu() -> int:
    with socket.socket() as sock:
        return int(struct.unpack("16si12x", fcntl.ioctl(sock, _MTU, struct.pack("16si12x", b"lo", 0)))[1])


def test_inside_the_block_loopback_is_another_for_threads_too() -> None:
    if find("ip") is None:
        pytest.skip("ip is not installed")
    before = _mtu()
    seen: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as outside:
        try:
            with packets_of(ETHERNET):
                assert _mtu() == ETHERNET
                thread = Thread(target=lambda: seen.append(_mtu()))
                thread.start()
                thread.join()
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(outside.getsockname(), 5)
        except PermissionError:
            pytest.skip("needs root")
        with socket.create_connection(outside.getsockname(), 5):
            assert (seen, _mtu()) == ([ETHERNET], before)


def test_no_mtu_is_the_usual_loopback() -> None:
    before = _mtu()
    with packets_of(0):
        assert _mtu() == before
