"""The loop over rows, written out for the types of a result.

Most columns are of a fixed size, and neighbours of that kind are taken apart by one `Struct`; their lengths are checked
afterwards. Where one is NULL or odd, its run of columns goes cell by cell. The loop ends where a row is cut or long, and
`rows` goes on there; both give the same lines. One loop serves all results whose columns are of these kinds.
"""

from collections.abc import Callable, Sequence
from struct import Struct, error
from typing import Any

from pxcap.core.text import quote
from pxcap.plugins.cql import values
from pxcap.plugins.cql.types import Decode

Loop = Callable[[bytes, int, int, int, Sequence[Decode], list[str]], tuple[int, int]]
"""(buf, pos, count, room, decoders, lines) to the position of the first row not taken and the room left."""

SMALL = 16  # bytes of a value that is shown whole, however little room is left: the largest of a fixed size
MAX_COLUMNS = 64  # of a result that is worth a loop of its own
_MAX_LOOPS = 512
_FIXED: dict[Decode, tuple[str, int, str]] = {  # struct code, size, source of the text of {v}
    values.bigint: ("q", 8, "str({v})"),
    values.boolean: ("B", 1, '("true" if {v} else "false")'),
    values.date: ("4s", 4, "date({v})"),
    values.double: ("d", 8, "(repr({v}) if {v} - {v} == 0.0 else infinite({v}))"),
    values.integer: ("i", 4, "str({v})"),
    values.single: ("4s", 4, "single({v})"),
    values.smallint: ("h", 2, "str({v})"),
    values.time: ("8s", 8, "time({v})"),
    values.timestamp: ("q", 8, "instant({v})"),
    values.tinyint: ("b", 1, "str({v})"),
    values.uuid: ("16s", 16, "uuid({v})"),
}
_KINDS = {decode: decode.__name__ for decode in (*_FIXED, values.text)}
_loops: dict[tuple[str, ...], Loop] = {}


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
    names: dict[str, Any] = {
        "date": values.date,
        "error": error,
        "infinite": values.infinite,
        "instant": values.instant,
        "quote": quote,
        "single": values.single,
        "slow": cells,
        "text": values.text,
        "time": values.time,
        "uuid": values.uuid,
        "size_at": Struct(">i").unpack_from,
    }
    body: list[str] = []
    shown: list[str] = []
    for low, high in _runs(decoders):
        if decoders[low] in _FIXED:
            body += _fixed_run(decoders, low, high, names, shown)
        else:
            body += _variable(low, decoders[low] is values.text, shown)
    line = ",".join(f"{{{cell}}}" for cell in shown)
    source = [
        "def loop(buf, pos, count, room, decoders, lines):",
        "    end = len(buf)",
        "    append = lines.append",
        "    begin = pos",
        "    try:",
        "        for _ in range(count):",
        *(f"            {text}" for text in body),
        f'            line = f"[{line}]"',
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


def _fixed_run(decoders: Sequence[Decode], low: int, high: int, names: dict[str, Any], shown: list[str]) -> list[str]:
    """Source that takes the columns low to high, all of a fixed size, into c{low}.. or as one text."""
    kinds = [_FIXED[decode] for decode in decoders[low:high]]
    packed = Struct(">" + "".join(f"i{code}" for code, _, _ in kinds))
    names[f"run{low}"] = packed.unpack_from
    targets = ", ".join(f"s{at}, v{at}" for at in range(low, high))
    right = " and ".join(f"s{at} == {size}" for at, (_, size, _) in enumerate(kinds, low))
    texts = [source.format(v=f"v{at}") for at, (_, _, source) in enumerate(kinds, low)]
    shown.append(f"c{low}")
    whole = ",".join(f"{{{text}}}" for text in texts) if all('"' not in text for text in texts) else ""
    made = f'f"{whole}"' if whole else ' + "," + '.join(texts)
    return [
        f"if pos + {packed.size} <= end:",
        f"    {targets}, = run{low}(buf, pos)",
        f"    fits = {right}",
        "else: fits = False",
        "if fits:",
        f"    c{low} = {made}",
        f"    pos += {packed.size}",
        f"else: c{low}, pos = slow(buf, pos, decoders[{low}:{high}], room)",
    ]


def _variable(at: int, textual: bool, shown: list[str]) -> list[str]:
    """Source that takes one column of any size."""
    shown.append(f"c{at}")
    if textual:
        decode = [
            "    try:",
            f'        c{at} = quote(str(buf[pos:stop], "utf-8"))',
            f'        if "\\\\u0000" in c{at}: c{at} = text(buf[pos:stop])',
            f"    except UnicodeDecodeError: c{at} = text(buf[pos:stop])",
        ]
    else:
        decode = [f"    c{at} = decoders[{at}](buf[pos:stop])"]
    return [
        "size = size_at(buf, pos)[0]",
        "pos += 4",
        f'if size < 0: c{at} = "null"',
        "else:",
        "    stop = pos + size",
        f"    if stop > end or size > room and size > {SMALL}: break",
        *decode,
        "    pos = stop",
    ]


def cells(buf: bytes, pos: int, decoders: Sequence[Decode], room: int) -> tuple[str, int]:
    """Columns one by one, joined, and the position behind them.

    Raises:
        IndexError: One is cut, or longer than `room`.
    """
    texts = []
    for decode in decoders:
        size = int.from_bytes(buf[pos : pos + 4], "big", signed=True)
        after = pos + 4 + max(size, 0)
        if after > len(buf) or size > max(room, SMALL):
            raise IndexError("a value is cut")
        texts.append("null" if size < 0 else decode(buf[pos + 4 : after]))
        pos = after
    return ",".join(texts), pos
