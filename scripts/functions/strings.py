"""Functions of text. Lengths are bytes, as sizes are everywhere; positions are characters, which are never cut in two."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pxcap.core.text import to_json, to_text
from pxcap.scripts.functions.arrays import distinct, over_distinct
from pxcap.scripts.functions.base import B, F, Function, I, Overload, S, T, Writing, float_text, quoted
from pxcap.scripts.functions.operators import inherited

if TYPE_CHECKING:
    import pyarrow as pa

_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_SPACE = quoted(" \t\n\v\f\r")
_TEXT, _TEXT_TWICE = (Overload((S,), S),), (Overload((S, S), S),)
_PLAIN = re.compile(r"[\w \-/<>\"'=,:;@#%&~!]*", re.ASCII)  # means itself in every dialect of regular expressions
_COMMON = re.compile(  # and what means the same in both databases', as long as only the whole is asked for
    r"(?:[\w \-/<>\"'=,:;@#%&~!]|\.|[*+?](?![*+?])|\|(?![*+?{])|\((?![*+?{])|\)|\\[.\-/?*+()\[\]]"
    r"|\[\^?[\w .<>/:=@%&~!#,;\"'(){}*+?$-]+\])*",
    re.ASCII,
)


def _contains(call: Writing) -> str:
    return f"COALESCE(strpos({call.args[0]}, {call.args[1]}) > 0, FALSE)"


def _length(call: Writing) -> str:
    return call.choose(f"strlen({call.args[0]})", f"octet_length({call.args[0]})::BIGINT")


def _find(call: Writing) -> str:
    return f"(strpos({call.args[0]}, {call.args[1]}) - 1)::BIGINT"


def _substring(call: Writing) -> str:
    text, start, count = call.args
    first, most = (f"least(greatest({one}, 0), 1000000000)::INT" for one in (start, count))
    return (
        f"(CASE WHEN {start} < 0 OR {count} < 0 OR {start} > length({text}) THEN ''"
        f" ELSE substring({text}, {first} + 1, {most}) END)"
    )


def _strip_prefix(call: Writing) -> str:
    prefix, text = call.args
    return (
        f"(CASE WHEN starts_with({text}, {prefix}) THEN substring({text}, (length({prefix}) + 1)::INT) ELSE {text} END)"
    )


def _atoi(call: Writing) -> str:
    text, otherwise = call.args
    trimmed = f"trim({text}, {_SPACE})" if call.dialect == "duckdb" else f"btrim({text}, {_SPACE})"
    digits = "'^[+-]?[0-9]{1,30}$'"
    return call.choose(
        f"(CASE WHEN {text} IS NOT NULL THEN COALESCE(CASE WHEN regexp_matches({trimmed}, {digits})"
        f" THEN TRY_CAST({trimmed} AS BIGINT) END, {otherwise}) END)",
        f"(CASE WHEN {trimmed} ~ {digits} THEN CASE WHEN ({trimmed})::NUMERIC BETWEEN -9223372036854775808"
        f" AND 9223372036854775807 THEN ({trimmed})::BIGINT ELSE {otherwise} END"
        f" WHEN {text} IS NOT NULL THEN {otherwise} END)",
    )


def _text(call: Writing) -> str:
    if call.given[0].type.data is F:
        return float_text(call.args[0])
    return f"({call.args[0]})::TEXT"


def _regex_match(call: Writing) -> str | None:
    """Of the whole text; false where the pattern is none."""
    pattern, text = call.args
    if call.dialect == "duckdb":
        return f"COALESCE(TRY(regexp_full_match({text}, {pattern}, 's')), FALSE)"
    known = call.constant(0)
    if isinstance(known, str) and _COMMON.fullmatch(known) and _compiles(known):
        return f"COALESCE({text} ~ {quoted(f'^(?:{known})$')}, FALSE)"
    return None


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError):
        return False
    return True


def _replace(call: Writing) -> str | None:
    r"""Every match of a pattern; `\1` in what is put there is what the first group matched."""
    pattern, text, put = call.args
    known, new = call.constant(0), call.constant(2)
    if isinstance(known, str) and isinstance(new, str) and known and _PLAIN.fullmatch(known) and "\\" not in new:
        return f"replace({text}, {pattern}, {put})"
    if call.dialect == "postgres":
        return None
    return f"COALESCE(TRY(regexp_replace({text}, {pattern}, {put}, 'g')), {text})"


_RULE = re.compile(r'"([^"\\]+)"\s*:\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)


@lru_cache(64)
def _rules(text: str) -> tuple[tuple[str, str], ...]:
    """Names and patterns; patterns are often written into JSON without the escapes it wants, which is taken as meant."""
    try:
        listed = json.loads(text)
        return tuple((str(name), str(pattern)) for name, pattern in listed.items())
    except (ValueError, AttributeError, RecursionError):
        return tuple((match[1], match[2].replace('\\"', '"')) for match in _RULE.finditer(text))


def _match_regex_rule(rules: "pa.Array", texts: "pa.Array") -> "pa.Array":
    """By Arrow, which has RE2, as patterns of others must not take for ever."""

    def found(rows: Sequence[tuple[str | None, str | None]]) -> list[str | None]:
        results: list[str | None] = [None if None in row else "" for row in rows]
        for one in {rule for rule, _ in rows if rule is not None}:
            places = [at for at, (rule, text) in enumerate(rows) if rule == one and text is not None]
            for name, pattern in reversed(_rules(one)):
                for at, matched in zip(places, _matches([rows[at][1] for at in places], pattern), strict=True):
                    results[at] = name if matched else results[at]
        return results

    return over_distinct([rules, texts], found, S)


def _matches(texts: "list[str | None]", pattern: str) -> list[bool]:
    """Which texts a pattern matches as a whole; none where it is no pattern."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return list(pc.match_substring_regex(pa.array(texts, pa.string()), rf"\A(?s:{pattern})\z").to_pylist())
    except pa.ArrowInvalid:
        return [False] * len(texts)


def _hex_to_ascii(text: str) -> str:
    try:
        return to_text(bytes.fromhex(re.sub(r"\\x|[ :-]", "", text)))
    except ValueError:
        return ""


def _base64_decode(text: str) -> str:
    try:
        data = base64.b64decode(text.translate({45: 43, 95: 47}) + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return to_text(data)


FUNCTIONS = (
    Function("contains", "Whether the first text has the second in it.", (Overload((S, S), B),), write=_contains),
    Function("length", "Bytes of the text.", (Overload((S,), I),), write=_length),
    Function("find", "Where the second text first is in the first, counted from 0; -1 when it is not.",
             (Overload((S, S), I),), write=_find),
    Function("substring", "So many characters (third value) of a text, from a position counted from 0 (second).",
             (Overload((S, I, I), S),), write=_substring),
    Function("tolower", "The text with ASCII letters small.", _TEXT, inherited,
             lambda call: f"translate({call.args[0]}, '{_UPPER}', '{_LOWER}')"),
    Function("toupper", "The text with ASCII letters capital.", _TEXT, inherited,
             lambda call: f"translate({call.args[0]}, '{_LOWER}', '{_UPPER}')"),
    Function("trim", "The text without ASCII space around it.", _TEXT, write=lambda call: call.choose(
        f"trim({call.args[0]}, {_SPACE})", f"btrim({call.args[0]}, {_SPACE})")),
    Function("strip_prefix", "The second text without the first where it begins with it.", _TEXT_TWICE, write=_strip_prefix),
    Function("atoi", "The text as an integer, or the second value where it is none.", (Overload((S, I), I),), write=_atoi),
    Function("itoa", "The integer as text.", (Overload((I,), S),), write=_text),
    Function("_text", "Any value as text.", tuple(Overload((one,), S) for one in (B, I, T, F, S)), write=_text),
    Function("regex_match", "Whether the whole second text matches the first, a pattern in RE2's syntax.",
             (Overload((S, S), B),), write=_regex_match),
    Function("replace", "The second text with every match of the first, a pattern in RE2's syntax, replaced by the third.",
             (Overload((S, S, S), S),), write=_replace),
    Function("match_regex_rule", "The name of the first rule whose pattern matches the whole second text; rules as JSON.",
             _TEXT_TWICE, arrow=_match_regex_rule),
    Function("hex_to_ascii", "What hexadecimal digits say; empty when they say nothing.", _TEXT,
             arrow=distinct(_hex_to_ascii, S)),
    Function("bytes_to_hex", "The text's bytes as hexadecimal digits.", _TEXT,
             arrow=distinct(lambda text: text.encode().hex(), S)),
    Function("base64_encode", "The text in base64.", _TEXT,
             arrow=distinct(lambda text: base64.b64encode(text.encode()).decode(), S)),
    Function("base64_decode", "What base64 says, of either alphabet; empty when it is none.", _TEXT,
             arrow=distinct(_base64_decode, S)),
    Function("url_encode", "The text with everything escaped that cannot stand in a URL.", _TEXT,
             arrow=distinct(lambda text: quote(text, safe=""), S)),
    Function("split", "The parts of a text between separators, the second, as a JSON array.", _TEXT_TWICE,
             arrow=distinct(lambda text, separator: to_json(text.split(separator) if separator else [text]), S)),
    Function("url_decode", "The text of a URL without escapes.", _TEXT, arrow=distinct(unquote, S)),
)  # fmt: skip
