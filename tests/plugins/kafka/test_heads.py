from struct import pack

from tests.plugins.kafka.encode import request, text

from pxcap.plugins.kafka.heads import CLIENTS, known_key, plausible, wants_answer


def test_clients_are_text() -> None:
    assert CLIENTS[b"caf\xc3\xa9 \xff"] == "caf\u00e9 \\xff"
    assert CLIENTS[b"x" * 300] == "x" * 300
    assert b"x" * 300 not in CLIENTS


def test_what_a_header_can_be() -> None:
    assert plausible(20, 0, 9, 10)
    assert plausible(10, 16, 0, -1)
    assert plausible(12, 7, 0, 3000)
    assert not plausible(20, 0, 9, 11)
    assert not plausible(20, 0, 9, -2)
    assert not plausible(7, 16, 0, -1)
    assert not plausible(1 << 31, 0, 9, 4)
    assert not plausible(100, 0x4745, 0, 4)
    assert not plausible(100, 0, 200, 4)
    assert known_key(92)
    assert not known_key(93)


def test_acks_stand_where_the_version_says() -> None:
    for version, before in ((0, b""), (3, b"\xff\xff"), (8, text("tx")), (9, b"\0"), (13, b"\3tx")):
        for acks in (-1, 0, 1):
            frame = request(0, version, 1, before + pack(">hi", acks, 1000))
            assert wants_answer(frame, len(frame) - len(before) - 6, version) == bool(acks)


def test_a_request_that_ends_before_its_acks_is_taken_to_be_answered() -> None:
    assert wants_answer(b"head\0", 4, 9)
    assert wants_answer(b"head", 4, 9)
    assert wants_answer(b"head\0", 4, 3)
