import pytest

from pxcap.plugins.nats.resync import find_message

CLIENT = [
    b"PUB a 2\r\nhi\r\n",
    b"pub a r 2\r\nhi\r\n",
    b"HPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n",
    b"SUB a q 1\r\n",
    b"UNSUB 1 5\r\n",
    b"PING\r\n",
    b'CONNECT {"a":1}\r\n',
]
SERVER = [
    b"MSG a 1 2\r\nhi\r\n",
    b"HMSG a 1 r 12 12\r\nNATS/1.0\r\n\r\n\r\n",
    b"+OK\r\n",
    b"-ERR 'x'\r\n",
    b"PONG\r\n",
    b'INFO {"a":1} \r\n',
]


@pytest.mark.parametrize(("client", "message"), [(True, m) for m in CLIENT] + [(False, m) for m in SERVER])
def test_found_first_and_behind_anything(client: bool, message: bytes) -> None:
    assert find_message(message, 0, True, client) == (0, True)
    behind = b"rest\r\n" + message
    assert find_message(behind + message, 0, True, client) == (6, True)
    assert find_message(behind, 0, True, client, over=True) == (6, True)
    at, found = find_message(behind, 0, True, client)
    assert not found
    assert find_message(behind[at:] + message, 0, False, client) == (6 - at, True)


@pytest.mark.parametrize("message", [m for m in CLIENT if m != b"PING\r\n"])
def test_not_the_other_side(message: bytes) -> None:
    assert not find_message(message + message, 0, True, False)[1]


@pytest.mark.parametrize(
    "data",
    [
        b"x\r\nMSG fake 1 3\r\nabc\r\n\r\nMSG",
        b"x\r\nMSG fake 1 9\r\nabc\r\n12345678",
        b"MSG a 1 99999999999\r\n",
        b"+OKAY\r\n",
        b"x\r\n+OK\r\nnothing of the kind\r\n",
        b"message\r\n",
    ],
)
def test_payloads_that_look_like_lines(data: bytes) -> None:
    assert not find_message(data, 0, True, False)[1]


def test_a_large_payload_is_not_awaited() -> None:
    assert find_message(b"x\nMSG a 1 5000\r\nabc", 0, True, False) == (2, True)


def test_a_beginning_is_kept() -> None:
    for size in range(1, 9):
        at, found = find_message(b"PUB a 2\r\nhi\r\n"[:size], 0, True, True)
        assert (at, found) == (0, False)
