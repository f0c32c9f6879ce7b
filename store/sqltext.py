"""Just enough of SQL's lexical rules to find statement ends, names, calls and parameters outside of text and comments.

Both databases share these rules; dollar quoting, nested comments and E'' strings are PostgreSQL's (manual of version 15,
section 4.1) and mean nothing in valid SQLite statements.
"""

import re
from collections.abc import Iterator, Mapping

from pxcap.core.errors import UsageError

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<text>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*')
    | (?P<dollar>\$(?P<tag>[^\W\d]\w*|)\$.*?\$(?P=tag)\$)
    | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*")
    | (?P<name>[^\W\d][\w$]*)
    | (?P<cast>::)
    | (?P<param>:[^\W\d]\w*)
    | (?P<number>[\d.][\w.]*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def tokens(sql: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and position of everything; the texts joined give the SQL again."""
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        assert match is not None  # the last branch takes any character
        kind, text = match.lastgroup or "", match[0]
        if match["comment"]:
            kind, text = "space", sql[at : _comment_end(sql, at)]
        elif match["dollar"]:
            kind = "text"
        yield kind, text, at
        at += len(text)


def one_statement(sql: str) -> str:
    """The statement without the semicolon at its end.

    Raises:
        UsageError: There is none, or more than one.
    """
    end = None
    seen = False
    for kind, text, at in tokens(sql):
        if kind == "space":
            continue
        if text == ";" and kind == "other":
            end = at if end is None else end
        elif end is not None:
            raise UsageError(f"only one statement at a time (the second begins at character {at + 1})")
        else:
            seen = True
    if not seen:
        raise UsageError("no SQL statement given", "pxcap sql 'SELECT * FROM http_events LIMIT 10'")
    return sql if end is None else sql[:end]


def identifiers(sql: str) -> set[str]:
    """All names, unquoted ones in lower case."""
    return {_plain(kind, text) for kind, text, at in tokens(sql) if kind in ("name", "quoted")}


def first_word(sql: str) -> str:
    """The first name in lower case; empty when something else comes first."""
    for kind, text, _ in tokens(sql):
        if kind != "space":
            return text.lower() if kind == "name" else ""
    return ""


def calls(sql: str) -> set[str]:
    """Names directly in front of an opening parenthesis: every function called is among them."""
    found: set[str] = set()
    last = ""
    for kind, text, _ in tokens(sql):
        if kind == "space":
            continue
        if text == "(" and kind == "other" and last:
            found.add(last)
        last = _plain(kind, text) if kind in ("name", "quoted") else ""
    return found


def numbered(sql: str, params: Mapping[str, object]) -> tuple[str, list[object]]:
    """Turn `:name` into `$1` for the names given, and the mapping into a list."""
    numbers: dict[str, int] = {}
    out: list[str] = []
    for kind, text, _ in tokens(sql):
        if kind == "param" and text[1:] in params:
            text = f"${numbers.setdefault(text[1:], len(numbers) + 1)}"
        out.append(text)
    return "".join(out), [params[name] for name in numbers]


def _plain(kind: str, text: str) -> str:
    if kind == "name":
        return text.lower()
    return text[text.index('"') + 1 : -1].replace('""', '"')


def _comment_end(sql: str, at: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, at):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)
