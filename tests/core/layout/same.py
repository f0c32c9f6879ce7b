"""What both sides make of the same bytes, in a form that compares."""

import io
from typing import Any

import construct as c

from pxcap.core.layout import Invalid, Layout, LayoutError, Partial, to_plain
from pxcap.core.layout.limits import min_size

Outcome = tuple[str, str, int]


def outcome(parse: Any, data: bytes | memoryview, pos: int = 0, end: int | None = None) -> Outcome:
    """Either "ok" with the value and the position relative to `pos`, or "partial", or "invalid"."""
    failure: LayoutError
    try:
        value, behind = parse(data, pos, end)
    except Partial as error:
        failure = error
    except Invalid as error:
        failure = error
    else:
        return "ok", repr(to_plain(value)), behind - pos
    needs = isinstance(failure, Partial) and failure.need >= 1
    assert needs or (isinstance(failure, Invalid) and failure.reason)
    return "partial" if needs else "invalid", "", 0


def assert_same(made: Layout, data: bytes) -> Outcome:
    """Compiled and interpreted agree, on bytes, on a memoryview and in the middle of a buffer."""
    expected = outcome(made.interpret, data)
    assert outcome(made.parse, data) == expected, made.source
    assert outcome(made.parse, memoryview(data)) == expected, made.source
    assert outcome(made.parse, b"\x01\xff" + data + b"\x00\x02", 2, 2 + len(data)) == expected, made.source
    return expected


def assert_as_construct(made: Layout, data: bytes) -> None:
    """What plain construct parses, the compiled code parses to the same; left out where construct might not end."""
    if _may_spin(made.declaration):
        return
    stream = io.BytesIO(data)
    try:
        value = made.declaration.parse_stream(stream)
    except Exception:  # noqa: BLE001  construct raises whatever an expression raises
        return
    ours, behind = made.parse(data)
    assert (_present(to_plain(ours)), behind) == (_present(to_plain(value)), stream.tell()), made.source


def _may_spin(con: Any) -> bool:
    if isinstance(con, c.Array | c.GreedyRange | c.RepeatUntil) and not min_size(con.subcon):
        return True
    inner = [vars(con).get(name) for name in ("subcon", "thensubcon", "elsesubcon", "default")]
    inner += [*vars(con).get("subcons", ()), *vars(con).get("cases", {}).values()]
    return any(_may_spin(sub) for sub in inner if isinstance(sub, c.Construct))


def _present(value: Any) -> Any:
    """Without the fields that are None: behind a StopIf construct leaves them out."""
    if isinstance(value, dict):
        return {name: _present(item) for name, item in value.items() if item is not None}
    return [_present(item) for item in value] if isinstance(value, list) else value


def assert_need_is_honest(made: Layout, data: bytes, more: bytes) -> None:
    """After Partial, fewer than `need` further bytes are never enough."""
    try:
        made.parse(data)
    except Partial as error:
        for count in {1, error.need // 2, error.need - 1}:
            if 0 < count < error.need and count <= 4096:
                extended = data + (more * (count // max(1, len(more)) + 1))[:count]
                assert outcome(made.parse, extended)[0] != "ok"
    except Invalid:
        pass
