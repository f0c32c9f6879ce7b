from struct import pack

from tests.plugins.kafka.encode import beat, beaten, request, response, text

from pxcap.plugins.kafka.lane import Frame
from pxcap.plugins.kafka.render import Renderer
from pxcap.plugins.kafka.stitch import Stitcher
from pxcap.plugins.kafka.unfinished import open_request, open_response, request_of

COUNTED: list[str] = []
RENDER = Renderer(1000, True, COUNTED.append)


def test_headers_of_every_kind() -> None:
    assert request_of(beat(1), 5, RENDER)[:4] == (5, 12, 1, "c")
    assert request_of(beat(1), 5, RENDER)[5] == 15
    assert request_of(request(12, 4, 1, b"", tags=b"\1\7\2ab"), 5, RENDER)[5] == 20
    assert request_of(request(16, 0, 1, client=None), 5, RENDER)[3:6:2] == (None, 14)
    assert request_of(pack(">ihhii", 12, 7, 0, 92, 3), 5, RENDER)[3:6:2] == (None, 12)
    COUNTED.clear()
    bad = request_of(request(12, 4, 1, tags=b"\x05"), 5, RENDER)
    assert (bad[4], bad[6], COUNTED) == (None, '{"api":"Heartbeat","size":1}', ["bad_request"])


def opened(data: bytes, size: int) -> Frame:
    frame = Frame(size, 5, 1)
    frame.take(data)
    open_request(frame, RENDER)
    return frame


def test_a_request_of_which_only_the_beginning_is_there() -> None:
    frame = opened(beat(7)[:25], len(beat(7)))
    assert frame.ident == 7
    assert frame.request is not None
    assert frame.request[:4] == (5, 12, 1, "c")
    assert frame.walk is not None
    frame.take(beat(7)[25:])
    assert frame.walk.done
    named = opened(request(12, 1, 7, client=b"a long name")[:16], 100)
    assert named.request is not None
    assert (named.request[3], named.walk) == (None, None)
    assert opened(request(12, 4, 7, tags=b"\x01"), 100).walk is None
    COUNTED.clear()
    assert opened(request(300, 0, 7, b"abcd"), 100).walk is None
    assert opened(request(3, 50, 7, b"abcd"), 100).walk is None
    assert COUNTED == ["unknown_api", "unknown_version"]


def answered(key: int, version: int | None, data: bytes) -> Frame:
    stitch = Stitcher(RENDER)
    stitch.request(7, (1, key, version or 0, "c", None, 0, "{}", ""))
    frame = Frame(1000, 5, 1)
    frame.take(data)
    open_response(frame, RENDER, stitch)
    return frame


def test_a_response_of_which_only_the_beginning_is_there() -> None:
    frame = answered(12, 1, beaten(7)[:12])
    assert frame.request is not None
    assert frame.walk is not None
    assert frame.walk.text() == '{"throttle_time_ms":0}'
    assert answered(12, 1, beaten(8)).request is None
    assert answered(12, 1, b"\0\0\0").request is None
    assert answered(12, 4, response(7, tags=b"\1")).walk is None
    assert answered(300, 0, response(7, b"abc")).walk is None
    old = answered(18, 3, response(7, pack(">hi", 35, 1) + pack(">hhh", 18, 0, 2))).walk
    assert old is not None
    assert old.error_code == 35


def test_a_token_is_never_read() -> None:
    stitch = Stitcher(RENDER)
    stitch.token((1, 36, None, None, None, 0, "{}", ""))
    frame = Frame(100, 5, 1)
    frame.take(b"\0\0\0\x60secret" + text("x"))
    open_response(frame, RENDER, stitch)
    assert (frame.walk, "secret" in frame.text) == (None, False)
