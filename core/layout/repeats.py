"""Handlers of arrays and ranges. The bounds are those of `limits`."""

from typing import Any

import construct as c

from pxcap.core.layout.errors import UnsupportedError
from pxcap.core.layout.expression import Scope
from pxcap.core.layout.generator import Generator, Handler
from pxcap.core.layout.limits import EMPTY_LIMIT, fixed_size, min_size, scalar
from pxcap.core.layout.writer import struct_order

_UNROLL = 16


def _array(g: Generator, con: Any, scope: Scope | None) -> str:
    out = g.out
    count, sub = con.count, con.subcon
    single = scalar(sub)
    if g.word or (single and isinstance(count, int) and 0 <= count <= _UNROLL):
        return _unrolled(g, con, scope)
    count = g.length(count, scope)
    least, items = min_size(sub), out.new("a")
    if not least:
        _spend(g, count)
    elif single:
        end = out.take(_times(count, least))
        out.write(f"{items} = {_vector(g, single, count, end)}", f"pos = {end}")
        return items
    else:
        out.take(_times(count, least))
    out.write(f"{items} = []")
    known = out.checked or bool(least and fixed_size(sub) == least)
    with out.block(f"for _ in range({count}):"):
        with out.within(out.end, out.outer, checked=known):
            value = g.value(sub, scope)
        out.write(f"{items}.append({value})")
    return items


def _spend(g: Generator, count: str) -> None:
    g.out.empties = True
    g.out.write(f"empty += {count}")
    g.out.write(f"if empty > {EMPTY_LIMIT}: {g.out.fail('too many elements that may be empty')}")


def _times(count: str, size: int) -> str:
    return count if size == 1 else f"{count} * {size}"


def _unrolled(g: Generator, con: Any, scope: Scope | None) -> str:
    if not isinstance(con.count, int) or con.count < 0:
        raise UnsupportedError("an array inside a Bitwise of no constant count")
    values = [g.value(con.subcon, scope) for _ in range(con.count)]
    items = g.out.new("a")
    g.out.post(f"{items} = [{', '.join(values)}]")
    return items


def _vector(g: Generator, single: Any, count: str, end: str) -> str:
    """Source of the list of `count` numbers at `pos`."""
    order, code = single.fmtstr
    if code == "B":
        return f"list(buf[pos:{end}])"
    form = f"{struct_order(order)}%d{code}"
    return f"list(unpack_from({form!r} % index({count}), buf, pos))"


def _greedy_range(g: Generator, con: Any, scope: Scope | None) -> str:
    out, sub = g.out, con.subcon
    out.flush()
    least, items = min_size(sub), out.new("a")
    short = ["short = True"] if out.outer else []
    out.swallows |= out.outer
    if single := scalar(sub):
        count, end = out.new("n"), out.new("e")
        out.write(f"{count} = ({out.end} - pos) // {least}", f"{end} = pos + {_times(count, least)}", *short)
        out.write(f"{items} = {_vector(g, single, count, end)}", f"pos = {end}")
        return items
    out.write(f"{items} = []")
    start = out.new("p")
    with out.block("while True:"):
        if least:
            with out.block(f"if pos >= {out.end}:" if least == 1 else f"if {out.end} - pos < {least}:"):
                out.write(*short, "break")
        out.write(f"{start} = pos")
        with out.block("try:"):
            value = g.value(sub, scope)
        out.write("except Explicit: raise")
        if out.outer:
            out.write(f"except Partial: short = True; pos = {start}; break")
        out.write(f"except Exception: pos = {start}; break")
        if not least:
            out.write(f"if pos == {start}: break")
        out.write(f"{items}.append({value})")
    return items


def _repeat_until(g: Generator, con: Any, scope: Scope | None) -> str:
    out = g.out
    out.flush()
    items, start = out.new("a"), out.new("p")
    out.write(f"{items} = []")
    with out.block("while True:"):
        out.write(f"{start} = pos")
        value = g.value(con.subcon, scope)
        out.flush()
        out.write(f"{items}.append({value})", f"if {g.predicate(con.predicate, scope, value, items)}: break")
        if not min_size(con.subcon):
            with out.block(f"if pos == {start}:"):
                _spend(g, "1")
    return items


HANDLERS: dict[type, Handler] = {
    c.Array: _array,
    c.GreedyRange: _greedy_range,
    c.RepeatUntil: _repeat_until,
}
