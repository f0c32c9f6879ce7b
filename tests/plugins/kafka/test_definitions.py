import pytest

from pxcap.plugins.kafka import definitions
from pxcap.plugins.kafka.definitions import APIS, LAST_KEY, fields, flexible, known
from pxcap.plugins.kafka.types import Field

TYPES = {
    "bool",
    "int8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "float64",
    "string",
    "uuid",
    "bytes",
    "records",
    "{}",
}


def test_every_key_of_kafka_4_is_there() -> None:
    assert sorted(APIS) == list(range(LAST_KEY + 1))
    assert LAST_KEY == 92
    assert len({api.name for api in APIS.values()}) == len(APIS)


def flat(declared: tuple[Field, ...]) -> list[Field]:
    return [one for field in declared for one in (field, *flat(field.fields))]


def test_every_field_of_every_version_makes_sense() -> None:
    for key, api in APIS.items():
        assert 0 <= api.first <= api.last
        for version in range(api.first, api.last + 1):
            for response in (False, True):
                for field in flat(fields(key, version, response)):
                    assert field.type in TYPES
                    assert (field.type == "{}") == bool(field.fields), (key, version, field)
                    assert field.tag is None or flexible(key, version)
                    assert field.flag in ("", "secret", "config", "subscription", "assignment")


def names(key: int, version: int, response: bool = False) -> list[str]:
    return [field.name for field in fields(key, version, response)]


def test_versions_decide_what_is_there() -> None:
    assert names(0, 2) == ["acks", "timeout_ms", "topics"]
    assert names(0, 3) == ["transactional_id", "acks", "timeout_ms", "topics"]
    assert names(1, 17)[-1] == "rack_id"
    assert [field.name for field in fields(1, 12, False)[-2].fields] == ["name", "partition_indices"]
    assert [field.name for field in fields(1, 13, False)[-2].fields] == ["topic_id", "partition_indices"]
    assert not fields(3, 0, False)[0].nullable
    assert fields(3, 1, False)[0].nullable


def test_what_is_known() -> None:
    assert known(0, 13)
    assert not known(0, 14)
    assert not known(93, 0)
    assert (flexible(0, 8), flexible(0, 9), flexible(17, 1)) == (False, True, False)
    with pytest.raises(KeyError):
        fields(93, 0, False)


def test_a_line_that_is_no_field_is_refused() -> None:
    with pytest.raises(ValueError, match="not a field"):
        definitions._parse("  name int32 tag 3 4")
