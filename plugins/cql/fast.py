"""The loop over rows, written out for the types of a result.

Most columns are of a fixed size, and neighbours of that kind are taken apart by one `Struct`, those at the end of a row
together with those in front of the next; their lengths are checked afterwards. Where one is NULL or odd, the row goes cell
by cell. Whether all rows ended where the message does, and found room (`fits`), is looked at once, when they are read; if not,
`rows` reads them cell by cell. Both give the same lines. One loop serves all results whose columns are of these kinds. The
values of an EXECUTE are taken apart likewise, as one row.
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
        '"{dates[m@ // 1440]}{minutes[m@ % 1440]}{seconds[s@ // 1000]}{milliseconds[s@ % 1000]}',
        ("m@ = v@ // 60000", "s@ = v@ % 60000"),
    ),
    values.tinyint: Fixed("b", 1, "{v@}"),
    values.uuid: Fixed("16s", 16, '"{h@[:8]}-{h@[8:12]}-{h@[12:16]}-{h@[16:20]}-{h@[20:]}"', ("h@ = v@.hex()",)),
}
_KINDS = {decode: decode.__name__ for decode in (*_FIXED, values.text)}
_NAMES: dict[str, Any] = {
    "ODD": (error, LookupError, UnicodeDecodeError),
    "ONCE": (0,),
    "date": values.date,
    "dates": values.DATES,
    "milliseconds": values.MILLISECONDS,
    "minutes": values.MINUTES,
    "quote": quote,
    "seconds": values.SECONDS,
    "single": values.single,
    "size_at": Struct(">i").unpack_from,
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


class _Piece(NamedTuple):
    """Source that takes apart a run of columns of a fixed size and the length of the next, or one column of any size.

    Attributes:
        codes: Of the run, for `struct`, and of what follows it; empty for a column of any size.
        targets: What these values are assigned to.
        lines: Statements that come then; they break off where something is odd.
        texts: Of the f-string, for each column.
    """

    codes: str
    targets: str
    lines: list[str]
    texts: list[str]

    def taken(self, number: int, names: dict[str, Any]) -> list[str]:
        """All of its statements."""
        if not self.codes:
            return self.lines
        packed = Struct(f">{self.codes}")
        names[f"take{number}"] = packed.unpack_from
        return [f"{self.targets}, = take{number}(buf, at)", f"at += {packed.size}", *self.lines]


def _pieces(decoders: Sequence[Decode], tail: tuple[str, str, str], null: str) -> list[_Piece]:
    """A row, and `tail` behind it; `null` is what is done where a column of any size is NULL, empty to show it."""
    pieces: list[_Piece] = []
    for low, high in _runs(decoders):
        if decoders[low] in _FIXED:
            pieces.append(_fixed(decoders, low, high, tail))
        else:
            sized = bool(pieces and pieces[-1].codes)
            pieces.append(_variable(low, decoders[low] is values.text, sized, null))
    if tail[0] and not pieces[-1].codes:
        pieces.append(_Piece(tail[0], tail[1], [], []))
    return pieces


def _fixed(decoders: Sequence[Decode], low: int, high: int, tail: tuple[str, str, str]) -> _Piece:
    """Columns low to high, all of a fixed size, and the length of the next, or `tail`."""
    fixed = [(at, _FIXED[decoders[at]]) for at in range(low, high)]
    more = high < len(decoders)
    codes = "".join(f"i{one.code}" for _, one in fixed) + ("i" if more else tail[0])
    targets = [f"n{at}, v{at}" for at in range(low, high)] + ["size"] * more + [tail[1]] * bool(tail[1] and not more)
    right = [f"n{at} == {one.size}" for at, one in fixed]
    right += [one.when.replace("@", str(at)) for at, one in fixed if one.when]
    lines = [f"if not ({' and '.join(right)}): break"]
    lines += [line.replace("@", str(at)) for at, one in fixed for line in one.first]
    return _Piece(codes, ", ".join(targets), lines, [one.text.replace("@", str(at)) for at, one in fixed])


def _variable(at: int, textual: bool, sized: bool, null: str) -> _Piece:
    """One column of any size; `sized`: its length was taken already."""
    data = "buf[at:stop]"
    lines = [
        *([] if sized else ["size = size_at(buf, at)[0]", "at += 4"]),
        f"if size < 0: {null or f'c{at} = {chr(39)}null{chr(39)}'}",
        "else:",
        "    stop = at + size",
        *([] if textual else ["    room -= size"]),  # what is shown of it may be shorter than it is
        f"    c{at} = {f'quote({data}.decode())' if textual else f'decoders[{at}]({data})'}",
        "    at = stop",
    ]
    return _Piece("", "", lines, [f"{{c{at}}}"])


def _written(decoders: Sequence[Decode]) -> Loop:
    names = {**_NAMES, "slow": cells}
    pieces = _pieces(decoders, _TAILS[0], "")
    front: list[str] = []
    begin, first, last = "at = pos", 0, len(pieces)
    body: list[str] = []
    if last > 2 and pieces[0].codes and pieces[-1].codes:
        first, last = 1, last - 1
        head, tail = pieces[0], pieces[-1]
        size, both = Struct(f">{head.codes}").size, Struct(f">{tail.codes}{head.codes}")
        names["head"], names["both"] = Struct(f">{head.codes}").unpack_from, both.unpack_from
        front = [f"{head.targets}, = head(buf, pos)"]
        begin = f"at = pos + {size}"
        kept = [at for at, text in enumerate(head.texts) if "{v" in text]  # before the next row's come in their place
        pieces[0] = head._replace(texts=[text.replace("{v", "{w") for text in head.texts])
        body = [*head.lines, *(f"w{at} = v{at}" for at in kept)]
    for number, piece in enumerate(pieces[first:last], first):
        body += piece.taken(number, names)
    if first:
        body += [f"{tail.targets}, {head.targets}, = both(buf, at)", f"at += {both.size - size}", *tail.lines]
    texts = ",".join(text for piece in pieces for text in piece.texts)
    source = [
        "def loop(buf, pos, end, count, room, decoders, lines):",
        "    append = lines.append",
        "    try:",
        "        while count > 0:",
        "            try:",
        *(f"                {line}" for line in front),
        "                for count in range(count - 1, -1, -1):",
        f"                    {begin}",
        *(f"                    {line}" for line in body),
        f"                    append(f'[{texts}]')",
        "                    pos = at",
        "                else: break",
        "            except ODD: pass",
        "            texts, at = slow(buf, pos, end, decoders, end)",
        "            append('[' + ','.join(texts) + ']')",
        "            room -= at - pos",
        "            pos = at",
        "    except IndexError: pass",
        "    return pos, room",
    ]
    exec(compile("\n".join(source), "<cql rows>", "exec"), names)  # noqa: S102  our own source, from a table of types
    made: Loop = names["loop"]
    return made


def _written_bind(decoders: Sequence[Decode], flags: int) -> Bind:
    """As one row that ends at `end`, in which nothing is NULL, not set or odd: else None."""
    names = {**_NAMES, "fits": fits}
    tail = _TAILS[flags]
    pieces = _pieces(decoders, tail, "break")
    texts = ",".join(text for piece in pieces for text in piece.texts)
    line = f'{{front}}"values":[{texts}]{"," if flags else ""}{tail[2]}}}}}'
    source = [
        "def bind(buf, at, end, room, decoders, front):",
        "    try:",
        "        for _ in ONCE:",
        *(f"            {line}" for number, piece in enumerate(pieces) for line in piece.taken(number, names)),
        "            if at != end: break",
        f"            line = f'{line}'",
        "            if fits(line, room): return line",
        "    except ODD: pass",
    ]
    exec(compile("\n".join(source), "<cql values>", "exec"), names)  # noqa: S102  as above
    made: Bind = names["bind"]
    return made


def fits(text: str, room: int) -> bool:
    """Whether what a loop or a bind made would be shown likewise cell by cell: all of it, bytes and characters, finds room.

    Values that are not texts took their bytes of the `room` already; a character of a text has at most four.
    """
    return (len(text) if text.isascii() else 4 * len(text)) < room and "\\u0000" not in text


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
