"""`layout`: a construct declaration becomes a fast parser."""

import weakref
from typing import TYPE_CHECKING, Any

import construct

from pxcap.core.layout.errors import UnsupportedError
from pxcap.core.layout.generate import generate
from pxcap.core.layout.interpret import Parse, interpreter


class Layout:
    """A declaration, compiled when `parse` or what is told of it is first looked at: one never used costs next to nothing.

    Attributes:
        name: As given; names the classes of the parsed objects.
        declaration: The construct it was made from.
        parse: The fast parser. Takes the buffer, the position to begin at (0 <= pos <= len(buf)) and the position that
            is not to be passed (default, and at most, len(buf)); returns the object and the next position, so that a
            buffer is walked without being cut. Raises Partial or Invalid, nothing else. `Tell` counts from `pos`.
            GreedyBytes, GreedyRange, Optional, Select, Peek and Terminated take `end` for the end of the message, as
            construct takes the end of the stream: use them where that is known.
        interpret: The same by construct's own interpreter, with equal results; for tests.
        compiled: Whether `parse` is compiled; if not it is `interpret`.
        why: What could not be compiled; empty when `compiled`.
        source: The generated Python; empty when not `compiled`.
    """

    __slots__ = ("__weakref__", "_classes", "compiled", "declaration", "interpret", "name", "parse", "source", "why")
    parse: Parse
    compiled: bool
    why: str
    source: str

    def __init__(self, declaration: "construct.Construct[Any, Any]", name: str) -> None:
        self.name = name
        self.declaration = declaration
        self.interpret, self._classes = interpreter(declaration, name)

    if not TYPE_CHECKING:  # to a type checker the four are there from the start

        def __getattr__(self, name: str) -> Any:
            """Called for a slot that is still empty."""
            if name not in _COMPILED:
                raise AttributeError(f"a Layout has no {name}")
            self._compile()
            return getattr(self, name)

    def _compile(self) -> None:
        try:
            parse, source, why = *generate(self.declaration, self.name, self._classes), ""
        except UnsupportedError as error:
            parse, source, why = self.interpret, "", str(error)
        self.parse, self.source, self.why, self.compiled = parse, source, why, not why

    def __repr__(self) -> str:
        return f"<Layout {self.name}: {'compiled' if self.compiled else 'interpreted, ' + self.why}>"


_COMPILED = ("parse", "source", "why", "compiled")
_made: list[weakref.ref[Layout]] = []


def layout(declaration: "construct.Construct[Any, Any]", name: str) -> Layout:
    """A parser of a declaration; meant to be made once, at import, beside the declaration.

    Never refuses a declaration that construct accepts: what has no compiled form is interpreted, and `why` tells.

    Raises:
        ValueError: A field name cannot be an attribute.
    """
    made = Layout(declaration, name)
    _made.append(weakref.ref(made))
    return made


def layouts() -> tuple[Layout, ...]:
    """Every layout of this process that is still alive, in the order they were made."""
    alive = [(ref, made) for ref in _made if (made := ref()) is not None]
    _made[:] = [ref for ref, _ in alive]
    return tuple(made for _, made in alive)
