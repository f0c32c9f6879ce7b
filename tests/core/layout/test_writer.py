from pxcap.core.layout.writer import Writer, struct_order


def test_neighbours_become_one_read() -> None:
    out = Writer(view=False)
    out.atom("H", ">")
    out.atom("4s")
    out.atom("2x")
    out.atom("L", ">")
    assert out.pending() == 12
    out.flush()
    assert out.lines == [
        "e4 = pos + 12",
        "if e4 > end: raise Partial(e4 - end)",
        "v1, v2, v3, = u_b_H4s2xL(buf, pos)",
        "pos = e4",
    ]
    assert out.names["u_b_H4s2xL"](bytes(12)) == (0, bytes(4), 0)


def test_two_orders_share_one_check() -> None:
    out = Writer(view=False)
    out.atom("B")
    out.atom("H", "<")
    out.atom("B")
    out.atom("H", ">")
    out.flush()
    assert [line for line in out.lines if "Partial" in line] == ["if e5 > end: raise Partial(e5 - end)"]
    assert "v1, v2, v3, = u_l_BHB(buf, pos)" in out.lines
    assert "v4 = buf[pos + 4] << 8 | buf[pos + 5]" in out.lines


def test_few_bytes_are_read_without_struct() -> None:
    out = Writer(view=True)
    out.atom("B")
    out.atom("3s")
    out.flush()
    assert out.lines[2:4] == ["v1 = buf[pos]", "v2 = bytes(buf[pos + 1:pos + 4])"]
    out = Writer(view=False)
    out.atom("H", "<")
    out.flush()
    assert out.lines[2] == "v1 = buf[pos + 1] << 8 | buf[pos]"


def test_short_input_is_checked_as_far_as_it_goes() -> None:
    out = Writer(view=False)
    first = out.atom("B")
    out.post(f"if {first} != 1: raise Invalid('x', pos)", fails=True)
    out.atom("L", ">")
    out.flush()
    assert out.lines[:5] == [
        "if pos + 5 > end:",
        "    if pos + 1 > end: raise Partial(pos + 5 - end)",
        "    v1 = buf[pos]",
        "    if v1 != 1: raise Invalid('x', pos)",
        "    raise Partial(pos + 5 - end)",
    ]


def test_inside_of_a_known_end_short_is_invalid() -> None:
    out = Writer(view=False)
    with out.within("e1", outer=False):
        first = out.atom("B")
        out.post(f"check({first})", fails=True)
        out.atom("B")
    assert out.lines[1] == "if e3 > e1: raise Invalid('it is longer than what holds it', pos)"
    assert out.end == "end"


def test_what_was_checked_is_not_checked_again() -> None:
    out = Writer(view=False)
    with out.within("end", outer=True, checked=True):
        out.atom("B")
    assert out.lines == ["v1 = buf[pos]", "pos += 1"]


def test_position_counts_what_is_pending() -> None:
    out = Writer(view=False)
    assert out.position() == "pos"
    out.atom("L", ">")
    assert out.position() == "pos + 4"


def test_constants_are_named_once() -> None:
    out = Writer(view=False)
    thing = object()
    assert out.constant(thing) == out.constant(thing) == "K0"
    assert out.names["K0"] is thing


def test_empty_block_passes() -> None:
    out = Writer(view=False)
    with out.block("if x:"):
        pass
    assert out.lines == ["if x:", "    pass"]


def test_native_order_is_made_explicit() -> None:
    assert struct_order("=") in "<>"
    assert struct_order(">") == ">"
