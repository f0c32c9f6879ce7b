import json
from collections import Counter
from struct import pack

import pytest
from tests.plugins.kafka.encode import batch, beat, beaten, record, request, response, text

from pxcap.plugins.kafka.layouts import LAYOUTS
from pxcap.plugins.kafka.render import Renderer, after_tags, token_text, unknown_text
from pxcap.plugins.kafka.types import Short


def renderer(limit: int = 65536) -> tuple[Renderer, Counter[str]]:
    counted: Counter[str] = Counter()
    return Renderer(limit, True, lambda name: counted.update([name])), counted


def test_a_message_that_comes_again_is_rendered_once() -> None:
    render, _ = renderer()
    first = render.request(12, 1, beat(1), 15)
    assert first is render.request(12, 1, beat(1), 15)
    assert render.response(LAYOUTS[12, 1], beaten(1))[0] is render.response(LAYOUTS[12, 1], beaten(2))[0]
    for number in range(5000):
        assert render.request(12, 1, beat(number), 15)
    assert len(render._bodies) <= 2048


def test_bytes_behind_the_last_field_are_passed_over() -> None:
    render, counted = renderer()
    assert json.loads(render.request(12, 1, beat(1) + b"more", 15))["generation_id"] == 3
    assert render.response(LAYOUTS[12, 1], beaten(1, 27) + b"\0")[1] == 27
    assert not counted


def test_what_is_no_such_message_is_counted() -> None:
    render, counted = renderer()
    assert render.request(12, 1, beat(1)[:-3], 15) == '{"group_id":"group","generation_id":3}'
    assert render.response(LAYOUTS[12, 1], response(1, b"\0\0")) == ("{}", 0)
    assert render.response(LAYOUTS[12, 4], response(1, b"", b"")) == ("{}", None)
    assert counted == {"bad_request": 1, "bad_response": 2}


def test_the_downgrade_of_api_versions() -> None:
    render, counted = renderer()
    good = pack(">hi", 35, 1) + pack(">hhh", 18, 0, 2)
    wanted = '{"error_code":35,"error_name":"UNSUPPORTED_VERSION","api_keys":[{"api_key":18,"min_version":0,"max_version":2}]}'
    assert render.response(LAYOUTS[18, 4], response(1, good)) == (wanted, 35)
    mock = bytes.fromhex("0023010012000000020000000000")
    assert render.response(LAYOUTS[18, 3], response(1, mock))[1] == 35
    assert not counted


def test_unknown_versions() -> None:
    render, counted = renderer()
    assert render.request(3, 50, request(3, 50, 1, b"\0abc"), 15) == '{"api":"Metadata","size":4}'
    assert render.request(300, 0, request(300, 0, 1), 15) == '{"size":0}'
    assert render.response(LAYOUTS[300, 0], response(1, b"abc")) == ('{"size":3}', None)
    assert counted == {"unknown_version": 1, "unknown_api": 1}
    assert unknown_text(LAYOUTS[3, 50], 7) == '{"api":"Metadata","size":7}'


def test_a_long_message_is_shown_up_to_the_limit() -> None:
    render, counted = renderer(200)
    data = batch(record(0, None, b"v" * 5000), 1)
    body = pack(">hii", 1, 5, 1) + text("t") + pack(">iii", 1, 0, len(data)) + data
    shown = json.loads(render.request(0, 2, request(0, 2, 1, body), 15))
    assert shown["topics"][0]["partitions"][0]["message_set"]["record_count"] == 1
    assert "...(5000 bytes)" in str(shown)
    assert not counted


def test_tokens() -> None:
    assert token_text(b"pw", True) == '{"auth_bytes":"[redacted]"}'
    assert token_text(b"pw", False) == '{"auth_bytes":"pw"}'
    assert renderer()[0].request(36, None, b"\0\0\0\2pw", 4) == '{"auth_bytes":"[redacted]"}'


def test_headers_end_behind_their_tags() -> None:
    assert after_tags(b"\0rest", 0) == 1
    assert after_tags(b"\1\5\3abcrest", 0) == 6
    for bad in (b"\1\5\x09abc", b"\2\1\0"):
        with pytest.raises((Short, IndexError)):
            after_tags(bad, 0)
