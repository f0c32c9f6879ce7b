"""The schema texts as fields of one API, version and direction."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from pxcap.plugins.kafka.schema import TEXTS
from pxcap.plugins.kafka.types import Api, Field

_FIELD = re.compile(
    r"(?P<name>\w+) (?P<array>\[\])?(?P<type>\w+|\{\})?(?P<null>\?\d*)?"
    r"(?: (?P<low>\d+)(?:-(?P<high>\d+)|\+))?(?: tag(?P<tag>\d+))?(?: (?P<flag>[a-z]+))?"
)
_NEVER = 1 << 15  # a version that no API reaches


@dataclass(frozen=True, slots=True)
class _Line:
    depth: int
    low: int
    high: int
    null: int
    field: Field


def _load() -> tuple[dict[int, Api], dict[tuple[int, bool], list[str]]]:
    apis: dict[int, Api] = {}
    lines: dict[tuple[int, bool], list[str]] = {}
    key, response = -1, False
    for text in TEXTS:
        for line in text.splitlines():
            if line[0] != " ":
                number, name, versions, flexible = line.split()
                key = int(number)
                first, last = map(int, versions.split("-"))
                apis[key] = Api(key, name, first, last, _NEVER if flexible == "none" else int(flexible[:-1]))
            elif line[1] != " ":
                response = line == " response"
                lines[key, response] = []
            else:
                lines[key, response].append(line)
    return apis, lines


APIS, _LINES = _load()
LAST_KEY = max(APIS)


def known(key: int, version: int) -> bool:
    """Whether the layout of a version is known."""
    api = APIS.get(key)
    return api is not None and api.first <= version <= api.last


def flexible(key: int, version: int) -> bool:
    """Whether a version has compact lengths and tagged fields (KIP-482)."""
    return version >= APIS[key].flexible


@lru_cache(maxsize=1024)
def fields(key: int, version: int, response: bool) -> tuple[Field, ...]:
    """The fields of a message in wire order; KeyError when the API is not known."""
    lines = [_parse(line) for line in _LINES[key, response]]
    return _nest(lines, 0, 2, version)[0]


def _parse(line: str) -> _Line:
    stripped = line.lstrip()
    found = _FIELD.fullmatch(stripped)
    if found is None:
        raise ValueError(f"not a field: {stripped!r}")
    low = int(found["low"] or 0)
    high = int(found["high"]) if found["high"] else _NEVER
    null = int(found["null"][1:] or 0) if found["null"] else _NEVER
    kind = found["type"] or "{}"
    tag = int(found["tag"]) if found["tag"] else None
    field = Field(found["name"], kind, bool(found["array"]), False, tag, found["flag"] or "", ())
    return _Line(len(line) - len(stripped), low, high, null, field)


def _nest(lines: list[_Line], at: int, depth: int, version: int) -> tuple[tuple[Field, ...], int]:
    found: list[Field] = []
    while at < len(lines) and lines[at].depth >= depth:
        line = lines[at]
        inner, at = _nest(lines, at + 1, depth + 1, version)
        if line.low <= version <= line.high:
            found.append(replace(line.field, nullable=version >= line.null, fields=inner))
    return tuple(found), at
