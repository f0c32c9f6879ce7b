import pytest

from pxcap.plugins.redis.nesting import Frame
from pxcap.plugins.redis.wire import ARRAY, MAP


def frame(kind: int, *parts: str, more: int = 0) -> Frame:
    made = Frame(kind, -1, dark=False)
    for part in parts:
        made.add(part)
    made.more = more
    return made


@pytest.mark.parametrize(
    ("made", "rendered", "cut_off"),
    [
        (frame(ARRAY), "[]", '["..."]'),
        (frame(ARRAY, "1", '"a"'), '[1,"a"]', '[1,"a","..."]'),
        (frame(ARRAY, "1", more=3), '[1,"...(3 more)"]', '[1,"..."]'),
        (frame(MAP, '"a"', "1", "2", "[3]"), '{"a":1,"2":[3]}', '{"a":1,"2":[3],"...":null}'),
        (frame(MAP, '"a"', "1", '"b"', more=3), '{"a":1,"...(2 more)":null}', '{"a":1,"...":null}'),
        (frame(MAP, '["x"]', "null"), '{"[\\"x\\"]":null}', '{"[\\"x\\"]":null,"...":null}'),
    ],
)
def test_rendering(made: Frame, rendered: str, cut_off: str) -> None:
    assert made.render() == rendered
    assert made.cut_off() == cut_off


def test_a_dark_frame_keeps_nothing() -> None:
    made = Frame(ARRAY, 2, dark=True)
    made.add("1")
    assert made.parts is None
