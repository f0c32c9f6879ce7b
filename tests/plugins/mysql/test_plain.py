"""Parameters shown at a glance are those that are read one by one."""

import random
import struct

import pytest
from tests.plugins.mysql.build import Talk, ok, packet

from pxcap.core.text import to_json
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.execute import execute_values
from pxcap.plugins.mysql.plain import plain_parameters
from pxcap.plugins.mysql.types import Statement

_SIZES = {wire.TINY: 1, wire.SHORT: 2, wire.YEAR: 2, wire.LONG: 4, wire.INT24: 4, wire.LONGLONG: 8}
_TEXTS = [b"", b"a", 'ü\n"\\'.encode(), b"\xff\0", b"x" * 250]


def execution(types: bytes, values: bytes, stated: bool = True, nulls: bytes = b"") -> bytes:
    nulls = nulls or bytes((len(types) // 2 + 7) // 8)
    return b"\x17" + struct.pack("<IBI", 1, 0, 1) + nulls + (b"\1" + types if stated else b"\0") + values


@pytest.mark.parametrize("codec", ["utf-8", "cp1252"])
def test_both_ways_show_the_same(codec: str) -> None:
    rng = random.Random(0)
    shown = 0
    for _ in range(400):
        integers = rng.random() < 0.5
        kinds = rng.choices([*_SIZES] if integers else [*_SIZES, wire.VAR_STRING, wire.BLOB], k=rng.randint(1, 12))
        types = b"".join(bytes((kind, rng.choice((0, wire.UNSIGNED)))) for kind in kinds)
        texts = [rng.choice(_TEXTS) for _ in kinds]
        values = b"".join(
            rng.randbytes(_SIZES[kind]) if kind in _SIZES else bytes((len(text),)) + text
            for kind, text in zip(kinds, texts, strict=True)
        )
        stated = rng.random() < 0.5
        body = execution(types, values, stated)
        wanted = execute_values(body, 10, Statement("?", len(kinds), types), False, codec, 65536)
        plain = plain_parameters(types)
        assert plain is not None
        found = plain(body, codec)
        assert found == to_json(wanted)
        shown += found is not None
        for cut in range(len(body)):
            assert plain(body[:cut], codec) is None
        assert plain(body + b"\0", codec) is None
    assert shown == 400


def test_what_is_not_common_is_left_to_the_other() -> None:
    for types in (b"", b"\x05\0", b"\x03\0\x0c\0", b"\x06\0", b"\x03\0" * 65):
        assert plain_parameters(types) is None
    plain = plain_parameters(b"\x03\0\xfd\0")
    assert plain is not None
    assert plain(execution(b"\x03\0\xfd\0", b"\1\0\0\0\1a"), "utf-8") == '{"values":[1,"a"]}'
    assert plain(execution(b"\x03\0\xfd\0", b"\1\0\0\0", nulls=b"\2"), "utf-8") is None
    assert plain(execution(b"\x08\0\xfd\0", b"\1\0\0\0\0\0\0\0\1a"), "utf-8") is None
    assert plain(execution(b"\x03\0\xfd\0", b"\1\0\0\0\xfc\1\0a"), "utf-8") is None


def test_types_may_change_from_one_execution_to_the_next() -> None:
    talk = Talk().login().ask(packet(0, b"\x16SELECT ?")).tell(packet(1, b"\0\1\0\0\0\0\0\1\0\0\0\0") + packet(2, b"?"))
    bodies = [
        execution(b"\x03\0", b"\xff\xff\xff\xff"),
        execution(b"\x03\0", b"\xfe\xff\xff\xff", stated=False),
        execution(b"\x03\x80", b"\xff\xff\xff\xff"),
        execution(b"\x03\x80", b"\xfe\xff\xff\xff", stated=False),
        execution(b"\x03\x80", b"", stated=False, nulls=b"\1"),
        execution(b"\xfd\0", b"\3abc"),
        execution(b"\xfd\0", b"\1z", stated=False),
        execution(b"\x05\0", struct.pack("<d", 1.5)),
        execution(b"\x03\0", b"\5\0\0\0"),
    ]
    for body in bodies:
        talk.ask(packet(0, body)).tell(ok())
    wanted = ["-1", "-2", "4294967295", "4294967294", "null", '"abc"', '"z"', "1.5", "5"]
    assert [row[5] for row in talk.finish()][1:] == [f'{{"values":[{value}]}}' for value in wanted]
