"""Just enough of SQL's lexical rules to find statement ends, names, calls and parameters outside of text and comments.

Both databases share these rules; dollar quoting, nested comments and E'' strings are PostgreSQL's (manual of version 15,
section 4.1) and mean nothing in valid SQLite statements.
"""

import re
from collections.abc import Iterator, Mapping

from pxcap.core.errors import UsageError

_LETTER = r"[A-Za-z_\x80-\U0010ffff]"  # to both databases every character beyond ASCII is one
_ESCAPED = r"'(?:[^'\\]|\\.|'')*'"
_TOKEN = rf"""
    (?P<space>[ \t\n\r\f\v]+|--[^\n\r]*)
    | (?P<comment>/\*)
    | (?P<text>
        [eE]{_ESCAPED}
        (?:(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]+|--[^\n\r]*[\n\r])*{_ESCAPED})*  # goes on in the next line
        | '(?:[^']|'')*'
    )
    | (?P<dollar>\$(?P<tag>{_LETTER}(?:{_LETTER}|[0-9])*|)\$.*?\$(?P=tag)\$)
    | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*")
    | (?P<name>{_LETTER}(?:{_LETTER}|[0-9$])*)
    | (?P<cast>::)
    | (?P<param>:{_LETTER}(?:{_LETTER}|[0-9])*)
    | (?P<number>[0-9.]+)
    | (?P<other>.)
    """
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def tokens(sql: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and position of everything; the texts joined give the SQL again."""
    token = re.compile(_TOKEN, re.VERBOSE | re.DOTALL)  # here, as most commands never need it
    at = 0
    while at < len(sql):
        match = token.match(sql, at)
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
    return {_plain(kind, text) for kind, text, _ in tokens(sql) if kind in ("name", "quoted")}


def first_word(sql: str) -> str:
    """The first token that is no comment, in lower case; empty when there is none."""
    return next((text.lower() for kind, text, _ in tokens(sql) if kind != "space"), "")


def escaped_names(sql: str) -> bool:
    r"""Whether a name is written `U&"\0061bc"`, so that it cannot be compared as it stands."""
    return any(kind == "quoted" and text[0] in "uU" for kind, text, _ in tokens(sql))


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
        return text.encode("utf-8", "replace").lower().decode()  # ASCII letters only, as PostgreSQL does
    return text[text.index('"') + 1 : -1].replace('""', '"')


def _comment_end(sql: str, at: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, at):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)
