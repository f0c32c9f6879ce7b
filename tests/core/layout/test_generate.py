from typing import Any

import construct as c
from construct import this

from pxcap.core.layout import layout, to_plain


def deep(levels: int) -> Any:
    con: Any = c.Int8ub
    for _ in range(levels):
        con = c.Struct("n" / c.Int8ub, "v" / c.Array(this.n, con))
    return con


def test_deeper_than_python_can_nest_is_interpreted() -> None:
    assert layout(deep(15), "deep").compiled
    made = layout(deep(25), "too deep")
    assert made.why.startswith("Python cannot compile it")
    assert to_plain(made.parse(b"\x01\x00")[0]) == {"n": 1, "v": [{"n": 0, "v": []}]}


def test_what_contains_itself_is_interpreted() -> None:
    tree = c.Struct("n" / c.Int8ub)
    tree.subcons.append("v" / c.Array(this.n, c.LazyBound(lambda: tree)))
    made = layout(tree, "tree")
    assert made.why == "LazyBound has no compiled form"
    assert made.parse(b"\x01\x00")[1] == 2


def test_anything_with_a_buffer_is_parsed() -> None:
    made = layout(c.Struct("n" / c.Int8ub, "v" / c.Bytes(this.n), "w" / c.CString("ascii")), "buffers")
    wire = b"\x02hix\x00"
    for data in (wire, memoryview(wire), bytearray(wire), memoryview(bytearray(wire))):
        parsed, end = made.parse(data)
        assert to_plain(parsed) == {"n": 2, "v": b"hi", "w": "x"}
        assert type(parsed.v) is bytes
        assert end == 5


def test_end_is_obeyed_and_never_passes_the_buffer() -> None:
    made = layout(c.GreedyBytes, "rest")
    assert made.parse(b"abcdef", 1, 3) == (b"bc", 3)
    assert made.parse(b"abcdef", 1, 99) == (b"bcdef", 6)


def test_the_source_is_the_code_that_runs() -> None:
    made = layout(c.Struct("a" / c.Int32ub), "shown")
    assert made.source.startswith("def parse(buf, pos=0, end=None):\n")
    assert "u_b_L(buf, pos)" in made.source
