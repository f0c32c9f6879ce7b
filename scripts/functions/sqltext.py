"""SQL statements with their constants taken out: as Pixie's scripts want them, and as fingerprints.

A lexer is enough: constants are tokens. What is left alone: definitions of tables (a length in `varchar(20)` is no value),
lengths in casts, and what cannot be read to its end, which is an error. Lexical rules: PostgreSQL manual, section 4.1;
MySQL Reference Manual, "Language Structure".
"""

import re
from collections.abc import Callable

from pxcap.core.text import to_json
from pxcap.scripts.functions.arrays import distinct
from pxcap.scripts.functions.base import Function, I, Overload, S

_TYPES = (
    r"(?:n?(?:var)?char|character(?:\s+varying)?|varying|(?:var)?binary|decimal|dec|numeric|float|double|real|bit|time"
    r"|timestamp|timestamptz|datetime|interval|(?:big|small|medium|tiny)?int|integer|year)"
)
_COMMON = rf"""
    (?P<comment>--(?=\s|$)[^\n]*|/\*(?!!).*?(?:\*/|$))
    | (?P<length>(?:::|\bas\s+){_TYPES}\s*\(\s*\d+(?:\s*,\s*\d+)?\s*\))
    | (?P<number>(?<![\w$.@!])(?:0x[0-9a-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(?![\w$]))
    | (?P<truth>(?<![\w$.@])(?:true|false)(?![\w$(.]))
    | (?P<word>[^\W\d][\w$]*)
"""
_PGSQL = re.compile(
    r"""(?P<text>(?:\be'(?:[^'\\]|\\.|'')*'|(?:\b[bxn]|\bu&)?'(?:[^']|'')*')
    | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<place>(?<![\w$])\$\d+)
    | (?P<open>'.*|".*)
    |"""
    + _COMMON,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_MYSQL = re.compile(
    r"""(?P<text>(?:\b[bxn]|\b_[a-z][a-z0-9]*\s*)?(?:'(?:[^'\\]|\\.|'')*'|(?<!@)"(?:[^"\\]|\\.|"")*"))
    | (?P<quoted>`(?:[^`]|``)*`|@@?(?:`[^`]*`|'[^']*'|"[^"]*"|[\w.$]+))
    | (?P<place>\?)
    | (?P<open>'.*|".*|`.*)
    | (?P<hash>\#[^\n]*)
    |"""
    + _COMMON,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_DEFINES = re.compile(r"\s*(?:create|alter|drop|grant|revoke|comment)\b", re.IGNORECASE)
_WRAPPED = re.compile(r"query=\[(?P<query>.*)\] params=\[(?P<params>.*)\]\s*", re.DOTALL)
_PARAM = re.compile(r"\s*((?:[a-z&]*'(?:[^'\\]|\\.|'')*'|[^,'])*)\s*(?:,|$)", re.IGNORECASE | re.DOTALL)
_NOT_READ = "a quote is not closed"


def _normalise(text: str, tokens: re.Pattern[str], placeholder: Callable[[int], str]) -> str:
    """The statement with placeholders for constants and the constants in their order, as JSON."""
    given: list[str] = []
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped["query"]
        given = [match[1].strip() for match in _PARAM.finditer(wrapped["params"]) if match[1].strip()]
    params: list[str | None] = []
    met = 0
    error = ""

    def replaced(match: re.Match[str]) -> str:
        nonlocal met, error
        kind = match.lastgroup if match.lastgroup != "tag" else "text"
        if kind == "open":
            error = _NOT_READ
        if kind == "place":
            at = int(match[0][1:]) - 1 if len(match[0]) > 1 else met
            met += 1
            params.append(given[at] if 0 <= at < len(given) else None)
        elif kind in ("text", "number", "truth"):
            params.append(match[0])
        else:
            return match[0]
        return placeholder(len(params))

    query = text if _DEFINES.match(text) else tokens.sub(replaced, text)
    if error:
        return to_json({"query": "", "params": [], "error": error})
    return to_json({"query": query, "params": params, "error": ""})


def normalize_mysql(text: str, command: int = 3) -> str:
    """A statement of MySQL with ? for constants."""
    return _normalise(text, _MYSQL, lambda _: "?")


def normalize_pgsql(text: str, command: str = "Query") -> str:
    """A statement of PostgreSQL with $1, $2, ... for constants, placeholders numbered anew among them."""
    return _normalise(text, _PGSQL, lambda at: f"${at}")


_LISTS = re.compile(r"\bin \( ?\?(?: ?, ?\?)* ?\)")
_ROWS = re.compile(r"\bvalues (\((?:[^()]|\([^()]*\))*\))(?: ?, ?\((?:[^()]|\([^()]*\))*\))*")


def fingerprint(text: str) -> str:
    """What statements that differ in nothing but constants, space, comments and letters' case have in common.

    Lists of constants after IN are one whatever their length, and so are rows after VALUES. Of what is in double quotes
    the dialect is not known: in MySQL it is a constant, so it counts as one where it does not look like a name.
    """

    def replaced(match: re.Match[str]) -> str:
        kind = match.lastgroup
        if kind in ("comment", "hash"):
            return " "
        if kind in ("text", "number", "truth", "place"):
            return '"' + match[0][1:-1] + '"' if re.fullmatch(r'"[A-Za-z_]\w*"', match[0]) else "?"
        return match[0]

    marked = re.sub(r"(?<![\w$])\$\d+", "?", text)
    bare = " ".join(_MYSQL.sub(replaced, marked).lower().split()).rstrip("; ")
    bare = (
        re.sub(r" ?([(),]) ?", lambda match: {"(": " (", ")": ") ", ",": ", "}[match[1]], bare)
        .replace("  ", " ")
        .strip()
    )
    return _ROWS.sub(r"values \1", _LISTS.sub("in (?+)", bare))


_TWO = "The statement with placeholders for constants, and the constants, as JSON: query, params, error."
FUNCTIONS = (
    Function("normalize_mysql", _TWO, (Overload((S, I), S), Overload((S,), S)), arrow=distinct(normalize_mysql, S)),
    Function("normalize_pgsql", _TWO, (Overload((S, S), S), Overload((S,), S)), arrow=distinct(normalize_pgsql, S)),
    Function("sql_fingerprint", "What statements that differ only in constants have in common.", (Overload((S,), S),),
             arrow=distinct(fingerprint, S)),
)  # fmt: skip
