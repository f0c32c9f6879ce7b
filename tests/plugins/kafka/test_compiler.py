import json
import random

import pytest
from tests.plugins.kafka.encode import Maker

from pxcap.plugins.kafka.compiler import UNREADABLE, compiled, reader
from pxcap.plugins.kafka.definitions import APIS, fields, flexible
from pxcap.plugins.kafka.types import Bad, Field, Short


@pytest.mark.parametrize("key", sorted(APIS))
def test_reads_every_version_of_every_api(key: int) -> None:
    rng = random.Random(key)
    for version in range(APIS[key].first, APIS[key].last + 1):
        for response in (False, True):
            for _ in range(4):
                maker = Maker(rng, flexible(key, version))
                data, wanted = maker.message(fields(key, version, response))
                text, code, end = reader(key, version, response)(b"head" + data, 4, [1 << 20, 0], True)
                assert json.loads(text) == wanted, (key, version, response)
                assert list(json.loads(text)) == list(wanted)
                assert (code, end) == (maker.error_code, len(data) + 4)


@pytest.mark.parametrize("key", [0, 1, 3, 11, 18, 68])
def test_a_message_that_ends_early_is_never_read(key: int) -> None:
    rng = random.Random(key)
    for version in range(APIS[key].first, APIS[key].last + 1):
        for response in (False, True):
            data, _ = Maker(rng, flexible(key, version)).message(fields(key, version, response))
            read = reader(key, version, response)
            for end in range(len(data)):
                with pytest.raises(UNREADABLE):
                    read(data[:end], 0, [1 << 20, 0], True)


def test_counts_beyond_the_message_are_refused_at_once() -> None:
    with pytest.raises(Bad):
        reader(3, 1, False)(b"\x7f\xff\xff\xff", 0, [0, 0], True)
    with pytest.raises((Bad, Short)):
        reader(1, 12, True)(b"\0" * 10 + b"\xff\xff\xff\xff\x07", 0, [0, 0], True)


def test_null_where_it_is_not_allowed_is_refused() -> None:
    name = Field("name", "string", False, False, None, "", ())
    with pytest.raises(Bad):
        compiled((name,), False)(b"\xff\xff", 0, [0, 0], True)


def test_secrets_are_shown_only_when_asked() -> None:
    data = b"\0\0\0\2pw"
    assert reader(36, 0, False)(data, 0, [99, 0], True)[0] == '{"auth_bytes":"[redacted]"}'
    assert reader(36, 0, False)(data, 0, [99, 0], False)[0] == '{"auth_bytes":"pw"}'


def test_an_api_nobody_knows() -> None:
    with pytest.raises(KeyError):
        reader(500, 0, False)
