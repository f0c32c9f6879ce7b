"""The loop over rows, written out for the types of a result.

Most columns are of a fixed size, and neighbours of that kind are taken apart by one `Struct`; their lengths are checked
afterwards. Where one is NULL or odd, its run of columns goes cell by cell. The loop ends where a row is cut or long, and
`rows` goes on there; both give the same lines. One loop serves all results whose columns are of these kinds.
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
        '"{dates[d@]}{minutes[m@]}{seconds[s@ // 1000]}{milliseconds[s@ % 1000]}',
        ("d@, s@ = divmod(v@, 86400000)", "m@, s@ = divmod(s@, 60000)"),
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
    body: list[str] = []
    runs = _runs(decoders)
    for low, high in runs:
        if decoders[low] in _FIXED:
            body += _fixed_run(decoders, low, high, names)
        else:
            body += _variable(low, decoders[low] is values.text, low > 0 and decoders[low - 1] in _FIXED)
    line = "f'[" + ",".join(f"{{c{low}}}" for low, _ in runs) + "]'"
    source = [
        "def loop(buf, pos, end, count, room, decoders, lines):",
        "    append = lines.append",
        "    begin = pos",
        "    try:",
        "        for _ in range(count):",
        *(f"            {text}" for text in body),
        f"            line = {line}",
        "            if pos > end: break",
        "            if '\\\\u0000' in line: line = '[' + ','.join(slow(buf, begin, end, decoders, room)[0]) + ']'",
        "            if len(line) >= room and lines: break",
        "            room -= len(line) + 1",
        "            append(line)",
        "            begin = pos",
        "    except (error, IndexError): pass",
        "    return begin, room",
    ]
    exec(compile("\n".join(source), "<cql rows>", "exec"), names)  # noqa: S102  our own source, from a table of types
    made: Loop = names["loop"]
    return made


def _written_bind(decoders: Sequence[Decode], flags: int) -> Bind:
    """As a row, but that what is NULL, not set, odd or cut ends it with None, and that nothing may follow."""
    names = dict(_NAMES)
    body: list[str] = []
    codes, targets, shown = _TAILS[flags]
    runs = _runs(decoders)
    for low, high in runs:
        if decoders[low] in _FIXED:
            fits, *taken = _fixed(decoders, low, high, names, (codes, targets) if high == len(decoders) else ("", ""))
            body += [f"if pos + {fits} end: break", *taken[:2], "if not fits: break", *taken[2:]]
        else:
            body += _variable(low, decoders[low] is values.text, low > 0 and decoders[low - 1] in _FIXED, strict=True)
    if decoders[-1] not in _FIXED:
        tail = Struct(f">{codes}")
        names["tail"] = tail.unpack_from
        body.append(f"if pos + {tail.size} != end: break")
        body += [f"{targets}, = tail(buf, pos)"] if codes else []
    line = (
        '{front}"values":[' + ",".join(f"{{c{low}}}" for low, _ in runs) + "]" + ("," + shown if shown else "") + "}}"
    )
    source = [
        "def bind(buf, pos, end, room, decoders, front):",
        "    for _ in ONCE:",
        *(f"        {text}" for text in body),
        f"        line = f'{line}'",
        "        if '\\\\u0000' in line: break",
        "        return line",
    ]
    exec(compile("\n".join(source), "<cql values>", "exec"), names)  # noqa: S102  as above
    made: Bind = names["bind"]
    return made


def _fixed(
    decoders: Sequence[Decode], low: int, high: int, names: dict[str, Any], tail: tuple[str, str] = ("", "")
) -> list[str]:
    """Source for the columns low to high, all of a fixed size: their bytes, unpacking, the condition, and the text.

    The length of the next column is unpacked with them, or what follows the last: codes and targets of `tail`.
    """
    fixed = [(at, _FIXED[decoders[at]]) for at in range(low, high)]
    more = high < len(decoders)
    packed = Struct(">" + "".join(f"i{one.code}" for _, one in fixed) + ("i" if more else tail[0]))
    names[f"run{low}"] = packed.unpack_from
    targets = [f"n{at}, v{at}" for at in range(low, high)] + ["size"] * more + [tail[1]] * bool(tail[1])
    right = [f"n{at} == {one.size}" for at, one in fixed]
    right += [one.when.replace("@", str(at)) for at, one in fixed if one.when]
    return [
        f"{packed.size} {'>' if more else '!='}",
        f"{', '.join(targets)}, = run{low}(buf, pos)",
        f"fits = {' and '.join(right)}",
        *(line.replace("@", str(at)) for at, one in fixed for line in one.first),
        f"c{low} = f'{','.join(one.text.replace('@', str(at)) for at, one in fixed)}'",
        f"pos += {packed.size}",
    ]


def _fixed_run(decoders: Sequence[Decode], low: int, high: int, names: dict[str, Any]) -> list[str]:
    """Source that takes the columns low to high, all of a fixed size, as one text; and the length of the next, if any."""
    size, unpack, fits, *taken = _fixed(decoders, low, high, names)
    return [
        f"if pos + {size.split()[0]} <= end:",
        f"    {unpack}",
        f"    {fits}",
        "else: fits = False",
        "if fits:",
        *(f"    {line}" for line in taken),
        "else:",
        f"    texts, pos = slow(buf, pos, end, decoders[{low}:{high}], room)",
        f"    c{low} = ','.join(texts)",
        *(["    size = size_at(buf, pos)[0]", "    pos += 4"] if high < len(decoders) else []),
    ]


def _variable(at: int, textual: bool, sized: bool, strict: bool = False) -> list[str]:
    """Source that takes one column of any size; `sized`: its length was taken already; `strict`: NULL ends it."""
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
        "if size < 0: break" if strict else f"if size < 0: c{at} = 'null'",
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
