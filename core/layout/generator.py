"""The generator: walks a declaration and lets one handler per construct write its part of the function."""

import re
from collections.abc import Callable
from typing import Any

import construct as c

from pxcap.core.layout.errors import UnsupportedError
from pxcap.core.layout.expression import Expressions, Scope
from pxcap.core.layout.interpret import Classes
from pxcap.core.layout.writer import Writer

Handler = Callable[["Generator", Any, "Scope | None"], str]


class Generator:
    """What handlers share.

    A handler writes the code that parses its construct and returns the source of the value: a variable or a literal.
    The variable may still be pending in the writer's run, so whoever uses it does so in a `post` or after a `flush`.

    Attributes:
        out: The writer.
        classes: What the Structs and FlagsEnums parse to.
        word: Inside a Bitwise: variable of the integer read, and how many of its bits are not consumed.
        records: For variables that hold a Record: the sources of its fields.
        tells: Whether the position where the layout began is needed.
    """

    def __init__(self, handlers: dict[type, Handler], classes: Classes, view: bool) -> None:
        self.out = Writer(view)
        self.classes = classes
        self.word: tuple[str, int] | None = None
        self.tells = False
        self._handlers = handlers
        self.records: dict[str, dict[str, str]] = {}
        self._expressions = Expressions(self.out.constant, self.records)

    def value(self, con: Any, scope: Scope | None) -> str:
        """Write the code of a construct and return the source of its value.

        Raises:
            UnsupportedError: It, or something in it, has no compiled form.
        """
        if con.parsed is not None:
            raise UnsupportedError("a function called when a field is parsed")
        kind = type(con)
        handler = self._handlers.get(kind)
        if handler is None and kind is not c.NamedTuple and getattr(kind, "_parse", None) is c.Adapter._parse:
            handler = self._handlers[c.Adapter]
        if handler is None:
            raise UnsupportedError(f"{kind.__name__} has no compiled form")
        if self.word and kind not in _BITWISE:
            raise UnsupportedError(f"{kind.__name__} inside a Bitwise")
        return handler(self, con, scope)

    def literal(self, value: object) -> str:
        """Source of a constant."""
        return self._expressions.literal(value)

    def parameter(self, value: Any, scope: Scope | None) -> str:
        """Source of a constant, an expression or a callable of the context."""
        return self._expressions.parameter(value, scope)

    def predicate(self, value: Any, scope: Scope | None, *arguments: str) -> str:
        """Source of a callable that gets `arguments` before the context."""
        return self._expressions.predicate(value, scope, *arguments)

    def length(self, value: Any, scope: Scope | None, least: int = 0) -> str:
        """Flush, and return the source of a length or count that is at least `least`, checked unless that is certain."""
        out = self.out
        source = self.parameter(value, scope)
        out.flush()
        if isinstance(value, int) and value >= least:
            return source
        if not source.isidentifier():
            name = out.new("n")
            out.write(f"{name} = {source}" if self._is_integer(source) else f"{name} = index({source})")
            source = name
        elif source not in out.integers:
            out.write(f"index({source})")
        if least or source not in out.unsigned:
            out.write(f"if {source} < {least}: {out.fail('a length or count out of range')}")
        return source

    def _is_integer(self, source: str) -> bool:
        """Whether an expression certainly gives an int: what is not one is Invalid as a length, never rounded."""
        if not _ARITHMETIC.fullmatch(source.replace("//", "%")) or "**" in source:
            return False
        return all(name in self.out.integers for name in _NAME.findall(source))


_ARITHMETIC = re.compile(r"[\w\s()+*%&|^<>-]*")
_NAME = re.compile(r"[A-Za-z_]\w*")
_BITWISE = {
    c.Array,
    c.BitsInteger,
    c.Check,
    c.Computed,
    c.Const,
    c.Default,
    c.Enum,
    c.FlagsEnum,
    c.Mapping,
    c.Padded,
    c.Rebuild,
    c.Renamed,
    c.Sequence,
    c.Struct,
    type(c.Flag),
    type(c.Pass),
}
