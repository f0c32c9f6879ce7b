"""Byte layouts: declared with construct, compiled to Python that parses them fast.

    HEADER = layout(Struct("kind" / Int8ub, "size" / Int16ub), "pebble header")
    header, pos = HEADER.parse(buf, pos)

`parse` raises `Partial` when the input ends too early and `Invalid` when the bytes cannot be the layout.
"""

from pxcap.core.layout.errors import Invalid, LayoutError, Partial
from pxcap.core.layout.layout import Layout, layout, layouts
from pxcap.core.layout.record import Record, to_plain

__all__ = ["Invalid", "Layout", "LayoutError", "Partial", "Record", "layout", "layouts", "to_plain"]
