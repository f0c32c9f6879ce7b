"""Writes the lines of a parse function and merges neighbouring fields of fixed size into one read.

Fields of fixed size are not read when they are met: they wait in a **run**, together with the statements that use them
(checks, conversions, making the object). `flush` writes the run: one check of the length, as few reads as the byte
orders allow, then the statements. Whoever writes anything of variable size, a loop or a branch flushes first.

When the input ends inside a run the answer is Partial, unless a check on the bytes that are there already fails. So the
branch for short input, and only it, goes through the run check by check.
"""

import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_NEUTRAL = frozenset("sxBb?")
_INTEGERS = frozenset("BHLQbhlq")
_NATIVE = "<" if sys.byteorder == "little" else ">"


def struct_order(order: str) -> str:
    """Byte order with the machine's own made explicit, so that neighbours can share one read."""
    return _NATIVE if order == "=" else order


@dataclass(slots=True)
class _Atom:
    code: str  # struct code of one value: "H", "12s", "3x"
    size: int
    order: str  # "<", ">" or "" when it does not matter
    var: str  # "" for padding


@dataclass(slots=True)
class _Post:
    lines: list[str]
    fails: bool


class Writer:
    """Lines, names and the pending run of one function.

    Attributes:
        end: Variable that holds the end of the bytes that may be read.
        outer: Whether that is the end of the input (to run over it is Partial) or one a length field gave (Invalid).
        checked: Whether the length of what is read was checked already (in an array of fixed elements).
        view: Whether the buffer is a memoryview, whose slices must be made bytes.
        names: Globals of the generated function.
        integers: Variables that hold an int.
        unsigned: Those among them that are not negative.
        empties: Whether elements that may be empty must be counted.
        swallows: Whether something may go on after a failure, so that short reads must be remembered.
    """

    def __init__(self, view: bool) -> None:
        self.view = view
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self.integers: set[str] = set()
        self.unsigned: set[str] = set()
        self.end = "end"
        self.outer = True
        self.checked = False
        self.empties = False
        self.swallows = False
        self._depth = 0
        self._count = 0
        self._run: list[_Atom | _Post] = []
        self._constants: dict[int, str] = {}

    def new(self, prefix: str = "v") -> str:
        """A fresh variable name."""
        self._count += 1
        return f"{prefix}{self._count}"

    def constant(self, value: Any) -> str:
        """The global name of an object, the same for the same object."""
        if id(value) not in self._constants:
            self._constants[id(value)] = name = f"K{len(self._constants)}"
            self.names[name] = value
        return self._constants[id(value)]

    def write(self, *lines: str) -> None:
        """Write lines now; nothing may be pending that they use."""
        self.lines += ["    " * self._depth + line for line in lines]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write an indented block, flushed at its end."""
        self.write(head)
        self._depth += 1
        start = len(self.lines)
        yield
        self.flush()
        if len(self.lines) == start:
            self.write("pass")
        self._depth -= 1

    @contextmanager
    def within(self, end: str, outer: bool, checked: bool = False) -> Iterator[None]:
        """Read up to another end for a while."""
        before = self.end, self.outer, self.checked
        self.end, self.outer, self.checked = end, outer, checked
        yield
        self.flush()
        self.end, self.outer, self.checked = before

    def atom(self, code: str, order: str = "", var: str | None = None) -> str:
        """Add a value of fixed size to the run and return its variable (empty for padding)."""
        order = struct_order(order)
        name = "" if code[-1] == "x" else (var or self.new())
        self._run.append(_Atom(code, struct.calcsize("=" + code), "" if code[-1] in _NEUTRAL else order, name))
        if code in _INTEGERS:
            self.integer(name, signed=code.islower())
        return name

    def integer(self, var: str, signed: bool = False) -> None:
        """Note that a variable holds an int."""
        self.integers.add(var)
        if not signed:
            self.unsigned.add(var)

    def post(self, *lines: str, fails: bool = False) -> None:
        """Add statements that use what was read so far; `fails` when they may raise."""
        if self._run:
            self._run.append(_Post(list(lines), fails))
        else:
            self.write(*lines)

    def pending(self) -> int:
        """Bytes in the run: `pos` is so far behind."""
        return sum(item.size for item in self._run if isinstance(item, _Atom))

    def position(self) -> str:
        """Source of the current position."""
        return f"pos + {self.pending()}" if self.pending() else "pos"

    def fail(self, reason: str) -> str:
        """A statement that raises Invalid."""
        return f"raise Invalid({reason!r}, pos)"

    def short(self, need: str) -> str:
        """A statement for bytes that are not there."""
        return f"raise Partial({need})" if self.outer else self.fail("it is longer than what holds it")

    def slice(self, start: str, stop: str) -> str:
        """Source of bytes of the buffer."""
        return f"bytes(buf[{start}:{stop}])" if self.view else f"buf[{start}:{stop}]"

    def take(self, size: str) -> str:
        """Check that `size` bytes (a source, not negative) follow and return the variable of the position behind."""
        end = self.new("e")
        self.write(f"{end} = pos + {size}")
        if not self.checked:
            self.write(f"if {end} > {self.end}: {self.short(f'{end} - {self.end}')}")
        return end

    def flush(self) -> None:
        """Write the pending run."""
        run, self._run = self._run, []
        if not run:
            return
        size = sum(item.size for item in run if isinstance(item, _Atom))
        after = ""
        if size and not self.checked:
            last = self._last_check(run, size) if self.outer else 0
            if last:
                with self.block(f"if pos + {size} > {self.end}:"):
                    self._short_run(run[:last], size)
            else:
                after = self.take(f"{size}")
        self._reads([item for item in run if isinstance(item, _Atom)], 0)
        for item in run:
            if isinstance(item, _Post):
                self.write(*item.lines)
        if size:
            self.write(f"pos = {after}" if after else f"pos += {size}")

    def _last_check(self, run: list[_Atom | _Post], size: int) -> int:
        """How much of a run matters when it is cut short: up to the last check that does not need all of it."""
        offset = last = 0
        for at, item in enumerate(run):
            if isinstance(item, _Atom):
                offset += item.size
            elif item.fails and offset < size:
                last = at + 1
        return last

    def _short_run(self, run: list[_Atom | _Post], size: int) -> None:
        lack = f"raise Partial(pos + {size} - {self.end})"
        offset = 0
        atoms: list[_Atom] = []
        posts: list[str] = []
        for item in run:
            if isinstance(item, _Atom):
                atoms.append(item)
                offset += item.size
                continue
            posts += item.lines
            if item.fails:
                if atoms:
                    self.write(f"if pos + {offset} > {self.end}: {lack}")
                self._reads(atoms, offset - sum(atom.size for atom in atoms))
                self.write(*posts)
                atoms, posts = [], []
        self.write(lack)

    def _reads(self, atoms: list[_Atom], offset: int) -> None:
        segment: list[_Atom] = []
        order = ""
        for atom in atoms:
            if atom.order and order and atom.order != order:
                offset += self._read(segment, order, offset)
                segment, order = [], ""
            segment.append(atom)
            order = order or atom.order
        self._read(segment, order, offset)

    def _read(self, atoms: list[_Atom], order: str, offset: int) -> int:
        size = sum(atom.size for atom in atoms)
        values = [atom for atom in atoms if atom.var]
        codes = [atom.code for atom in values]
        simple = all(code in ("B", "H") or code[-1] in "s?" for code in codes)
        if simple and len(values) <= 2 and codes.count("H") <= 1:
            for atom in atoms:
                if atom.var:
                    self._read_one(atom, offset)
                offset += atom.size
        elif values:
            unpack = self._unpacker((order or "<") + "".join(atom.code for atom in atoms))
            at = f"pos + {offset}" if offset else "pos"
            self.write(f"{', '.join(atom.var for atom in values)}, = {unpack}(buf, {at})")
        return size

    def _read_one(self, atom: _Atom, offset: int) -> None:
        start, stop = f"pos + {offset}" if offset else "pos", f"pos + {offset + atom.size}"
        if atom.code[-1] == "s":
            self.write(f"{atom.var} = {self.slice(start, stop)}")
        elif atom.code == "H":
            first, second = f"buf[{start}]", f"buf[pos + {offset + 1}]"
            high, low = (first, second) if atom.order == ">" else (second, first)
            self.write(f"{atom.var} = {high} << 8 | {low}")
        else:
            self.write(f"{atom.var} = buf[{start}]{' != 0' if atom.code == '?' else ''}")

    def _unpacker(self, form: str) -> str:
        name = "u_" + form.replace("<", "l_").replace(">", "b_").replace("?", "t")
        if name not in self.names:
            self.names[name] = struct.Struct(form).unpack_from
        return name
