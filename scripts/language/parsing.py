"""Text to a syntax tree, by Python's own parser; never compiled, never executed.

Pixie's parser accepts a few things that Python's does not, and its published scripts hold them. Only when a text does not
parse are its tokens looked at for these, mended, and parsed again; lines stay where they are, so that errors name the right one:

- no comma between two arguments of a call;
- a docstring with the next statement directly behind it, or two imports run together;
- a string that goes on in the next, indented lines without parentheses.
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from keyword import iskeyword
from tokenize import TokenInfo

from pxcap.scripts.language.errors import Place, ScriptError

MAX_TEXT = 256 * 1024  # characters of a script
_OPERATOR_WORDS = ("and", "or", "not", "in", "is", "if", "else", "for", "lambda", "await", "async", "from", "as")
_GLUED_IMPORTS = re.compile(r"^(import [A-Za-z_]+?)(import [A-Za-z_]+)$", re.MULTILINE)


def parse(text: str, name: str) -> ast.Module:
    """The tree of a script.

    Raises:
        ScriptError: It is not PxL, or too long or too deep to be read.
    """
    if len(text) > MAX_TEXT:
        raise ScriptError(f"{name}: a script of {len(text)} characters, at most {MAX_TEXT} are read")
    try:
        return _parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        mended = _mended(text) if isinstance(error, SyntaxError) else text
        if mended != text:
            try:
                return _parsed(mended)
            except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as still:
                raise _refusal(still, name) from still
        raise _refusal(error, name) from error


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes Python does not know, which regular expressions are full of
        return ast.parse(text)


def _refusal(error: BaseException, name: str) -> ScriptError:
    if isinstance(error, SyntaxError) and error.lineno:
        place = Place(name, error.lineno, max(error.offset or 1, 1))
        too_long = "int_max_str_digits" in error.msg  # Python reads no longer ones
        return ScriptError("a number of more than 64 bits" if too_long else f"not PxL: {_line(error.msg)}", place=place)
    if isinstance(error, RecursionError | MemoryError):
        return ScriptError(f"{name}: expressions are nested too deep to be read")
    return ScriptError(f"{name}: not PxL: {_line(str(error))}")


def _line(message: str) -> str:
    return " ".join(message.split()) or "it cannot be read"


def _mended(text: str) -> str:
    for mend in (_split_imports, _parenthesise_strings, _split_docstring, _insert_commas):
        text = mend(text)
    return text


def _split_imports(text: str) -> str:
    return _GLUED_IMPORTS.sub(r"\1;\2", text)


def _parenthesise_strings(text: str) -> str:
    """Strings that go on in lines of their own are put in parentheses."""
    tokens = [token for token in _tokens(text) if token.type not in (tokenize.COMMENT, tokenize.NL)]
    edits: list[tuple[tuple[int, int], str]] = []
    at = 0
    while at < len(tokens) - 3:
        kinds = [token.type for token in tokens[at : at + 4]]
        if kinds != [tokenize.STRING, tokenize.NEWLINE, tokenize.INDENT, tokenize.STRING]:
            at += 1
            continue
        last = at + 3
        while [token.type for token in tokens[last + 1 : last + 3]] == [tokenize.NEWLINE, tokenize.STRING]:
            last += 2
        edits += [(tokens[at].start, "("), (tokens[last].end, ")")]
        at = last
    return _edited(text, edits)


def _split_docstring(text: str) -> str:
    """A statement directly behind a string that stands alone begins one of its own."""

    def places(tokens: Sequence[TokenInfo]) -> Iterator[tuple[tuple[int, int], str]]:
        starts = True
        for one, following in pairwise(tokens):
            if starts and one.type == tokenize.STRING and following.type == tokenize.NAME:
                yield following.start, ";"
            starts = one.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)

    return _edit_tokens(text, places)


def _insert_commas(text: str) -> str:
    """Inside brackets two operands side by side are two arguments."""

    def places(tokens: Sequence[TokenInfo]) -> Iterator[tuple[tuple[int, int], str]]:
        depth = 0
        for one, following in pairwise(tokens):
            depth += (one.string in ("(", "[", "{")) - (one.string in (")", "]", "}"))
            if depth > 0 and _ends_operand(one) and _starts_operand(following):
                if one.type == tokenize.STRING and following.type == tokenize.STRING:
                    continue  # one string in parts
                yield one.end, ","

    return _edit_tokens(text, places)


def _ends_operand(token: TokenInfo) -> bool:
    if token.type == tokenize.NAME:
        return not iskeyword(token.string) or token.string in ("True", "False", "None")
    return token.type in (tokenize.NUMBER, tokenize.STRING) or token.string in (")", "]", "}")


def _starts_operand(token: TokenInfo) -> bool:
    if token.type == tokenize.NAME:
        return token.string not in _OPERATOR_WORDS
    return token.type in (tokenize.NUMBER, tokenize.STRING)


def _edit_tokens(text: str, places: Callable[[Sequence[TokenInfo]], Iterator[tuple[tuple[int, int], str]]]) -> str:
    tokens = [token for token in _tokens(text) if token.type not in (tokenize.COMMENT, tokenize.NL)]
    return _edited(text, list(places(tokens)))


def _tokens(text: str) -> list[TokenInfo]:
    """As many tokens as there are before something that is none."""
    found: list[TokenInfo] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            found.append(token)  # noqa: PERF402 - what came before an error is kept
    except (tokenize.TokenError, SyntaxError):
        return found
    return found


def _edited(text: str, edits: Sequence[tuple[tuple[int, int], str]]) -> str:
    """The text with what is to be inserted at (line from 1, column from 0)."""
    if not edits:
        return text
    lines = io.StringIO(text).readlines()  # as the tokenizer counts them
    for (line, column), inserted in sorted(edits, reverse=True):
        row = lines[line - 1]
        lines[line - 1] = row[:column] + inserted + row[column:]
    return "".join(lines)
