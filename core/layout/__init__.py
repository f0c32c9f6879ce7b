"""Byte layouts: declared with construct, compiled to Python that parses them fast.

    HEADER = layout(Struct("kind" / Int8ub, "size" / Int16ub), "pebble header")
    header, pos = HEADER.parse(buf, pos)

`parse` raises `Partial` when the input ends too early and `Invalid` when the bytes cannot be the layout, whatever follows.

How it works: `interpret` is construct's own interpreter, bounded and told to tell the two apart; it says what is right.
`generate` walks the declaration with one handler per construct (`fields`, `structs`, `repeats`, `choices`), which write
the lines of one function through `writer` and turn construct's expressions into source through `expression`. A
declaration with a part that has no handler is interpreted as a whole, and `Layout.why` names the part. Where the two
differ from plain construct they do so together: `limits` bounds what construct leaves unbounded, Structs parse to small
objects in place of Containers, and fields behind a StopIf are None instead of missing.
"""

from pxcap.core.layout.errors import Invalid, LayoutError, Partial
from pxcap.core.layout.layout import Layout, layout, layouts
from pxcap.core.layout.record import Record, to_plain

__all__ = ["Invalid", "Layout", "LayoutError", "Partial", "Record", "layout", "layouts", "to_plain"]
