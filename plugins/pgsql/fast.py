"""The common case at full speed: a statement sent and answered in one go through the extended protocol.

Drivers send Bind, Describe, Execute and Sync, often with a Parse before, in one piece and with the unnamed portal, and the
server answers in one piece. Such a cycle waits as one entry; when its answer is as plain, its records are made at once.
Anything else about it and the cycle is expanded into the requests it is made of (`Stitcher.expand`).
"""

from pxcap.core.layout import Invalid, Partial
from pxcap.core.protocol import Row
from pxcap.plugins.pgsql import render
from pxcap.plugins.pgsql.lane import HEADER, Clock
from pxcap.plugins.pgsql.requests import Requests
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import Cycle
from pxcap.plugins.pgsql.wire import (
    BIND,
    BIND_BODY,
    COMMAND_COMPLETE,
    DATA_ROW,
    HEADER_SIZE,
    PARSE,
    ROW_DESCRIPTION,
)

_DESCRIBE = b"D\0\0\0\x06P\0"  # the unnamed portal
_EXECUTE = b"E\0\0\0\x09\0\0\0\0\0"  # the unnamed portal, all rows
_SYNC = b"S\0\0\0\x04"
_TAIL, _SHORT_TAIL = _DESCRIBE + _EXECUTE + _SYNC, _EXECUTE + _SYNC
_PARSED, _BOUND, _NO_DATA = b"1\0\0\0\x04", b"2\0\0\0\x04", b"n\0\0\0\x04"
_READY = b"Z\0\0\0\x05"
MIN_ROW = 6  # length of a DataRow without columns
MAX_BIND = 65536


def common_requests(buf: bytes, pos: int, clock: Clock, requests: Requests, stitch: Stitcher) -> int:
    """Take cycles that begin at `pos`; returns where the first message begins that is not of one."""
    end = len(buf)
    append = stitch.pending.append
    weight = 0
    while end - pos > 40:
        kind = buf[pos]
        at = pos
        parsed = kind == PARSE
        if parsed:
            at += 1 + HEADER(buf, pos)[1]
            if at + 10 > end:
                break
            kind = buf[at]
        if kind != BIND or buf[at + HEADER_SIZE]:  # a named portal
            break
        size = HEADER(buf, at)[1]
        stop = at + 1 + size
        if size > MAX_BIND:
            break
        if buf.startswith(_TAIL, stop):
            after, described = stop + len(_TAIL), True
        elif buf.startswith(_SHORT_TAIL, stop):
            after, described = stop + len(_SHORT_TAIL), False
        else:
            break
        try:
            bind, _ = BIND_BODY.parse(buf, at + HEADER_SIZE, stop)
        except (Partial, Invalid):
            break
        time = clock.at(pos)
        if clock.next < after:
            break
        statement = requests.parsed(buf[pos + HEADER_SIZE : at]) if parsed else requests.statement(bind.statement)
        if statement is None or statement.flaw or (parsed and bind.statement != requests.last_parsed):
            break
        cycle = Cycle(time, requests.bound(statement, bind), parsed, described)
        requests.copying = cycle
        append(cycle)
        weight += cycle.weight
        pos = after
    stitch.weight += weight
    stitch.trim()
    return pos


def common_responses(
    buf: bytes, pos: int, clock: Clock, stitch: Stitcher, columns: render.Columns, tags: render.Tags
) -> int:
    """Take answers, from `pos`, of the cycles that wait; returns where the first begins that is not plain and whole."""
    end = len(buf)
    last = end - HEADER_SIZE
    pending, limit = stitch.pending, stitch.limit
    emit = stitch.rows.append
    while pending and end - pos > 20:
        cycle = pending[0]
        if not isinstance(cycle, Cycle):
            break
        at = pos
        if cycle.parsed:
            if not buf.startswith(_PARSED, at):
                break
            at += 5
        if not buf.startswith(_BOUND, at):
            break
        bound = at = at + 5
        typed = ""
        if cycle.described:
            if buf.startswith(_NO_DATA, at):
                typed, at = "NoData", at + 5
            else:
                if end - at < HEADER_SIZE or buf[at] != ROW_DESCRIPTION:
                    break
                stop = at + 1 + HEADER(buf, at)[1]
                if stop + HEADER_SIZE > end:
                    break
                typed = columns.of(buf[at + HEADER_SIZE : stop])[1] or "no columns"
                at = stop
        told = at
        count = 0
        kind = 0
        while at <= last:
            kind, size = HEADER(buf, at)
            if kind != DATA_ROW or size < MIN_ROW:
                break
            at += size + 1
            count += 1
        if kind != COMMAND_COMPLETE or at > last:
            break
        done = at + 1 + HEADER(buf, at)[1]
        if done + 6 > end or done - at > 80 or not buf.startswith(_READY, done):
            break
        tag, number = tags.of(buf[at + HEADER_SIZE : done])
        pending.popleft()
        stitch.weight -= cycle.weight
        time, portal = cycle.time, cycle.portal
        text = portal.statement.text
        rendered = render.parameters(portal, limit)
        if cycle.parsed:
            portal.statement.before = None
            when = clock.at(bound - 6)
            emit((time, "Parse", text, "ParseComplete", None, None, None, None, when - time, ""))
        when = clock.at(bound - 1)
        emit((time, "Bind", text, "BindComplete", rendered, None, None, None, when - time, ""))
        if cycle.described:
            when = clock.at(told - 1)
            emit((time, "Describe", text, typed, None, None, None, None, when - time, ""))
        when = clock.at(done - 1)
        row: Row = (time, "Execute", text, tag, rendered, tag, number if number >= 0 else count, None, when - time, "")
        emit(row)
        pos = done + 6
    return pos
