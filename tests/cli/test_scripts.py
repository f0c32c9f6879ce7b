"""Finding scripts and reading their arguments."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.toy import TOY

from pxcap.cli.scripts import all_scripts, data_script, find_script, limit_of, parameters, parse_arguments, parse_time
from pxcap.core.errors import UsageError
from pxcap.core.registry import load_registry

HTTP = all_scripts()["px/http_data"]


def test_defaults() -> None:
    assert parse_arguments(HTTP, []) == {
        "start_time": 0,
        "source_filter": "",
        "destination_filter": "",
        "max_num_records": 1000,
    }
    assert parse_arguments(all_scripts()["px/schemas"], []) == {}


def test_both_spellings_dashes_and_pixies_other_names() -> None:
    values = parse_arguments(HTTP, ["--start", "-5m", "--source-filter=10.0.", "--num_head", "7"])
    assert (values["start_time"], values["source_filter"], values["max_num_records"]) == (-300 * 10**9, "10.0.", 7)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nope", "1"], "px/http_data has no argument '--nope'"),
        (["start_time", "1"], "px/http_data has no argument 'start_time'"),
        (["--start_time"], "--start_time needs a value"),
        (["--start_time", "yesterday"], "start_time is 'yesterday', expected"),
        (["--max_num_records", "-1"], "max_num_records is '-1', expected a whole number"),
        (["--max_num_records", "9" * 30], "expected a whole number"),
    ],
)
def test_wrong_arguments(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_arguments(HTTP, words)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("", 0),
        ("-90s", -90 * 10**9),
        ("-2h", -7200 * 10**9),
        ("-1d", -86400 * 10**9),
        ("-250ms", -250 * 10**6),
        ("1795429875241000001", 1795429875241000001),
        ("2026-11-23", 1795392000 * 10**9),
        ("2026-11-23 10:31", 1795429860 * 10**9),
        ("2026-11-23T10:31:15.241Z", 1795429875241 * 10**6),
    ],
)
def test_times(text: str, ns: int) -> None:
    assert parse_time(text) == ns


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_any_time_is_taken_or_refused_as_misuse(text: str) -> None:
    with suppress(UsageError):
        assert -(2**63) <= parse_time(text) < 2**63


def test_one_record_more_is_asked_for_than_shown() -> None:
    assert parameters({"max_num_records": 5, "x": 5}) == {"max_num_records": 6, "x": 5}
    assert parameters({"max_num_records": 0}) == {"max_num_records": 2**63 - 1}
    assert (limit_of({"max_num_records": 5}), limit_of({})) == (5, 0)


@pytest.mark.parametrize(
    ("name", "hint"), [("px/htp_data", "px/http_data"), ("dns_dat", "px/dns_data"), ("zzz", "list")]
)
def test_unknown_script_names_what_comes_near(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_script(name)
    assert name in str(caught.value)
    assert hint in caught.value.hint


def test_first_columns_are_columns() -> None:
    for script in all_scripts().values():
        assert all(name in script.sql for name in script.first)


def test_every_protocol_has_a_script_that_shows_its_records() -> None:
    for spec in load_registry().protocols:
        script = all_scripts()[f"px/{spec.name}_data"]
        assert f"FROM {spec.table}" in script.sql


def test_a_plugins_own_protocol_has_one_too() -> None:
    script = data_script(TOY)
    assert script.name == "px/toy_data"
    assert all(column.name in script.sql for column in TOY.columns)
    assert parse_arguments(script, ["--num_head", "3"])["max_num_records"] == 3
