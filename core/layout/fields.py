"""Handlers of single values: numbers, bytes and what adapters make of them."""

import keyword
from typing import Any

import construct as c

from pxcap.core.layout.errors import Invalid, Partial, UnsupportedError
from pxcap.core.layout.expression import Scope
from pxcap.core.layout.generator import Generator, Handler
from pxcap.core.layout.limits import VARINT_LIMIT, fixed_size

_UTF8 = frozenset(("utf8", "utf-8", "utf_8", "u8"))
_CODES = {1: "B", 2: "H", 4: "L", 8: "Q"}
_PAIRS = {3: ("B", "H", 16), 6: ("H", "L", 32)}  # sizes struct does not know, as two it does: high, low, bits of low


def _format_field(g: Generator, con: Any, scope: Scope | None) -> str:
    return g.out.atom(con.fmtstr[1], con.fmtstr[0])


def _bytes(g: Generator, con: Any, scope: Scope | None) -> str:
    if isinstance(con.length, int) and con.length >= 0:
        return g.out.atom(f"{con.length}s")
    size = g.length(con.length, scope)
    end, value = g.out.take(size), g.out.new()
    g.out.write(f"{value} = {g.out.slice('pos', end)}", f"pos = {end}")
    return value


def _greedy_bytes(g: Generator, con: Any, scope: Scope | None) -> str:
    g.out.flush()
    value = g.out.new()
    g.out.write(f"{value} = {g.out.slice('pos', g.out.end)}", f"pos = {g.out.end}")
    return value


def fixed_integer(g: Generator, size: int, signed: bool, order: str) -> str:
    """An integer of `size` bytes, 1 or more, as part of the run."""
    out = g.out
    if size in _CODES:
        return out.atom(_CODES[size].lower() if signed else _CODES[size], order)
    value = out.new()
    if size in _PAIRS:
        high_code, low_code, bits = _PAIRS[size]
        high_code = high_code.lower() if signed else high_code
        if order == ">":
            high, low = out.atom(high_code, order), out.atom(low_code, order)
        else:
            low, high = out.atom(low_code, order), out.atom(high_code, order)
        out.post(f"{value} = {high} << {bits} | {low}")
    else:
        raw = out.atom(f"{size}s")
        out.post(f"{value} = from_bytes({raw}, {'big' if order == '>' else 'little'!r}, signed={signed})")
    out.integer(value, signed)
    return value


def _bytes_integer(g: Generator, con: Any, scope: Scope | None) -> str:
    if callable(con.swapped):
        raise UnsupportedError("BytesInteger whose byte order is not constant")
    order = "<" if con.swapped else ">"
    if isinstance(con.length, int) and con.length > 0:
        return fixed_integer(g, con.length, bool(con.signed), order)
    size = g.length(con.length, scope, least=1)
    end, value = g.out.take(size), g.out.new()
    name = "little" if con.swapped else "big"
    g.out.write(f"{value} = from_bytes({g.out.slice('pos', end)}, {name!r}, signed={bool(con.signed)})", f"pos = {end}")
    return value


def read_varint(buf: bytes, pos: int, end: int, value: int, outer: bool) -> tuple[int, int]:
    """The rest of a VarInt whose first byte, of value `value`, has its top bit set; used by generated code."""
    value &= 0x7F
    for place in range(1, VARINT_LIMIT):
        if pos >= end:
            raise Partial(1) if outer else Invalid("it is longer than what holds it", pos)
        byte = buf[pos]
        pos += 1
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, pos
    raise Invalid(f"a variable-length integer of more than {VARINT_LIMIT} bytes", pos)


def _varint(g: Generator, con: Any, scope: Scope | None) -> str:
    out = g.out
    out.flush()
    value = out.new()
    out.write(f"if pos >= {out.end}: {out.short('1')}", f"{value} = buf[pos]", "pos += 1")
    out.write(f"if {value} > 127: {value}, pos = read_varint(buf, pos, {out.end}, {value}, {out.outer})")
    out.integer(value)
    return value


def _zigzag(g: Generator, con: Any, scope: Scope | None) -> str:
    value, signed = _varint(g, con, scope), g.out.new()
    g.out.write(f"{signed} = {value} >> 1 ^ -({value} & 1)")
    g.out.integer(signed, signed=True)
    return signed


def _flag(g: Generator, con: Any, scope: Scope | None) -> str:
    if g.word:
        return take_bits(g, 1, " != 0")
    return g.out.atom("?")


def take_bits(g: Generator, size: int, suffix: str = "", signed: bool = False) -> str:
    """The next bits of the word of a Bitwise, most significant first."""
    assert g.word is not None
    word, left = g.word
    if size > left:
        raise UnsupportedError("a Bitwise longer than its bytes")
    g.word = word, left - size
    source = f"{word} >> {left - size}" if left > size else word
    source = f"({source} & {(1 << size) - 1})"
    if signed:
        source = f"({source} ^ {1 << size - 1}) - {1 << size - 1}"
    value = g.out.new()
    g.out.post(f"{value} = {source}{suffix}")
    if not suffix:
        g.out.integer(value, signed)
    return value


def _bits_integer(g: Generator, con: Any, scope: Scope | None) -> str:
    if g.word is None or con.swapped or not isinstance(con.length, int) or con.length <= 0:
        raise UnsupportedError("BitsInteger outside of a Bitwise, swapped, or of no constant length")
    return take_bits(g, con.length, signed=bool(con.signed))


def _bitwise(g: Generator, con: Any, scope: Scope | None) -> str:
    if con.decodefunc is not c.lib.bytes2bits or not isinstance(con.decodeamount, int) or con.decodeamount < 1:
        raise UnsupportedError("Transformed by another function than bytes2bits")
    word = fixed_integer(g, con.decodeamount, False, ">")
    g.word = word, con.decodeamount * 8
    value = g.value(con.subcon, scope)
    g.word = None
    return value


def _enum(g: Generator, con: Any, scope: Scope | None) -> str:
    raw, value = g.value(con.subcon, scope), g.out.new()
    names = g.out.constant(con.decmapping)
    g.out.post(f"{value} = {names}[{raw}] if {raw} in {names} else EnumInteger({raw})", fails=raw not in g.out.unsigned)
    return value


def _flags_enum(g: Generator, con: Any, scope: Scope | None) -> str:
    raw = g.value(con.subcon, scope)
    tests = {name: f"({raw} & {int(flag)} == {int(flag)})" for name, flag in con.flags.items()}
    return record(g, con, tests, fails=raw not in g.out.unsigned)


def record(g: Generator, con: Any, fields: dict[str, str], fails: bool = False) -> str:
    """Make the object of a Struct or FlagsEnum from the sources of its fields."""
    value = g.out.new("o")
    lines = [f"{value} = {g.out.constant(g.classes[id(con)])}()"]
    for name, source in fields.items():
        plain = f"{value}.{name} = {source}"
        lines.append(f"setattr({value}, {name!r}, {source})" if keyword.iskeyword(name) else plain)
    g.out.post(*lines, fails=fails)
    g.records[value] = {} if fails else fields
    return value


def _mapping(g: Generator, con: Any, scope: Scope | None) -> str:
    raw, value = g.value(con.subcon, scope), g.out.new()
    found = f"    {value} = {g.out.constant(con.decmapping)}[{raw}]"
    g.out.post("try:", found, f"except (KeyError, TypeError): {g.out.fail('a value with no mapping')}", fails=True)
    return value


def _const(g: Generator, con: Any, scope: Scope | None) -> str:
    value = g.value(con.subcon, scope)
    g.out.post(f"if not {value} == {g.literal(con.value)}: {g.out.fail(f'not {con.value!r}')}", fails=True)
    return value


def _string(g: Generator, con: Any, scope: Scope | None) -> str:
    raw, value = g.value(con.subcon, scope), g.out.new()
    encoding = "" if con.encoding.lower() in _UTF8 else repr(con.encoding)
    decode = f"    {value} = {raw}.decode({encoding})"
    g.out.post("try:", decode, f"except Exception: {g.out.fail(f'not {con.encoding}')}", fails=True)
    return value


def _adapter(g: Generator, con: Any, scope: Scope | None) -> str:
    raw, value = g.value(con.subcon, scope), g.out.new()
    context = (scope or Scope()).context()
    decode = f"    {value} = {g.out.constant(con)}._decode({raw}, {context}, '')"
    g.out.post("try:", decode, f"except ConstructError: {g.out.fail(f'{type(con).__name__} refused it')}", fails=True)
    return value


def _hex(g: Generator, con: Any, scope: Scope | None) -> str:
    if fixed_size(con.subcon) is None:  # construct asks integers for their size, and fails
        raise UnsupportedError(f"{type(con).__name__} of no constant size")
    return g.value(con.subcon, scope)


def _inner(g: Generator, con: Any, scope: Scope | None) -> str:
    return g.value(con.subcon, scope)


def _computed(g: Generator, con: Any, scope: Scope | None) -> str:
    source, value = g.parameter(con.func, scope), g.out.new()
    g.out.post(f"{value} = {source}", fails=callable(con.func))
    return value


def _check(g: Generator, con: Any, scope: Scope | None) -> str:
    g.out.post(f"if not {g.parameter(con.func, scope)}: {g.out.fail('a check failed')}", fails=True)
    return "None"


def _pass(g: Generator, con: Any, scope: Scope | None) -> str:
    return "None"


def _terminated(g: Generator, con: Any, scope: Scope | None) -> str:
    g.out.flush()
    g.out.write(f"if pos < {g.out.end}: {g.out.fail('more bytes than expected')}")
    return "None"


def _tell(g: Generator, con: Any, scope: Scope | None) -> str:
    g.tells = True
    value = g.out.new()
    g.out.post(f"{value} = {g.out.position()} - start")
    return value


def _error(g: Generator, con: Any, scope: Scope | None) -> str:
    g.out.post("raise Explicit('an Error field was reached', pos)", fails=True)
    return "None"


HANDLERS: dict[type, Handler] = {
    c.FormatField: _format_field,
    c.Bytes: _bytes,
    type(c.GreedyBytes): _greedy_bytes,
    c.BytesInteger: _bytes_integer,
    type(c.VarInt): _varint,
    type(c.ZigZag): _zigzag,
    type(c.Flag): _flag,
    c.BitsInteger: _bits_integer,
    c.Transformed: _bitwise,
    c.Enum: _enum,
    c.FlagsEnum: _flags_enum,
    c.Mapping: _mapping,
    c.Const: _const,
    c.StringEncoded: _string,
    c.Adapter: _adapter,
    c.Hex: _hex,
    c.HexDump: _hex,
    c.Renamed: _inner,
    c.Rebuild: _inner,
    c.Default: _inner,
    c.Computed: _computed,
    c.Check: _check,
    type(c.Pass): _pass,
    type(c.Terminated): _terminated,
    type(c.Tell): _tell,
    type(c.Error): _error,
}
