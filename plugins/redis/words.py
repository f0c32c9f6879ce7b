r"""Inline commands cut into words as the server does it (`sdssplitargs` of Redis 7).

Words are separated by blanks. A part in double quotes knows \xHH, \n, \r, \t, \b, \a and \ before any other byte; one
in single quotes knows \' only. A closing quote must end its word.
"""

import re

_BLANKS = re.compile(rb"[ \t\n\v\f\r]*")
_PLAIN = re.compile(rb"[^ \t\n\r\0\"']*")
_DOUBLE = re.compile(rb'"((?:[^"\\]|\\.)*)"(?=[ \t\n\v\f\r]|$)', re.DOTALL)
_SINGLE = re.compile(rb"'((?:[^'\\]|\\'|\\(?!'))*)'(?=[ \t\n\v\f\r]|$)", re.DOTALL)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


def split_words(line: bytes) -> tuple[list[bytes], bool]:
    """The words of a line, and whether its quotes were balanced; if not, the words before the fault."""
    words: list[bytes] = []
    pos = _end(_BLANKS, line, 0)
    while pos < len(line):
        start = pos
        pos = _end(_PLAIN, line, pos)
        word = line[start:pos]
        quote = line[pos : pos + 1]
        if quote in (b'"', b"'"):
            found = (_DOUBLE if quote == b'"' else _SINGLE).match(line, pos)
            if found is None:
                return words, False
            word += _ESCAPE.sub(_unescape, found[1]) if quote == b'"' else found[1].replace(b"\\'", b"'")
            pos = found.end()
        words.append(word)
        if line[pos : pos + 1] == b"\0":  # the server's string ends here
            break
        pos = _end(_BLANKS, line, pos)
    return words, True


def _end(pattern: re.Pattern[bytes], line: bytes, pos: int) -> int:
    found = pattern.match(line, pos)
    return found.end() if found else pos


def _unescape(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if len(code) == 3:
        return bytes([int(code[1:], 16)])
    return _NAMED.get(code, code)
