"""Names of protocols, and functions of plugins."""

from dataclasses import replace
from typing import Any

import pytest
from tests.scripts.functions.conftest import Calculator, fold

from pxcap.core.errors import PluginError
from pxcap.core.functions import ScriptFunction, code_names
from pxcap.scripts.functions import protocols
from pxcap.scripts.functions.base import Writing
from pxcap.scripts.names import Names
from pxcap.scripts.plan import Column
from pxcap.scripts.types import INT64, STRING


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("protocol_name", 0, "Unknown"),
        ("protocol_name", 10, "Kafka"),
        ("protocol_name", 9999, "Invalid (9999)"),
        ("protocol_name", "http", "HTTP"),
        ("protocol_name", "pgsql", "PGSQL"),
        ("protocol_name", "", "Unknown"),
        ("protocol_name", "pebble", "pebble"),
        ("kafka_api_key_name", 1, "Fetch"),
        ("kafka_api_key_name", 9999, "9999"),
        ("http_resp_message", 400, "Bad Request"),
        ("http_resp_message", 0, "Unassigned"),
    ],
)
def test_names(name: str, value: int | str, result: str) -> None:
    assert fold(name, value) == result


def test_of_null_they_are_null(both: list[Calculator]) -> None:
    for one in both:
        assert one.call("kafka_api_key_name", [INT64], [(None,), (3,)]) == [None, "Metadata"]
        assert one.call("protocol_name", [STRING], [(None,), ("dns",)]) == [None, "DNS"]


@pytest.mark.parametrize("size", [0, 2, 40])
def test_tables_of_any_size(size: int, both: list[Calculator]) -> None:
    write = protocols.named({number: f"n'{number}" for number in range(size)}, "'other ' || {0}")
    for one in both:
        text = write(Writing(one.dialect, ["c0"], [Column("c0", INT64)], Names()))
        found = one.run(f"SELECT {text} FROM t ORDER BY r", ["c0"], [INT64], [(1,), (99,), (None,)], Names())
        assert found == ["n'1" if size > 1 else "other 1", "other 99", None]


GOOD = ScriptFunction("pebble_size", "Bytes of a key.", ("text",), "int", len)


@pytest.mark.parametrize(
    ("given", "names", "fault"),
    [
        (GOOD, ["pebble_size"], ""),
        (code_names("pebble_kind", "Kinds.", {1: "{x}"}, "{none}"), ["pebble_kind"], ""),
        (replace(GOOD, name="add"), [], "plugin pebble: there is already a function add"),
        (replace(GOOD, name="no name"), [], "plugin pebble: 'no name' is no name of a function"),
        (replace(GOOD, name="class"), [], "plugin pebble: 'class' is no name of a function"),
        (replace(GOOD, result="blob"), [], "plugin pebble: pebble_size has unknown types: blob"),  # type: ignore[arg-type]
    ],
)
def test_functions_of_plugins(
    given: ScriptFunction, names: list[str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Registry:
        def functions(self) -> tuple[list[tuple[str, ScriptFunction]], list[str]]:
            return [("pebble", given)], []

    monkeypatch.setattr(protocols, "load_registry", Registry)
    found, faults = protocols.of_plugins({"add": 0})
    assert [one.name for one in found] == names
    assert faults == [fault] * bool(fault)


def test_a_plugins_function_is_asked_once_for_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa

    asked: list[Any] = []
    made = protocols._of_plugin("pebble", replace(GOOD, apply=lambda text: asked.append(text) or len(text)))  # type: ignore[func-returns-value]
    assert made.arrow is not None
    assert made.arrow(pa.array(["ab", "ab", None, "c"])).to_pylist() == [2, 2, None, 1]
    assert asked == ["ab", "c"]


def test_braces_in_a_plugins_names_are_text(both: list[Calculator]) -> None:
    made = protocols._of_plugin("pebble", code_names("pebble_kind", "Kinds.", {1: "{x}"}, "{none}"))
    assert made.write is not None
    for one in both:
        text = made.write(Writing(one.dialect, ["c0"], [Column("c0", INT64)], Names()))
        assert one.run(f"SELECT {text} FROM t ORDER BY r", ["c0"], [INT64], [(1,), (2,)], Names()) == ["{x}", "{none}"]


@pytest.mark.parametrize(
    ("apply", "fault"),
    [
        (lambda text: text, "plugin pebble: px.pebble_size gave str, expected int"),
        (lambda text: {}[text], "plugin pebble: px.pebble_size: KeyError: 'ab'"),
    ],
)
def test_a_plugins_function_that_fails_is_named(apply: Any, fault: str) -> None:
    import pyarrow as pa

    made = protocols._of_plugin("pebble", replace(GOOD, apply=apply))
    assert made.arrow is not None
    with pytest.raises(PluginError) as caught:
        made.arrow(pa.array(["ab"]))
    assert str(caught.value) == fault
