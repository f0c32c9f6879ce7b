"""The common exchanges in one loop: a query or an execution that is there whole, answered by one result set or a plain OK.

Whatever is not common (attributes, SET, several results, errors, what is not there whole) is left to the readers, which begin
where this stops. The two must give the same rows; a test holds them against each other.
"""

from bisect import bisect_right
from struct import Struct

from pxcap.core.protocol import Row
from pxcap.core.stream import Inbox
from pxcap.plugins.mysql.charsets import UTF8
from pxcap.plugins.mysql.commands import Commands
from pxcap.plugins.mysql.types import Statement
from pxcap.plugins.mysql.walk import walk_rows
from pxcap.plugins.mysql.wire import KEEP, MARIADB_CACHE_METADATA, MAX_PAYLOAD, QUERY, QUERY_ATTRIBUTES, STMT_EXECUTE

_FEW = 1024
_TEXTS = [f"Resultset rows = {count}" for count in range(_FEW)]
_WORD = Struct("<I").unpack_from
_UNCOMMON = 0x5008  # more results, output parameters, a change of the session
_PLAIN = frozenset(b"abcdefghijklmnopqrtuvwxyzABCDEFGHIJKLMNOPQRTUVWXYZ")  # no S: it may be SET


def common_exchanges(asked: Inbox, answers: Inbox, commands: Commands, rows: list[Row], limit: int) -> None:
    """Take as many whole common exchanges as there are from the front of both inboxes and add their rows."""
    requests, at = asked.buf, asked.pos
    buf, pos = answers.buf, answers.pos
    ends, last = len(requests), len(buf) - 5
    word = _WORD
    unicode = commands.charset == UTF8
    cached = commands.flags >> 32 & MARIADB_CACHE_METADATA and pos + 6 <= len(buf)
    plain_text = not commands.flags & QUERY_ATTRIBUTES
    statements: dict[bytes, Statement | None] = {}
    (began, moments), (ended, ends_at) = asked.segments, answers.segments
    asked_base, answers_base = asked.base, answers.base
    while at + 5 <= ends and pos <= last:
        head = word(requests, at)[0]
        end = at + 4 + head
        command = requests[at + 4]
        if end > ends or head > KEEP or not ((command == QUERY and plain_text) or command == STMT_EXECUTE):
            break
        head = word(buf, pos)[0]
        first = buf[pos + 4]
        affected = count = None
        if head == 0x01000001 and 0 < first < 0xFB:
            here, count = _result(buf, pos + 5, last, first)
            if here < 0:
                break
            answer = _TEXTS[count] if count < _FEW else f"Resultset rows = {count}"
        elif head == 0x01000002 and 0 < first < 0xFB and cached and buf[pos + 5] < 2:
            here, count = _result(buf, pos + 6, last, first if buf[pos + 5] else 0)
            if here < 0:
                break
            answer = _TEXTS[count] if count < _FEW else f"Resultset rows = {count}"
        elif head == 0x01000007 and not first:
            here = pos + 11
            if (
                here > len(buf)
                or buf[pos + 5] >= 0xFB
                or buf[pos + 6]
                or buf[pos + 9]
                or buf[pos + 10]
                or buf[pos + 7] & 8
                or buf[pos + 8] & 0x50
            ):
                break
            affected = buf[pos + 5]
            answer = "OK"
        else:
            break
        params = None
        if command == QUERY:
            body = requests[at + 5 : end]
            low = body.lower()
            if len(body) > limit or b"passw" in low or b"identif" in low or b"crypt" in low:
                break
            if b"set" in low[:64] and (body[:1] not in _LETTERS):
                break
            if b"\0" in body or not (unicode or body.isascii()):
                break
            text: str | None = str(body, "utf-8", "backslashreplace")
        else:
            ident = requests[at + 5 : at + 9]
            statement = statements.get(ident)
            if statement is None:
                statement = statements[ident] = commands.common_statement(ident)
                if statement is None:
                    break
            body = requests[at + 4 : end]
            plain = statement.plain
            if plain is None or (params := plain(body, commands.charset)) is None:
                well, params = commands.common_parameters(statement, body)
                if not well:
                    break
            text = statement.text
        begun = moments[bisect_right(began, asked_base + at) - 1]
        latency = ends_at[bisect_right(ended, answers_base + here - 1) - 1] - begun
        rows.append((begun, command, text, 2, answer, params, None, None, count, affected, latency, ""))  # fmt: skip
        at, pos = end, here
    asked.pos, answers.pos = at, pos


_LETTERS = frozenset(bytes([letter]) for letter in _PLAIN)


def _result(buf: bytes, pos: int, last: int, columns: int) -> tuple[int, int]:
    """The end of a result set whose definitions begin at `pos`, and its rows; -1 when it is not whole, or not common."""
    word = _WORD
    while columns and pos <= last:
        pos += 4 + (word(buf, pos)[0] & 0xFFFFFF)
        columns -= 1
    if pos > last:
        return -1, 0
    if buf[pos + 4] == 0xFE and word(buf, pos)[0] & 0xFFFFFF == 5:
        if pos + 9 > len(buf) or buf[pos + 7] & 0x40 or buf[pos + 8] & 0x10:  # a cursor; output parameters
            return -1, 0
        pos += 9
    if pos > last:
        return -1, 0
    length = word(buf, pos)[0] & 0xFFFFFF
    end = pos + 4 + length
    if buf[pos + 4] < 0xFE and end <= last and buf[end + 4] == 0xFE and length != MAX_PAYLOAD:
        pos, count = end, 1
    else:
        pos, count = walk_rows(buf, pos)
        if pos > last:
            return -1, 0
    length = word(buf, pos)[0] & 0xFFFFFF
    end = pos + 4 + length
    if (
        end > last + 5
        or buf[pos + 4] != 0xFE
        or not 5 <= length <= 7
        or (length > 5 and (buf[pos + 5] or buf[pos + 6]))
    ):
        return -1, 0
    if (buf[pos + 7] | buf[pos + 8] << 8) & _UNCOMMON:
        return -1, 0
    return end, count
