"""From a declaration to a function: the frame around what the handlers write.

The function has one variant for bytes and one for everything else that has a buffer (made when first needed), because
slices of a memoryview must be copied into bytes while slices of bytes are bytes.
"""

from operator import index
from struct import unpack_from
from typing import Any

import construct as c

from pxcap.core.layout import choices, fields, repeats, structs
from pxcap.core.layout.errors import Explicit, Invalid, Partial, UnsupportedError
from pxcap.core.layout.expression import Context
from pxcap.core.layout.generator import Generator
from pxcap.core.layout.interpret import Classes

_HANDLERS = {**fields.HANDLERS, **structs.HANDLERS, **repeats.HANDLERS, **choices.HANDLERS}
_NAMES: dict[str, Any] = {
    "ConstructError": c.ConstructError,
    "Context": Context,
    "EnumInteger": c.EnumInteger,
    "Explicit": Explicit,
    "Invalid": Invalid,
    "Partial": Partial,
    "find_units": structs.find_units,
    "from_bytes": int.from_bytes,
    "index": index,
    "read_varint": fields.read_varint,
    "strip_units": structs.strip_units,
    "unpack_from": unpack_from,
}


def generate(declaration: Any, name: str, classes: Classes) -> tuple[Any, str]:
    """Compile and return the function and its source.

    Raises:
        UnsupportedError: Some part has no compiled form.
    """
    names, source = _source(declaration, classes, view=False)

    def parse_view(buf: Any, pos: int, end: int) -> tuple[Any, int]:
        view = _function(*_source(declaration, classes, view=True), f"{name} (memoryview)")
        names["parse_view"] = view
        return view(buf, pos, end)  # type: ignore[no-any-return]

    names["parse_view"] = parse_view
    return _function(names, source, name), source


def _source(declaration: Any, classes: Classes, view: bool) -> tuple[dict[str, Any], str]:
    g = Generator(_HANDLERS, classes, view)
    out = g.out
    try:
        with out.block("try:"):
            value = g.value(declaration, None)
            out.flush()
            out.write(f"return {value}, pos")
    except RecursionError:
        raise UnsupportedError("a declaration that contains itself, or is nested too deep") from None
    head = ["if end is None: end = len(buf)", "elif end > len(buf): end = len(buf)"]
    if view:
        head.append("buf = memoryview(buf).cast('B')")
    else:
        head.append("if buf.__class__ is not bytes: return parse_view(buf, pos, end)")
    head += ["start = pos"] * g.tells + ["short = False"] * out.swallows + ["empty = 0"] * out.empties
    tail = ["except Partial: raise", "except Exception as error:"]
    tail += ["    if short: raise Partial(1) from error"] * out.swallows
    tail += [
        "    if isinstance(error, Invalid): raise",
        "    raise Invalid(f'{type(error).__name__}: {error}', pos) from error",
    ]
    lines = [*head, *out.lines, *tail]
    return {**_NAMES, **out.names}, "def parse(buf, pos=0, end=None):\n" + "".join(f"    {line}\n" for line in lines)


def _function(names: dict[str, Any], source: str, name: str) -> Any:
    try:
        exec(compile(source, f"<layout {name}>", "exec"), names)  # noqa: S102  our own source, from a declaration in code
    except (SyntaxError, RecursionError, MemoryError) as error:  # Python's own limits on nesting
        raise UnsupportedError(f"Python cannot compile it: {error}") from error
    return names["parse"]
