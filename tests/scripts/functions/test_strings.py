"""Functions of text."""

from typing import Any

import pytest
from tests.scripts.functions.conftest import Calculator, Constant, fold

from pxcap.scripts.types import STRING


@pytest.mark.parametrize(
    ("name", "values", "result"),
    [
        ("contains", ("abc", "b"), True),
        ("contains", ("abc", "%"), False),
        ("contains", ("", ""), True),
        ("length", ("é",), 2),
        ("find", ("pixie-labs", "-labs"), 5),
        ("find", ("abc", "z"), -1),
        ("substring", ("checkout", 1, 5), "hecko"),
        ("substring", ("checkout", 6, 50), "ut"),
        ("substring", ("abc", -1, 2), ""),
        ("substring", ("abc", 9, 2), ""),
        ("substring", ("Zoë!", 2, 1), "ë"),
        ("substring", ("abc", 0, 2**40), "abc"),
        ("tolower", ("KÉL",), "kÉl"),
        ("toupper", ("ké",), "Ké"),
        ("trim", (" \t a b\n",), "a b"),
        ("strip_prefix", ("pl/", "pl/kelvin"), "kelvin"),
        ("strip_prefix", ("pl/", "kelvin"), "kelvin"),
        ("atoi", (" 12 ", 0), 12),
        ("atoi", ("-12", 0), -12),
        ("atoi", ("9223372036854775807", 0), 2**63 - 1),
        ("atoi", ("9223372036854775808", -1), -1),
        ("atoi", ("1_0", -1), -1),
        ("atoi", ("0x10", -1), -1),
        ("atoi", ("", 7), 7),
        ("itoa", (-5,), "-5"),
        ("_text", (1e15,), "1000000000000000"),
        ("_text", (0.5,), "0.5"),
        ("regex_match", ("a.*", "a\nb"), True),
        ("regex_match", ("b", "abc"), False),
        ("regex_match", ("(a", "a"), False),
        ("regex_match", (".*[<]REDACTED[_].*[>].*", "x <REDACTED_EMAIL> y"), True),
        ("replace", (r"10\.[0-9]+", "x10.5y", "IP"), "xIPy"),
        ("replace", ("(a)", "banana", r"<\1>"), "b<a>n<a>n<a>"),
        ("replace", ("(a", "banana", "x"), "banana"),
        ("replace", ("a", "banana", r"\9"), "banana"),
        ("replace", ("an", "banana", "-"), "b--a"),
        ("hex_to_ascii", ("68 69",), "hi"),
        ("hex_to_ascii", (r"\x68\x69",), "hi"),
        ("hex_to_ascii", ("6",), ""),
        ("bytes_to_hex", ("é",), "c3a9"),
        ("base64_encode", ("hi",), "aGk="),
        ("base64_decode", ("aGk",), "hi"),
        ("base64_decode", ("_w",), r"\xff"),
        ("base64_decode", ("*",), ""),
        ("url_encode", ("a b/é",), "a%20b%2F%C3%A9"),
        ("url_decode", ("a%20b%2F",), "a b/"),
        ("split", ("a:b:", ":"), '["a","b",""]'),
        ("split", ("a:b", ""), '["a:b"]'),
    ],
)
def test_of_constants(name: str, values: tuple[Any, ...], result: object) -> None:
    found = fold(name, *values)
    assert found == result
    assert type(found) is type(result)


def test_predicates_of_null_are_false_and_the_rest_is_null(both: list[Calculator]) -> None:
    for one in both:
        assert one.call("contains", [STRING, STRING], [(None, "a"), ("a", None)]) == [False, False]
        assert one.call("trim", [STRING], [(None,)]) == [None]
    assert both[0].call("regex_match", [Constant("a"), STRING], [(0, None)]) == [False]
    assert both[0].call("hex_to_ascii", [STRING], [(None,), ("41",)]) == [None, "A"]


RULES = r'{"script": "(?i).*(<|%3C)\s*script.*","bad":"(a", "quote":".*[\"\'`]x.*",}'


@pytest.mark.parametrize(
    ("rules", "text", "name"),
    [
        (RULES, "a\n< SCRIPT>", "script"),
        (RULES, 'a"x', "quote"),
        (RULES, "(a", ""),
        ('{"one":"a.*","two":"ab"}', "ab", "one"),
        ('{"one":"a\\\\d"}', "a1", "one"),
        ("", "a", ""),
        ("[1]", "a", ""),
    ],
)
def test_match_regex_rule(rules: str, text: str, name: str) -> None:
    assert fold("match_regex_rule", rules, text) == name


def test_patterns_of_others_do_not_take_for_ever() -> None:
    assert fold("match_regex_rule", '{"slow":"(?:[^:=]+:.+;)*?[^:=]+:url.*"}', "a:b;" * 5000) == ""


@pytest.mark.parametrize(
    ("pattern", "pushed"),
    [
        (r"127\.0\.0\.[0-9]+", True),
        (".*(GET|POST) /a-b.*", True),
        (".*[<]REDACTED[_].*[>].*", True),
        ("[^a-c]*", True),
        (r"\d+", False),
        ("a{2}", False),
        ("(?i)abc", False),
        ("[[:alpha:]]", False),
        ("(a", False),
        ("^a$", False),
        ("a**", False),
    ],
)
def test_patterns_that_mean_the_same_in_both_databases_are_pushed(
    pattern: str, pushed: bool, both: list[Calculator]
) -> None:
    texts = ["", "127.0.0.1", "127a0.0.1", "x GET /a-b?c\nd", "<REDACTED_x>", "aa", "ddé", "12", "ABC", "(a", "a\nb"]
    rows = [(0, text) for text in texts]
    duck, post = (one.call("regex_match", [Constant(pattern), STRING], rows) for one in both)
    assert post == (duck if pushed else None)
