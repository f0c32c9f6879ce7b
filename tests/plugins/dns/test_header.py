import json

import pytest
from tests.plugins.dns.messages import header

from pxcap.plugins.dns.header import read_head

KEYS = ("txid", "qr", "opcode", "aa", "tc", "rd", "ra", "ad", "cd", "rcode", "num_queries", "num_answers", "num_auth",
        "num_addl")  # fmt: skip


def test_keys_are_those_of_pixie() -> None:
    head = read_head(header(5, 0x8583, 1, 2, 3, 4))
    found = json.loads('{"txid":5' + head.text)
    assert tuple(found) == KEYS
    assert tuple(found.values()) == (5, 1, 0, 1, 0, 1, 1, 0, 0, 3, 1, 2, 3, 4)
    assert (head.response, head.rcode_text, head.lone) == (True, "NXDOMAIN", False)


@pytest.mark.parametrize(
    ("flags", "name"),
    [(0x0800, "IQUERY"), (0x1000, "STATUS"), (0x2000, "NOTIFY"), (0x2800, "UPDATE"), (0x3000, "DSO"), (0x3800, None)],
)
def test_opcodes_are_named(flags: int, name: str | None) -> None:
    assert json.loads('{"txid":5' + read_head(header(5, flags)).text).get("opcode_name") == name


def test_flags() -> None:
    found = json.loads('{"txid":5' + read_head(header(5, 0x0230)).text)
    assert [key for key, value in found.items() if value == 1] == ["tc", "ad", "cd"]


def test_a_query_of_one_question_and_nothing_else() -> None:
    assert read_head(header(5, 0x0100, 1)).lone
    assert not read_head(header(5, 0x0100, 2)).lone
    assert not read_head(header(5, 0x0100, 1, 0, 0, 1)).lone
    assert not read_head(header(5, 0x8100, 1)).lone
