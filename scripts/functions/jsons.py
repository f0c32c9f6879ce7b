"""Functions that read JSON: what is missing or of another type is "" or 0, as Pixie has it; only of NULL it is NULL."""

import json
from typing import Any

from pxcap.core.text import to_json
from pxcap.scripts.functions.arrays import distinct
from pxcap.scripts.functions.base import F, Function, I, Overload, S, Writing, quoted
from pxcap.scripts.types import Semantic

_NUMBERS = "('BIGINT', 'UBIGINT', 'DOUBLE')"


def _path(call: Writing) -> str | None:
    """SQL of the place in the JSON; None for keys that must be looked up in Python."""
    key = call.constant(1)
    if isinstance(key, str) and key and not set(key) & set('"\\*\0'):
        return quoted(f'$."{key}"')
    return None


def _pluck(call: Writing) -> str | None:
    path = _path(call)
    if call.dialect == "postgres" or path is None:
        return None
    return _or(call.args[0], f"TRY(json_extract_string({call.args[0]}, {path}))", "''")


def _pluck_int(call: Writing) -> str | None:
    path = _path(call)
    if call.dialect == "postgres" or path is None:
        return None
    text = call.args[0]
    kind = f"TRY(json_type({text}, {path}))"
    return _or(
        text,
        f"CASE WHEN {kind} IN ('BIGINT', 'UBIGINT') THEN TRY_CAST(json_extract_string({text}, {path}) AS BIGINT) END",
        "0",
    )


def _pluck_float(call: Writing) -> str | None:
    path = _path(call)
    if call.dialect == "postgres" or path is None:
        return None
    text = call.args[0]
    kind = f"TRY(json_type({text}, {path}))"
    return _or(
        text, f"CASE WHEN {kind} IN {_NUMBERS} THEN TRY_CAST(json_extract_string({text}, {path}) AS DOUBLE) END", "0"
    )


def _pluck_array(call: Writing) -> str | None:
    at = call.constant(1)
    if call.dialect == "postgres" or not isinstance(at, int) or not 0 <= at < 2**31:
        return None
    return _or(call.args[0], f"TRY(json_extract_string({call.args[0]}, '$[{at}]'))", "''")


def _or(text: str, found: str, otherwise: str) -> str:
    return f"(CASE WHEN {text} IS NOT NULL THEN COALESCE({found}, {otherwise}) END)"


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _member(text: str, key: str) -> Any:
    whole = _read(text)
    return whole.get(key) if isinstance(whole, dict) else None


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value)


def _int(text: str, key: str) -> int:
    value = _member(text, key)
    return value if type(value) is int and abs(value) < 2**63 else 0


def _float(text: str, key: str) -> float:
    value = _member(text, key)
    return float(value) if type(value) in (int, float) and abs(value) < 1e308 else 0.0


def _element(text: str, at: int) -> str:
    whole = _read(text)
    return _shown(whole[at]) if isinstance(whole, list) and 0 <= at < len(whole) else ""


def _reference(call: Writing) -> str:
    """Not by a function that makes objects: the databases put spaces in different places."""
    args = [f"to_json({one})::TEXT" for one in call.args]
    pairs = " || ',' || ".join(f"{name} || ':' || {value}" for name, value in zip(args[2::2], args[3::2], strict=True))
    inside = f" || {pairs}" if pairs else ""
    return f"""('{{"label":' || {args[0]} || ',"script":' || {args[1]} || ',"args":{{'{inside} || '}}}}')"""


FUNCTIONS = (
    Function("pluck", "The value of a key of a JSON object as text.", (Overload((S, S), S),), write=_pluck,
             arrow=distinct(lambda text, key: _shown(_member(text, key)), S)),
    Function("pluck_int64", "The value of a key of a JSON object, an integer.", (Overload((S, S), I),), write=_pluck_int,
             arrow=distinct(_int, I)),
    Function("pluck_float64", "The value of a key of a JSON object, a number.", (Overload((S, S), F),), write=_pluck_float,
             arrow=distinct(_float, F)),
    Function("pluck_array", "One element of a JSON array as text, counted from 0.", (Overload((S, I), S),),
             write=_pluck_array, arrow=distinct(_element, S)),
    Function("script_reference", "A link to a script: label, name, then names and values of its arguments in turn.",
             (Overload((S, S), S, more=2),), lambda _: Semantic.SCRIPT_REFERENCE, _reference),
)  # fmt: skip
