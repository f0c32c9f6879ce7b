"""The loop over rows, written out for the types of a result.

Most columns are of a fixed size, and neighbours of that kind are taken apart by one `Struct`; their lengths are checked
afterwards. Where one is NULL or odd, the row goes cell by cell. The loop ends where a row is cut or long, and `rows` goes
on there; both give the same lines. One loop serves all results whose columns are of these kinds. The values of an EXECUTE
are taken apart likewise, as one row.
"""

from collections.abc import Sequence
from struct import Struct, error
from typing import Any, NamedTuple

from pxcap.core.text import quote
from pxcap.plugins.cql import values
from pxcap.plugins.cql.types import Bind, Decode, Loop

SMALL = 16  # bytes of a value that is shown whole, however little room is left: the largest of a fixed size
MAX_COLUMNS = 64  # of a result that is worth a loop of its own
_MAX_LOOPS = 512


class Fixed(NamedTuple):
    """How a column of a fixed size is taken and shown; `@` stands for the column's number.

    Attributes:
        code: For `struct`; its value is `v@`.
        size: Bytes.
        text: Of an f-string.
        first: Statements before that.
        when: Condition without which the cell is shown by its decoder.
    """

    code: str
    size: int
    text: str
    first: tuple[str, ...] = ()
    when: str = ""


def _called(code: str, size: int, name: str) -> Fixed:
    return Fixed(code, size, "{t@}", (f"t@ = {name}(v@)",))


_FIXED: dict[Decode, Fixed] = {
    values.bigint: Fixed("q", 8, "{v@}"),
    values.boolean: Fixed("B", 1, "{t@}", ("t@ = 'true' if v@ else 'false'",)),
    values.date: _called("4s", 4, "date"),
    values.double: Fixed("d", 8, "{v@!r}", (), "v@ - v@ == 0.0"),  # neither infinite nor NaN
    values.integer: Fixed("i", 4, "{v@}"),
    values.single: _called("4s", 4, "single"),
    values.smallint: Fixed("h", 2, "{v@}"),
    values.time: _called("8s", 8, "time"),
    values.timestamp: Fixed(
        "q",
        8,
        '"{dates[v@ // 86400000]}{minutes[s@ // 60000]}{seconds[s@ // 1000 % 60]}{milliseconds[s@ % 1000]}',
        ("s@ = v@ % 86400000",),
        f"{values.FIRST_INSTANT} <= v@ <= {values.LAST_INSTANT}",
    ),
    values.tinyint: Fixed("b", 1, "{v@}"),
    values.uuid: Fixed("16s", 16, '"{h@[:8]}-{h@[8:12]}-{h@[12:16]}-{h@[16:20]}-{h@[20:]}"', ("h@ = v@.hex()",)),
}
_KINDS = {decode: decode.__name__ for decode in (*_FIXED, values.text)}
_NAMES: dict[str, Any] = {
    "ONCE": (0,),
    "date": values.date,
    "dates": values.DATES,
    "error": error,
    "milliseconds": values.MILLISECONDS,
    "minutes": values.MINUTES,
    "quote": quote,
    "seconds": values.SECONDS,
    "single": values.single,
    "size_at": Struct(">i").unpack_from,
    "text": values.text,
    "time": values.time,
}
_TAILS = {0: ("", "", ""), 4: ("i", "page", '"page_size":{page}'), 32: ("q", "stamp", '"timestamp":{stamp}')}
_TAILS[36] = ("iq", "page, stamp", f"{_TAILS[4][2]},{_TAILS[32][2]}")  # by flags of query parameters
_loops: dict[tuple[str, ...], Loop] = {}
_binds: dict[tuple[str, ...], Bind] = {}


def loop_for(decoders: Sequence[Decode]) -> Loop | None:
    """The loop for columns with these decoders; None when there are none or too many."""
    if not 0 < len(decoders) <= MAX_COLUMNS:
        return None
    key = tuple([_KINDS.get(decode, "") for decode in decoders])
    loop = _loops.get(key)
    if loop is None:
        if len(_loops) >= _MAX_LOOPS:
            _loops.clear()
        loop = _loops[key] = _written(decoders)
    return loop


def bind_for(decoders: Sequence[Decode], flags: int) -> Bind | None:
    """What shows the values of an EXECUTE, and its page size and timestamp by `flags`; None as for `loop_for`."""
    if not 0 < len(decoders) <= MAX_COLUMNS or flags not in _TAILS:
        return None
    key = (*[_KINDS.get(decode, "") for decode in decoders], str(flags))
    bind = _binds.get(key)
    if bind is None:
        if len(_binds) >= _MAX_LOOPS:
            _binds.clear()
        bind = _binds[key] = _written_bind(decoders, flags)
    return bind


def _runs(decoders: Sequence[Decode]) -> list[tuple[int, int]]:
    """Ranges of neighbouring columns: of fixed ones as many as there are, of others one."""
    runs: list[tuple[int, int]] = []
    for at, decode in enumerate(decoders):
        if runs and decode in _FIXED and decoders[runs[-1][0]] in _FIXED:
            runs[-1] = runs[-1][0], at + 1
        else:
            runs.append((at, at + 1))
    return runs


def _written(decoders: Sequence[Decode]) -> Loop:
    names = {**_NAMES, "slow": cells}
    body, texts = _row(decoders, names, _TAILS[0], "")
    source = [
        "def loop(buf, pos, end, count, room, decoders, lines):",
        "    append = lines.append",
        "    begin = pos",
        "    try:",
        "        while count > 0:",
        "            try:",
        "                for count in range(count - 1, -1, -1):",
        *(f"                    {text}" for text in body),
        "                    if pos > end: break",
        f"                    line = f'[{texts}]'",
        "                    if '\\\\u0000' in line: break",
        "                    if len(line) >= room and lines: return begin, room",
        "                    room -= len(line) + 1",
        "                    append(line)",
        "                    begin = pos",
        "                else: break",
        "            except error: pass",
        "            texts, pos = slow(buf, begin, end, decoders, room)",
        "            line = '[' + ','.join(texts) + ']'",
        "            if len(line) >= room and lines: break",
        "            room -= len(line) + 1",
        "            append(line)",
        "            begin = pos",
        "    except IndexError: pass",
        "    return begin, room",
    ]
    exec(compile("\n".join(source), "<cql rows>", "exec"), names)  # noqa: S102  our own source, from a table of types
    made: Loop = names["loop"]
    return made


def _written_bind(decoders: Sequence[Decode], flags: int) -> Bind:
    """As one row that ends at `end`, in which nothing is NULL, not set or odd: else None."""
    names = dict(_NAMES)
    tail = _TAILS[flags]
    body, texts = _row(decoders, names, tail, "break")
    line = f'{{front}}"values":[{texts}]{"," if flags else ""}{tail[2]}}}}}'
    source = [
        "def bind(buf, pos, end, room, decoders, front):",
        "    for _ in ONCE:",
        *(f"        {text}" for text in body),
        "        if pos != end: break",
        f"        line = f'{line}'",
        "        if '\\\\u0000' in line: break",
        "        return line",
    ]
    exec(compile("\n".join(source), "<cql values>", "exec"), names)  # noqa: S102  as above
    made: Bind = names["bind"]
    return made


def _row(
    decoders: Sequence[Decode], names: dict[str, Any], tail: tuple[str, str, str], null: str
) -> tuple[list[str], str]:
    """Source that takes a row and `tail` behind it apart, and the f-string of its cells.

    It breaks off where something is cut, odd or long; `null` is what it does instead where a column of any size is NULL.
    """
    body: list[str] = []
    texts: list[str] = []
    count = len(decoders)
    for low, high in _runs(decoders):
        last = tail if high == count else ("", "", "")
        if decoders[low] in _FIXED:
            body += _fixed_run(decoders, low, high, names, last)
            texts += [_FIXED[decoders[at]].text.replace("@", str(at)) for at in range(low, high)]
        else:
            body += _variable(low, decoders[low] is values.text, low > 0 and decoders[low - 1] in _FIXED, null)
            texts.append(f"{{c{low}}}")
            if last[0]:
                names["tail"] = Struct(f">{tail[0]}").unpack_from
                body += [f"{tail[1]}, = tail(buf, pos)", f"pos += {Struct('>' + tail[0]).size}"]
    return body, ",".join(texts)


def _fixed_run(
    decoders: Sequence[Decode], low: int, high: int, names: dict[str, Any], tail: tuple[str, str, str]
) -> list[str]:
    """Source that takes the columns low to high, all of a fixed size, and the length of the next, or `tail`."""
    fixed = [(at, _FIXED[decoders[at]]) for at in range(low, high)]
    more = high < len(decoders)
    packed = Struct(">" + "".join(f"i{one.code}" for _, one in fixed) + ("i" if more else tail[0]))
    names[f"run{low}"] = packed.unpack_from
    targets = [f"n{at}, v{at}" for at in range(low, high)] + ["size"] * more + [tail[1]] * bool(tail[1])
    right = [f"n{at} == {one.size}" for at, one in fixed]
    right += [one.when.replace("@", str(at)) for at, one in fixed if one.when]
    return [
        f"{', '.join(targets)}, = run{low}(buf, pos)",
        f"pos += {packed.size}",
        f"if not ({' and '.join(right)}): break",
        *(line.replace("@", str(at)) for at, one in fixed for line in one.first),
    ]


def _variable(at: int, textual: bool, sized: bool, null: str) -> list[str]:
    """Source that takes one column of any size; `sized`: its length was taken already."""
    if textual:
        decode = [
            "    try:",
            f"        c{at} = quote(buf[pos:stop].decode())",
            f"    except UnicodeDecodeError: c{at} = text(buf[pos:stop])",
        ]
    else:
        decode = [f"    c{at} = decoders[{at}](buf[pos:stop])"]
    return [
        *([] if sized else ["size = size_at(buf, pos)[0]", "pos += 4"]),
        f"if size < 0: {null or f'c{at} = {chr(39)}null{chr(39)}'}",
        "else:",
        "    stop = pos + size",
        f"    if stop > end or size > room and size > {SMALL}: break",
        *decode,
        "    pos = stop",
    ]


def cells(buf: bytes, pos: int, end: int, decoders: Sequence[Decode], room: int) -> tuple[list[str], int]:
    """Columns one by one, none of them beyond `end`, and the position behind them.

    Raises:
        IndexError: One is cut, or longer than `room`.
    """
    texts = []
    for decode in decoders:
        size = int.from_bytes(buf[pos : pos + 4], "big", signed=True)
        after = pos + 4 + max(size, 0)
        if after > end or size > max(room, SMALL):
            raise IndexError("a value is cut")
        texts.append("null" if size < 0 else decode(buf[pos + 4 : after]))
        pos = after
    return texts, pos
