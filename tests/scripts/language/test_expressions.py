"""Operators: constants are computed, columns become functions."""

from collections.abc import Callable

import pytest

from pxcap.scripts.functions import resolve
from pxcap.scripts.language import expressions
from pxcap.scripts.language.builder import Builder
from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.plan import Call, Literal, Operator, Project
from pxcap.scripts.types import BOOLEAN, INT64, STRING, Data, Semantic


def made(plan: Operator, name: str = "x") -> object:
    assert isinstance(plan, Project)
    return dict(plan.columns)[name]


CONSTANTS: dict[str, object] = {
    "1 + 2 * 3": 7,
    "7 / 2": 3.5,
    "6 / 2": 3.0,
    "1.5 * 2": 3.0,
    "'a' + 'b'": "ab",
    "-(3)": -3,
    "+3": 3,
    "~0": -1,
    "1 == 1.0": True,
    "'a' < 'b'": True,
    "not True": False,
    "True and not False or False": True,
    "px.seconds(5)": 5_000_000_000,
    "1_000 - 1": 999,
}


@pytest.mark.parametrize(("text", "value"), CONSTANTS.items(), ids=CONSTANTS.keys())
def test_constants(plan: Callable[[str], Operator], text: str, value: object) -> None:
    found = made(plan(f"df.x = {text}"))
    assert isinstance(found, Literal)
    assert found.value == value
    assert type(found.value) is type(value)


REFUSED = {
    "1 / 0": "1:8: division by zero",
    "9223372036854775807 + 1": "1:8: a number of more than 64 bits",
    "1e308 * 10": "1:8: inf is not a number",
    "'a' * 1000": "1:8: multiply(STRING, INT64): expected multiply(INT64, INT64) or (FLOAT64, FLOAT64)",
    "10 ** 10 ** 10": "1:14: '**' is not part of PxL",
    "1 // 2": "1:8: '//' is not part of PxL",
    "1 and True": "1:8: a side of 'and' is 1, expected BOOLEAN",
    "not df.latency": "1:8: what stands behind 'not' is the column 'latency' (INT64), expected BOOLEAN",
    "df + 1": "1:8: a side of '+' is a frame, expected an expression",
    "1 < 2 < 3": "1:8: several comparisons in a row are not part of PxL: write a < b and b < c",
    "df.latency in [1]": "1:8: 'in' is not part of PxL (px.equals_any compares with several values)",
    "-'a'": "1:8: negate(STRING): expected negate(INT64) or (FLOAT64)",
    "'\\0'": "1:8: a string with a character that no text can hold",
    "'\\ud800'": "1:8: a string with a character that no text can hold",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=range(len(REFUSED)))
def test_refused(refusal: Callable[[str], str], text: str, said: str) -> None:
    assert refusal(f"df.x = {text}") == said


def test_strings_do_not_grow_without_end(refusal: Callable[[str], str]) -> None:
    assert refusal("a = 'aaaaaaaa'\n" + "a = a + a\n" * 40).endswith("a string of more than 65536 characters")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("df.req_path != '/health' or not True", "notEqual"),
        ("not True or df.req_path != '/health'", "notEqual"),
        ("df.req_path != '/health' and True", "notEqual"),
    ],
)
def test_a_constant_side_that_does_not_decide_is_left_out(
    plan: Callable[[str], Operator], text: str, name: str
) -> None:
    found = made(plan(f"df.x = {text}"))
    assert isinstance(found, Call)
    assert found.function == name


@pytest.mark.parametrize(
    ("text", "value"), [("df.req_path != '' or True", True), ("False and df.req_path != ''", False)]
)
def test_a_constant_side_that_decides_is_all(plan: Callable[[str], Operator], text: str, value: bool) -> None:
    found = made(plan(f"df.x = {text}"))
    assert isinstance(found, Literal)
    assert found.value is value


def test_long_chains_are_no_deep_calls(plan: Callable[[str], Operator]) -> None:
    assert isinstance(made(plan("df.x = " + " + ".join(["1"] * 400))), Literal)


def test_functions_of_constants_are_computed_now(plan: Callable[[str], Operator]) -> None:
    found = made(plan("df.x = px.length('abc') - 1"))
    assert isinstance(found, Literal)
    assert found.value == 2


def test_large_constants_are_left_to_the_engine() -> None:
    builder = Builder()
    long = builder.literal("a" * 2000, STRING)
    assert isinstance(expressions.called(builder, "length", [long]), Call)


def test_the_type_of_a_computed_constant_is_that_of_the_function() -> None:
    builder = Builder()
    found = expressions.called(builder, "divide", [builder.literal(1, INT64), builder.literal(2, INT64)])
    assert found.type == resolve("divide", [INT64, INT64])
    assert found.type.data is Data.FLOAT64


def test_durations_keep_what_they_are(plan: Callable[[str], Operator]) -> None:
    found = made(plan("w = px.DurationNanos(10 * 1000)\ndf.x = df.resp_body_size / w"))
    assert isinstance(found, Call)
    assert found.type.semantic is Semantic.THROUGHPUT_BYTES_PER_NS


def test_protocols_may_be_compared_with_numbers() -> None:
    builder = Builder()
    column, zero = builder.column("protocol", STRING), builder.literal(0, INT64)
    found = expressions.compared(builder, "equal", column, zero)
    assert found is expressions.compared(builder, "equal", expressions.called(builder, "protocol_name", [column]),
                                         builder.literal("Unknown", STRING))  # fmt: skip
    assert found.type == BOOLEAN


def test_only_truth_is_true() -> None:
    builder = Builder()
    with pytest.raises(ScriptError, match="a filter is the string 'a', expected BOOLEAN"):
        expressions.require_truth(builder.literal("a", STRING), "a filter")
