"""The common cases at full speed: a statement sent in one piece and answered in one piece.

Drivers send a Query; or Bind, Describe, Execute and Sync, often with a Parse before, with the unnamed portal. That waits as one
entry (`types.Whole`); when its answer is as plain, its records are made at once. Anything else about it and the entry is
expanded into the requests it is made of (`Stitcher.expand`).
"""

from struct import Struct

from pxcap.plugins.pgsql import render
from pxcap.plugins.pgsql.lane import HEADER, Clock
from pxcap.plugins.pgsql.requests import Requests
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import Asked, Cycle, Portal, Statement
from pxcap.plugins.pgsql.walk import MIN_ROW, rows
from pxcap.plugins.pgsql.wire import BIND, COMMAND_COMPLETE, DATA_ROW, HEADER_SIZE, PARSE, QUERY, ROW_DESCRIPTION

_DESCRIBE = b"D\0\0\0\x06P\0"  # the unnamed portal
_EXECUTE = b"E\0\0\0\x09\0\0\0\0\0"  # the unnamed portal, all rows
_SYNC = b"S\0\0\0\x04"
_TAIL, _SHORT_TAIL = _DESCRIBE + _EXECUTE + _SYNC, _EXECUTE + _SYNC
_PARSED, _BOUND, _NO_DATA = b"1\0\0\0\x04", b"2\0\0\0\x04", b"n\0\0\0\x04"
_READY = b"Z\0\0\0\x05"
_ONE_TEXT = b"\0\0\0\0\1"  # behind a statement's name: no formats, one value
_RESULTS = (b"\0\0", b"\0\1\0\0", b"\0\1\0\1")  # formats of what comes back
_NONE: list[int] = []
_LONGEST_TAG = 80
MAX_SENT = 16384  # bytes of a statement or of values
LEAST_LIMIT = 256  # body limit from which tags need no cutting
_SHORT = Struct(">H").unpack_from
_LENGTH = Struct(">i").unpack_from


def common_requests(buf: bytes, pos: int, clock: Clock, requests: Requests, stitch: Stitcher) -> int:
    """Take queries and cycles that begin at `pos`; returns where the first message begins that is not of one."""
    end = len(buf)
    append = stitch.pending.append
    weight = 0
    most = min(MAX_SENT, stitch.limit)  # so that none needs cutting
    if most < LEAST_LIMIT:
        return pos
    portals, known = requests.portals, b""
    statement: Statement | None = None
    entry: Asked | Cycle
    values: list[bytes | None]
    while end - pos > HEADER_SIZE:
        kind, size = HEADER(buf, pos)
        at = pos
        stop = after = pos + 1 + size
        if kind == QUERY:
            if after > end or size > most or buf.find(b"\0", pos + HEADER_SIZE, after) != after - 1:
                break
            entry = Asked(clock.at(pos), requests.sql(buf[pos + HEADER_SIZE : after - 1]))
        else:
            parsed = kind == PARSE
            if parsed:
                at = stop
                if at + 10 > end:
                    break
                kind, size = HEADER(buf, at)
                stop = at + 1 + size
            if kind != BIND or size > most or stop + len(_SHORT_TAIL) > end or buf[at + HEADER_SIZE]:
                break  # also at a named portal
            if described := buf.startswith(_TAIL, stop):
                after = stop + len(_TAIL)
            elif buf.startswith(_SHORT_TAIL, stop):
                after = stop + len(_SHORT_TAIL)
            else:
                break
            named = buf.find(b"\0", at + HEADER_SIZE + 1, stop)
            if named < 0:
                break
            if (
                buf.startswith(_ONE_TEXT, named)
                and (size := _LENGTH(buf, named + 5)[0]) >= 0
                and (buf[named + 9 + size : stop] in _RESULTS)
            ):
                formats, values = _NONE, [buf[named + 9 : named + 9 + size]]
            elif (bound := _bound(buf, named + 1, stop)) is not None:
                formats, values = bound
            else:
                break
            time = clock.at(pos)
            if clock.next < after:
                break
            name = buf[at + HEADER_SIZE + 1 : named]
            if parsed:
                statement = requests.parsed(buf[pos + HEADER_SIZE : at])
                if name != requests.last_parsed:
                    break
                known = b""
            elif not known or name != known:
                statement = requests.statement(name)
                known = name
            if statement is None or statement.flaw:
                break
            portals.unnamed = portal = Portal(statement, formats, values, None, stop - named)
            entry = Cycle(time, portal, parsed, described)
        append(entry)
        requests.copying = entry
        weight += entry.weight
        pos = after
    stitch.weight += weight
    stitch.trim()
    return pos


def _bound(buf: bytes, at: int, stop: int) -> tuple[list[int], list[bytes | None]] | None:
    """Formats and values of a Bind, whose rest lies at `at`; None when it is not of its form."""
    if at + 6 > stop:
        return None
    (many,) = _SHORT(buf, at)
    formats = [_SHORT(buf, at + 2 + 2 * n)[0] for n in range(many)] if at + 2 + 2 * many + 4 <= stop else []
    at += 2 + 2 * many
    if at + 4 > stop:
        return None
    (left,) = _SHORT(buf, at)
    at += 2
    values: list[bytes | None] = []
    while left:
        if at + 6 > stop:
            return None
        (size,) = _LENGTH(buf, at)
        at += 4
        if size < 0:
            values.append(None)
        else:
            values.append(buf[at : at + size])
            at += size
        left -= 1
    if at + 2 > stop or at + 2 + 2 * _SHORT(buf, at)[0] != stop:
        return None
    return formats, values


def common_responses(
    buf: bytes, pos: int, clock: Clock, stitch: Stitcher, columns: render.Columns, tags: render.Tags
) -> int:
    """Take answers, from `pos`, of the entries that wait; returns where the first begins that is not plain and whole."""
    end = len(buf)
    last = end - HEADER_SIZE - 6  # a tag and ReadyForQuery have room behind it
    pending, limit = stitch.pending, stitch.limit
    emit = stitch.rows.append
    while pending and pos <= last:
        entry = pending[0]
        time, taken = entry.time, clock.at(pos) - entry.time
        if taken < 0:
            break  # it answers something else
        at = pos
        cycle = entry if type(entry) is Cycle else None
        if cycle is not None:
            if cycle.parsed:
                if not buf.startswith(_PARSED, at):
                    break
                at += 5
            if not buf.startswith(_BOUND, at):
                break
            at += 5
        elif type(entry) is not Asked:
            break
        bound = at
        names = typed = ""
        if at > last:
            break
        if buf[at] == ROW_DESCRIPTION and (cycle is None or cycle.described):
            stop = at + 1 + HEADER(buf, at)[1]
            if stop > last:
                break
            names, typed = columns.of(buf[at + HEADER_SIZE : stop])
            if len(typed) > limit - _LONGEST_TAG:
                break
            typed = typed or "no columns"
            at = stop
        elif cycle is not None and cycle.described:
            if not buf.startswith(_NO_DATA, at):
                break
            typed = "NoData"
            at += 5
        told = at
        count = 0
        if at <= last and buf[at] == DATA_ROW:
            stop = at + 1 + HEADER(buf, at)[1]
            if stop <= last and buf[stop] == COMMAND_COMPLETE and stop - at > MIN_ROW:
                count, at = 1, stop
            else:
                count, at = rows(buf, at, end)
        if at > last or buf[at] != COMMAND_COMPLETE:
            break
        done = at + 1 + HEADER(buf, at)[1]
        if done + 6 > end or done - at > _LONGEST_TAG or not buf.startswith(_READY, done):
            break
        tag, number = tags.of(buf[at + HEADER_SIZE : done])
        if number < 0:
            number = count
        pending.popleft()
        pos = done + 6
        if cycle is None:
            text = entry.text
            stitch.weight -= len(text or "") + 64
            resp = f"{tag} ({names})" if names else tag
            emit((time, "Query", text, resp, None, tag, number, None, clock.at(pos - 1) - time, ""))
            continue
        stitch.weight -= cycle.weight
        portal = cycle.portal
        statement = portal.statement
        text = statement.text
        rendered = render.parameters(portal, limit)
        one = clock.next > done  # one segment: one time
        if cycle.parsed:
            statement.before = None
            if not one:
                taken = clock.at(bound - 6) - time
            emit((time, "Parse", text, "ParseComplete", None, None, None, None, taken, ""))
        if not one:
            taken = clock.at(bound - 1) - time
        emit((time, "Bind", text, "BindComplete", rendered, None, None, None, taken, ""))
        if cycle.described:
            if not one:
                taken = clock.at(told - 1) - time
            emit((time, "Describe", text, typed, None, None, None, None, taken, ""))
        if not one:
            taken = clock.at(done - 1) - time
        emit((time, "Execute", text, tag, rendered, tag, number, None, taken, ""))
    return pos
