"""Cycles of one statement at full speed: what was sent again with other values, what was answered as before.

A prepared statement is executed with the same bytes each time but for the values, and answered with the same bytes but for
the rows: those bytes are remembered of the last time and compared. They are a guess; what they do not fit is read anew.
"""

from struct import Struct

from pxcap.plugins.pgsql import render
from pxcap.plugins.pgsql.lane import HEADER, Clock
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import Bound, Cycle
from pxcap.plugins.pgsql.walk import MIN_ROW, Even, even, rows
from pxcap.plugins.pgsql.wire import BIND, COMMAND_COMPLETE, DATA_ROW, HEADER_SIZE, ROW_DESCRIPTION

READY = b"Z\0\0\0\x05"
LONGEST_TAG = 80
MAX_SAME = 128  # bytes of a Bind before its values, up to which others are compared with it
MANY = 2048  # cycles taken at once
MEMO, MEMO_SIZE = 256, 2048  # beginnings of answers, and bytes of one, that are remembered
_PARSED, _BOUND, _NO_DATA = b"1\0\0\0\x04", b"2\0\0\0\x04", b"n\0\0\0\x04"
_LENGTH = Struct(">i").unpack_from
_HEADS = [Struct(f">BI{size}s").unpack_from for size in range(MAX_SAME + 1)]


class Repeats:
    """What cycles of one statement have in common.

    Attributes:
        before: What stands before each Bind.
        same: The body of the Bind up to its values.
        count: Values of each.
        results: Bytes of the Bind behind its values.
        behind: These, and what stands behind the Bind.
        name: Bytes of the Bind up to its statement's name, without its type.
        most: Bytes of a Bind that are kept.
    """

    __slots__ = ("before", "behind", "count", "most", "name", "results", "same")

    def __init__(
        self, before: bytes, same: bytes, count: int, results: int, behind: bytes, name: int, most: int
    ) -> None:
        self.before = before
        self.same = same
        self.count = count
        self.results = results
        self.behind = behind
        self.name = name
        self.most = most

    def take(self, buf: bytes, pos: int, clock: Clock) -> tuple[list[Bound], int, int]:
        """Take cycles from `pos`, each seen at one time.

        Returns:
            What they bind, how many bytes that takes, and where the first message begins that is not of such a cycle.
        """
        found: list[Bound] = []
        before, same, behind, results, most = self.before, self.same, self.behind, self.results, self.most
        head, each = _HEADS[len(same)], range(self.count)
        begin = len(before) + HEADER_SIZE + len(same)
        end = len(buf) - len(behind)
        last = end - begin
        ahead, name = len(before), self.name
        ends, times, index = clock.ends, clock.times, clock.index
        weight = 0
        values: list[bytes | None]
        for _ in range(MANY):
            if pos > last or (ahead and not buf.startswith(before, pos)):
                break
            kind, size, begun = head(buf, pos + ahead)
            if begun != same or kind != BIND or size > most:
                break
            at = pos + begin
            stop = pos + ahead + 1 + size - results
            if stop > end:
                break
            values = []
            for _ in each:
                if at > stop - 4:
                    break
                (long,) = _LENGTH(buf, at)
                at += 4
                if long < 0:
                    values.append(None)
                else:
                    values.append(buf[at : at + long])
                    at += long
            if at != stop or len(values) != self.count or not buf.startswith(behind, at):
                break
            after = at + len(behind)
            while pos >= ends[index]:
                index += 1
            if after > ends[index]:
                break
            size -= name
            weight += size
            found.append((times[index], values, size))
            pos = after
        clock.index = index
        return found, weight, pos


class Answers:
    """Reads the answers of cycles."""

    def __init__(self, columns: render.Columns, tags: render.Tags) -> None:
        self.columns = columns
        self.tags = tags
        self._memo: dict[int, tuple[bytes, str]] = {}  # how answers begin, by the hash of what they answer

    def take(self, buf: bytes, pos: int, clock: Clock, stitch: Stitcher, cycle: Cycle) -> int:
        """Take the answers of what waits in `cycle` from `pos`; returns where the first begins that is not plain and whole."""
        statement, formats, described = cycle.statement, cycle.formats, cycle.described
        text, types, limit = statement.text, statement.types, stitch.limit
        start, typed = self._memo.get(hash((text, cycle.parsed, described)), (_PARSED, ""))
        last = len(buf) - HEADER_SIZE - 6
        ends, times, index = clock.ends, clock.times, clock.index
        emit = stitch.rows.append
        left = cycle.left
        tail, tag, number = b"?", "", -1
        alike: Even | None = None
        for time, values, _ in cycle.binds[-left:]:
            if not buf.startswith(start, pos) or not typed:
                begun = self._begin(buf, pos, cycle, limit)
                if begun is None:
                    break
                start, typed = begun
            told = at = pos + len(start)
            if at > last:
                break
            count = 0
            if buf[at] == DATA_ROW:
                if alike is not None and buf.startswith(tail, at + alike.length) and alike.lie(buf, at):
                    count = alike.count
                    at += alike.length
                else:
                    at += 1 + HEADER(buf, at)[1]
                    count = 1
                    if at - told <= MIN_ROW or not buf.startswith(tail, at):
                        count, at = rows(buf, told, len(buf))
                        alike = even(count, at - told)
            if not buf.startswith(tail, at):
                if at > last or buf[at] != COMMAND_COMPLETE:
                    break
                done = at + 1 + HEADER(buf, at)[1]
                if done + 6 > len(buf) or done - at > LONGEST_TAG or not buf.startswith(READY, done):
                    break
                tag, number = self.tags.of(buf[at + HEADER_SIZE : done])
                tail = buf[at : done + 6]
            done = at + len(tail) - 6
            while pos >= ends[index]:
                index += 1
            taken = times[index] - time
            if taken < 0:
                break  # it answers something else
            shown = render.values(types, formats, values, limit)
            several = done >= ends[index]  # segments, which were seen at different times
            if cycle.parsed:
                statement.before = None
                pos += len(_PARSED)
                if several:
                    taken = clock.at(pos - 1) - time
                emit((time, "Parse", text, "ParseComplete", None, None, None, None, taken, ""))
            if several:
                taken = clock.at(pos + len(_BOUND) - 1) - time
            emit((time, "Bind", text, "BindComplete", shown, None, None, None, taken, ""))
            if described:
                if several:
                    taken = clock.at(told - 1) - time
                emit((time, "Describe", text, typed, None, None, None, None, taken, ""))
            if several:
                taken = clock.at(done - 1) - time
            emit((time, "Execute", text, tag, shown, tag, count if number < 0 else number, None, taken, ""))
            left -= 1
            pos = done + 6
        if left < cycle.left:
            weight = cycle.weight
            cycle.over(left)
            clock.index = max(index, clock.index)
            stitch.weight -= weight - cycle.weight
        return pos

    def _begin(self, buf: bytes, pos: int, cycle: Cycle, limit: int) -> tuple[bytes, str] | None:
        """How the answer at `pos` begins, up to its rows, and what the Describe shows; None when it is not plain."""
        at = pos
        if cycle.parsed:
            if not buf.startswith(_PARSED, at):
                return None
            at += len(_PARSED)
        if not buf.startswith(_BOUND, at):
            return None
        at += len(_BOUND)
        typed = "none"
        if cycle.described:
            if buf.startswith(_NO_DATA, at):
                typed = "NoData"
                at += len(_NO_DATA)
            elif at + HEADER_SIZE <= len(buf) and buf[at] == ROW_DESCRIPTION:
                stop = at + 1 + HEADER(buf, at)[1]
                if stop > len(buf):
                    return None
                typed = self.columns.of(buf[at + HEADER_SIZE : stop])[1] or "no columns"
                if len(typed) > limit - LONGEST_TAG:
                    return None
                at = stop
            else:
                return None
        found = buf[pos:at], typed
        if at - pos <= MEMO_SIZE:
            if len(self._memo) >= MEMO:
                self._memo.clear()
            self._memo[hash((cycle.statement.text, cycle.parsed, cycle.described))] = found
        return found
