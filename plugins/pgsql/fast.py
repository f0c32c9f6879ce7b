"""The common cases at full speed: a statement sent in one piece and answered in one piece.

Drivers send a Query; or Bind, Describe, Execute and Sync, often with a Parse before, with the unnamed portal. That waits as one
entry (`types.Whole`); when its answer is as plain, its records are made at once. Anything else about it and the entry is
taken apart into the requests it is made of (`Stitcher.front`).
"""

from struct import Struct

from pxcap.plugins.pgsql.cycles import LONGEST_TAG, MAX_SAME, READY, Answers, Repeats
from pxcap.plugins.pgsql.lane import HEADER, Clock
from pxcap.plugins.pgsql.requests import Requests
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import Asked, Cycle, Statement
from pxcap.plugins.pgsql.walk import MIN_ROW, rows
from pxcap.plugins.pgsql.wire import BIND, COMMAND_COMPLETE, DATA_ROW, HEADER_SIZE, PARSE, QUERY, ROW_DESCRIPTION

_DESCRIBE = b"D\0\0\0\x06P\0"  # the unnamed portal
_EXECUTE = b"E\0\0\0\x09\0\0\0\0\0"  # the unnamed portal, all rows
_SYNC = b"S\0\0\0\x04"
_TAIL, _SHORT_TAIL = _DESCRIBE + _EXECUTE + _SYNC, _EXECUTE + _SYNC
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
    while end - pos > HEADER_SIZE:
        kind, size = HEADER(buf, pos)
        at = pos
        stop = after = pos + 1 + size
        if kind == QUERY:
            if after > end or size > most or buf.find(b"\0", pos + HEADER_SIZE, after) != after - 1:
                break
            entry = Asked(clock.at(pos), requests.sql(buf[pos + HEADER_SIZE : after - 1]))
            append(entry)
            requests.copying = entry
            weight += entry.weight
            pos = after
            continue
        parsed = kind == PARSE
        if parsed:
            at = stop
            if at + 10 > end:
                break
            kind, size = HEADER(buf, at)
            stop = at + 1 + size
        if kind != BIND or size > most or stop + len(_SHORT_TAIL) > end or buf[at + HEADER_SIZE]:
            break  # also at a named portal
        tail = _TAIL if buf.startswith(_TAIL, stop) else _SHORT_TAIL
        after = stop + len(tail)
        if not buf.startswith(tail, stop):
            break
        named = buf.find(b"\0", at + HEADER_SIZE + 1, stop)
        bound = _bound(buf, named + 1, stop) if named >= 0 else None
        time = clock.at(pos)
        if bound is None or clock.next < after:
            break
        formats, values, results = bound
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
        cycle = Cycle((time, values, stop - named), statement, formats, parsed, tail is _TAIL)
        begin = named + 5 + 2 * len(formats)  # of the values
        if begin - at <= MAX_SAME and not (parsed and name) and buf.startswith(buf[pos : at + 1], after):
            behind = buf[stop - results : after]
            same = Repeats(
                buf[pos:at], buf[at + HEADER_SIZE : begin], len(values), results, behind, named - at - 1, most
            )
            found, size, after = same.take(buf, after, clock)
            if found:
                cycle.repeated(found, size)
        append(cycle)
        requests.copying = cycle
        portals.unnamed = cycle.portal_at(-1)
        weight += cycle.weight
        pos = after
    stitch.weight += weight
    stitch.trim_cycles()
    return pos


def _bound(buf: bytes, at: int, stop: int) -> tuple[list[int], list[bytes | None], int] | None:
    """Formats and values of a Bind, whose rest lies at `at`, and the bytes behind them; None when it is not of its form."""
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
    return formats, values, stop - at


def common_responses(buf: bytes, pos: int, clock: Clock, stitch: Stitcher, answers: Answers) -> int:
    """Take answers, from `pos`, of the entries that wait; returns where the first begins that is not plain and whole."""
    end = len(buf)
    last = end - HEADER_SIZE - 6  # a tag and ReadyForQuery have room behind it
    pending, limit = stitch.pending, stitch.limit
    emit = stitch.rows.append
    columns, tags = answers.columns, answers.tags
    ends, times, index = clock.ends, clock.times, clock.index
    while pending and pos <= last:
        entry = pending[0]
        if type(entry) is Cycle:
            pos = answers.take(buf, pos, clock, stitch, entry)
            if entry.left:
                break
            pending.popleft()
            continue
        time = entry.time
        while pos >= ends[index]:
            index += 1
        if type(entry) is not Asked or times[index] < time:
            break  # it answers something else
        at = pos
        names = ""
        if buf[at] == ROW_DESCRIPTION:
            at += 1 + HEADER(buf, at)[1]
            if at > last:
                break
            names, typed = columns.of(buf[pos + HEADER_SIZE : at])
            if len(typed) > limit - LONGEST_TAG:
                break
        count = 0
        if buf[at] == DATA_ROW:
            stop = at + 1 + HEADER(buf, at)[1]
            if stop <= last and buf[stop] == COMMAND_COMPLETE and stop - at > MIN_ROW:
                count, at = 1, stop
            else:
                count, at = rows(buf, at, end)
        if at > last or buf[at] != COMMAND_COMPLETE:
            break
        done = at + 1 + HEADER(buf, at)[1]
        if done + 6 > end or done - at > LONGEST_TAG or not buf.startswith(READY, done):
            break
        tag, number = tags.of(buf[at + HEADER_SIZE : done])
        pending.popleft()
        pos = done + 6
        text = entry.text
        stitch.weight -= entry.weight
        resp = f"{tag} ({names})" if names else tag
        while pos > ends[index]:
            index += 1
        emit((time, "Query", text, resp, None, tag, count if number < 0 else number, None, times[index] - time, ""))
    return pos
