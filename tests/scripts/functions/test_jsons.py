"""Reading JSON: in DuckDB's SQL where the key is a constant, in Python otherwise, with the same results."""

from typing import Any

import pytest
from tests.scripts.functions.conftest import Calculator, Constant, fold

from pxcap.scripts.types import INT64, STRING

OBJECT = (
    '{"a":{"b":[1,2]},"s":"te\\"xt","n":null,"i":5,"f":2.5,"t":true,"x.y":"dot","big":9223372036854775808,"neg":-7}'
)


@pytest.mark.parametrize(
    ("name", "key", "result"),
    [
        ("pluck", "a", '{"b":[1,2]}'),
        ("pluck", "s", 'te"xt'),
        ("pluck", "n", ""),
        ("pluck", "i", "5"),
        ("pluck", "f", "2.5"),
        ("pluck", "t", "true"),
        ("pluck", "x.y", "dot"),
        ("pluck", "missing", ""),
        ("pluck_int64", "i", 5),
        ("pluck_int64", "neg", -7),
        ("pluck_int64", "f", 0),
        ("pluck_int64", "s", 0),
        ("pluck_int64", "big", 0),
        ("pluck_int64", "missing", 0),
        ("pluck_float64", "f", 2.5),
        ("pluck_float64", "i", 5.0),
        ("pluck_float64", "s", 0.0),
        ("pluck_float64", "n", 0.0),
    ],
)
def test_pluck(name: str, key: str, result: object, both: list[Calculator]) -> None:
    found = fold(name, OBJECT, key)
    assert found == result
    assert type(found) is type(result)
    assert both[0].call(name, [STRING, STRING], [(OBJECT, key)]) == [result]  # the key is not known: in Python


@pytest.mark.parametrize("text", ["", "{bad", "[1]", "5", "null", '"a"', "[" * 100_000])
def test_what_is_no_object_has_no_members(text: str, both: list[Calculator]) -> None:
    for types, row in (([STRING, Constant("a")], (text, 0)), ([STRING, STRING], (text, "a"))):
        assert both[0].call("pluck", types, [row]) == [""]
        assert both[0].call("pluck_int64", types, [row]) == [0]
        assert both[0].call("pluck_float64", types, [row]) == [0.0]


@pytest.mark.parametrize("key", ['quo"te', "back\\slash", "*", "", "$.a"])
def test_odd_keys(key: str) -> None:
    import json

    assert fold("pluck", json.dumps({key: "found"}), key) == "found"


@pytest.mark.parametrize(
    ("text", "at", "result"),
    [
        ('["x",{"a":1},null]', 0, "x"),
        ('["x",{"a":1},null]', 1, '{"a":1}'),
        ('["x",{"a":1},null]', 2, ""),
        ('["x"]', 5, ""),
        ('["x"]', -1, ""),
        ('{"0":"x"}', 0, ""),
        ("", 0, ""),
    ],
)
def test_pluck_array(text: str, at: int, result: str, both: list[Calculator]) -> None:
    assert fold("pluck_array", text, at) == result
    assert both[0].call("pluck_array", [STRING, INT64], [(text, at)]) == [result]


def test_of_null_they_are_null(both: list[Calculator]) -> None:
    rows: list[tuple[Any, ...]] = [(None, "a"), ('{"a":1}', "a")]
    for key in (STRING, Constant("a")):
        assert both[0].call("pluck", [STRING, key], rows) == [None, "1"]
        assert both[0].call("pluck_float64", [STRING, key], rows) == [None, 1.0]


def test_script_reference() -> None:
    expected = '{"label":"a\\"b","script":"px/pod","args":{"pod":"ns/p","start":"-5m"}}'
    assert fold("script_reference", 'a"b', "px/pod", "pod", "ns/p", "start", "-5m") == expected
    assert fold("script_reference", "a", "px/pods") == '{"label":"a","script":"px/pods","args":{}}'
