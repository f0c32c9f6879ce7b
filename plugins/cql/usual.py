"""The requests that loads are made of, shown without the walk of `requests`: EXECUTE of a known statement, and QUERY.

Whatever is out of the ordinary (names, NULL and unset values, paging state, a body that is cut) is left to `requests`, by
None; both show the same.
"""

from collections.abc import Mapping
from struct import Struct, error
from typing import NamedTuple

from pxcap.core.text import to_text
from pxcap.plugins.cql.fast import bind_for
from pxcap.plugins.cql.redact import redact
from pxcap.plugins.cql.requests import consistency_name
from pxcap.plugins.cql.types import Bind, Decode, Statement
from pxcap.plugins.cql.values import as_hex
from pxcap.plugins.cql.wire import EXECUTE, PAGE_SIZE, QUERY, TIMESTAMP, VALUES, WIDE

_U16, _I32, _I64 = Struct(">H").unpack_from, Struct(">i").unpack_from, Struct(">q").unpack_from
_OPTIONS = Struct(">iq").unpack_from  # page size and timestamp
_BOTH = PAGE_SIZE | TIMESTAMP
_RARE = ~0x27 & 0xFFFFFFFF  # flags other than values, these two and "skip metadata"
_MAX_PLANS, _MAX_FRONTS, _LONGEST = 1024, 256, 512

Usual = tuple[str, str, Statement | None]
"""req_body, req_params, and the statement that is executed."""


class Plan(NamedTuple):
    """How EXECUTEs that begin alike are shown: `bind` shows the values for `decoders`, behind `front`."""

    bind: Bind
    decoders: tuple[Decode, ...]
    front: str
    text: str
    statement: Statement


class UsualRequests:
    """Shows the usual requests of a connection.

    Attributes:
        plans: By the bytes of an EXECUTE from the id up to the number of its values; to be cleared when statements change.
        other: By agreement EXECUTE has another layout than its version says: it is not shown here.
    """

    __slots__ = ("_fronts", "_hide", "_limit", "_statements", "other", "plans")

    def __init__(self, statements: Mapping[bytes, Statement], limit: int, hide: bool) -> None:
        self._statements = statements
        self._limit = limit
        self._hide = hide
        self.other = False
        self.plans: dict[bytes, Plan] = {}
        self._fronts: dict[bytes, tuple[str, int]] = {}  # of QUERY, by consistency and flags

    def show(self, buf: bytes, pos: int, end: int, opcode: int, version: int) -> Usual | None:
        """The request without message flags whose body lies between the positions, if it is one of those meant here."""
        try:
            if opcode == EXECUTE:
                return self._execute(buf, pos, end, version)
            if opcode == QUERY:
                return self._query(buf, pos, end, version >= WIDE)
        except (IndexError, error):
            pass
        return None

    def _execute(self, buf: bytes, pos: int, end: int, version: int) -> Usual | None:
        at = pos + 2 + buf[pos + 1]
        if version > WIDE or self.other:
            return None
        at += 10 + _U16(buf, at)[0] if version == WIDE else 5
        key = buf[pos:at]
        plan = self.plans.get(key)
        if plan is None:
            plan = self._plan(key, version == WIDE) if at <= end and len(key) <= _LONGEST else None
            if plan is None:
                return None
            if len(self.plans) >= _MAX_PLANS:
                self.plans.clear()
            self.plans[key] = plan
        params = plan.bind(buf, at, end, self._limit, plan.decoders, plan.front)
        return None if params is None else (plan.text, params, plan.statement)

    def _plan(self, key: bytes, wide: bool) -> Plan | None:
        """Of the bytes up to the number of values; None when such an EXECUTE is not usual."""
        at = 2 + key[1]
        statement = self._statements.get(key[2:at])
        if key[0] or statement is None or not statement.text:
            return None
        flags = _I32(key, len(key) - 6)[0] if wide else key[-3]
        markers = statement.markers
        if flags & _RARE or not flags & VALUES or markers.count != _U16(key, len(key) - 2)[0]:
            return None
        bind = bind_for(markers.decoders, flags & _BOTH)
        if bind is None:
            return None
        front = f'{{"id":{as_hex(key[2:at])},'
        if wide:
            after = at + 2 + _U16(key, at)[0]
            front += f'"result_metadata_id":{as_hex(key[at + 2 : after])},'
            at = after
        front += f'"consistency":"{consistency_name(_U16(key, at)[0])}",'
        return Plan(bind, markers.decoders, front, statement.text, statement)

    def _query(self, buf: bytes, pos: int, end: int, wide: bool) -> Usual | None:
        pos += 4
        at = pos + _I32(buf, pos - 4)[0]
        if not 0 <= at - pos <= self._limit:
            return None
        after = at + (6 if wide else 3)
        key = buf[at:after]
        found = self._fronts.get(key)
        if found is None:
            if len(self._fronts) >= _MAX_FRONTS:
                self._fronts.clear()
            flags = _I32(key, 2)[0] if wide else key[2]
            front = f'{{"consistency":"{consistency_name(_U16(key, 0)[0])}"'
            found = self._fronts[key] = front, -1 if flags & (_RARE | VALUES) else flags & _BOTH
        front, options = found
        if options == _BOTH:
            size, stamp = _OPTIONS(buf, after)
            front, after = f'{front},"page_size":{size},"timestamp":{stamp}}}', after + 12
        elif options == PAGE_SIZE:
            front, after = f'{front},"page_size":{_I32(buf, after)[0]}}}', after + 4
        elif options == TIMESTAMP:
            front, after = f'{front},"timestamp":{_I64(buf, after)[0]}}}', after + 8
        elif options == 0:
            front += "}"
        else:
            return None
        if after != end:
            return None
        text = to_text(buf[pos:at])
        return redact(text) if self._hide else text, front, None
