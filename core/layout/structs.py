"""Handlers of what holds other constructs: structs, and what gives bytes a known end."""

from typing import Any

import construct as c

from pxcap.core.layout.errors import UnsupportedError
from pxcap.core.layout.expression import Scope
from pxcap.core.layout.fields import record
from pxcap.core.layout.generator import Generator, Handler
from pxcap.core.layout.limits import fixed_size


def _struct(g: Generator, con: Any, scope: Scope | None) -> str:
    fields: dict[str, str] = {}
    _fields(g, con.subcons, Scope(scope), fields)
    return record(g, con, fields)


def _fields(g: Generator, subcons: list[Any], inner: Scope, fields: dict[str, str]) -> None:
    for at, sub in enumerate(subcons):
        if type(_bare(sub)) is c.StopIf:
            _stop_if(g, _bare(sub), subcons[at + 1 :], inner, fields)
            return
        value = g.value(sub, inner)
        if sub.name:
            fields[sub.name] = inner.names[sub.name] = value


def _stop_if(g: Generator, con: Any, rest: list[Any], inner: Scope, fields: dict[str, str]) -> None:
    """The fields behind a StopIf are None when it stops (in construct they are missing)."""
    out = g.out
    stop = g.parameter(con.condfunc, inner)
    out.flush()
    later = {sub.name: out.new() for sub in rest if sub.name}
    out.write(*(f"{var} = {fields.get(name, 'None')}" for name, var in later.items()))
    found: dict[str, str] = {}
    with out.block(f"if not {stop}:"):
        _fields(g, rest, inner, found)
        out.flush()
        out.write(*(f"{var} = {found[name]}" for name, var in later.items()))
    fields.update(later)
    inner.names.update(later)


def _sequence(g: Generator, con: Any, scope: Scope | None) -> str:
    inner = Scope(scope)
    values = []
    for sub in con.subcons:
        values.append(g.value(sub, inner))
        if sub.name:
            inner.names[sub.name] = values[-1]
    items = g.out.new()
    g.out.post(f"{items} = [{', '.join(values)}]")
    return items


def _focused(g: Generator, con: Any, scope: Scope | None) -> str:
    inner = Scope(scope)
    for sub in con.subcons:
        value = g.value(sub, inner)
        if sub.name:
            inner.names[sub.name] = value
    if con.parsebuildfrom not in inner.names:
        raise UnsupportedError(f"FocusedSeq on {con.parsebuildfrom!r}")
    return inner.names[con.parsebuildfrom]


def _prefixed(g: Generator, con: Any, scope: Scope | None) -> str:
    size = g.value(con.lengthfield, scope)
    out = g.out
    out.flush()
    own = 0
    if con.includelength:
        known = fixed_size(con.lengthfield)
        if known is None:
            raise UnsupportedError("Prefixed with includelength and a length of no constant size")
        own = known
    return _hold(g, con.subcon, scope, _less(g, size, own))


def _less(g: Generator, size: str, own: int) -> str:
    out = g.out
    if own:
        total, size = size, out.new("n")
        out.write(f"{size} = {total} - {own}")
    if size not in out.unsigned:
        out.write(f"if {size} < 0: {out.fail('a negative length')}")
    return size


def _hold(g: Generator, con: Any, scope: Scope | None, size: str) -> str:
    end = g.out.take(size)
    return _until(g, con, scope, end, end)


def _until(g: Generator, con: Any, scope: Scope | None, end: str, behind: str) -> str:
    """Parse inside of bytes that end at `end`, and go on at `behind`."""
    if con is c.GreedyBytes:
        value = g.out.new()
        g.out.write(f"{value} = {g.out.slice('pos', end)}", f"pos = {behind}")
        return value
    with g.out.within(end, outer=False):
        value = g.value(con, scope)
    g.out.write(f"pos = {behind}")
    return value


def _fixed_sized(g: Generator, con: Any, scope: Scope | None) -> str:
    sub = con.subcon
    if isinstance(con.length, int) and con.length >= 0 and type(sub) is c.NullStripped and sub.subcon is c.GreedyBytes:
        raw, value = g.out.atom(f"{con.length}s"), g.out.new()
        g.out.post(f"{value} = {_stripped(raw, sub.pad)}")
        return value
    return _hold(g, sub, scope, g.length(con.length, scope))


def _stripped(source: str, pad: bytes) -> str:
    return f"{source}.rstrip({pad!r})" if len(pad) == 1 else f"strip_units({source}, {pad!r})"


def strip_units(data: bytes, pad: bytes) -> bytes:
    """What construct's NullStripped leaves when the pad has several bytes; used by generated code."""
    unit, end = len(pad), len(data)
    tail = end % unit
    if tail and data[-tail:] == pad[:tail]:
        end -= tail
    while end >= unit and data[end - unit : end] == pad:
        end -= unit
    return data[:end]


def _null_stripped(g: Generator, con: Any, scope: Scope | None) -> str:
    if con.subcon is not c.GreedyBytes or not con.pad:
        raise UnsupportedError("NullStripped around other than GreedyBytes")
    g.out.flush()
    value, end = g.out.new(), g.out.end
    g.out.write(f"{value} = {_stripped(g.out.slice('pos', end), con.pad)}", f"pos = {end}")
    return value


def find_units(buf: bytes, term: bytes, pos: int, end: int) -> int:
    """Where `term` stands a multiple of its length behind `pos`, or -1; used by generated code."""
    data = bytes(buf[pos:end])
    at = data.find(term)
    while at >= 0 and at % len(term):
        at = data.find(term, at + 1)
    return at if at < 0 else pos + at


def _null_terminated(g: Generator, con: Any, scope: Scope | None) -> str:
    if not con.term or not con.require:
        raise UnsupportedError("NullTerminated without a terminator")
    out = g.out
    out.flush()
    end, unit = out.new("e"), len(con.term)
    if unit > 1 or out.view:
        out.write(f"{end} = find_units(buf, {con.term!r}, pos, {out.end})")
    else:
        out.write(f"{end} = buf.find({con.term!r}, pos, {out.end})")
    out.write(f"if {end} < 0: {out.short('1')}")
    behind = f"{end} + {unit}" if con.consume else end
    if con.include:
        inner = out.new("e")
        out.write(f"{inner} = {end} + {unit}")
        return _until(g, con.subcon, scope, inner, behind)
    return _until(g, con.subcon, scope, end, behind)


def _padded(g: Generator, con: Any, scope: Scope | None) -> str:
    out = g.out
    if g.word:
        if con.subcon is not c.Pass or not isinstance(con.length, int) or con.length < 0:
            raise UnsupportedError("Padded inside a Bitwise")
        word, left = g.word
        g.word = word, left - con.length
        return "None"
    if (known := fixed_size(con)) is not None:
        value = g.value(con.subcon, scope)
        out.atom(f"{known - (fixed_size(con.subcon) or 0)}x")
        return value
    size = g.length(con.length, scope)
    start = out.new("p")
    out.write(f"{start} = pos")
    value = g.value(con.subcon, scope)
    out.flush()
    left_over = out.new("n")
    out.write(f"{left_over} = {size} - (pos - {start})")
    out.write(f"if {left_over} < 0: {out.fail('longer than its padded length')}")
    out.write(f"pos = {out.take(left_over)}")
    return value


def _aligned(g: Generator, con: Any, scope: Scope | None) -> str:
    out = g.out
    modulus = g.length(con.modulus, scope, least=2)
    start = out.new("p")
    out.write(f"{start} = pos")
    value = g.value(con.subcon, scope)
    out.flush()
    out.write(f"pos = {out.take(f'-(pos - {start}) % {modulus}')}")
    return value


def _bare(con: Any) -> Any:
    while type(con) is c.Renamed:
        con = con.subcon
    return con


HANDLERS: dict[type, Handler] = {
    c.Struct: _struct,
    c.Sequence: _sequence,
    c.FocusedSeq: _focused,
    c.Prefixed: _prefixed,
    c.FixedSized: _fixed_sized,
    c.NullStripped: _null_stripped,
    c.NullTerminated: _null_terminated,
    c.Padded: _padded,
    c.Aligned: _aligned,
}
