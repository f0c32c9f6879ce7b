"""Losses: a gap costs what it covers, and messages are found again."""

from typing import Any

import pytest
from tests.plugins.http.cases import GET, LOSS, MIDSTREAM, check
from tests.plugins.http.exchange import Step, Talk, play

from pxcap.plugins.http.wire import MAX_HEAD


@pytest.mark.parametrize(("steps", "wanted"), LOSS.values(), ids=LOSS.keys())
def test_loss(steps: list[Step], wanted: list[dict[str, Any]]) -> None:
    check(play(*steps), wanted)


@pytest.mark.parametrize(("steps", "wanted"), MIDSTREAM.values(), ids=MIDSTREAM.keys())
def test_midstream(steps: list[Step], wanted: list[dict[str, Any]]) -> None:
    check(play(*steps, midstream=True), wanted)


def test_a_head_too_long_becomes_a_record_and_parsing_goes_on() -> None:
    for cut in (len(GET), MAX_HEAD):
        talk = Talk()
        data = b"GET /long HTTP/1.1\r\nX: y\r\nZ: " + b"z" * MAX_HEAD + b"\r\n\r\n" + GET
        talk.step(">", data[:cut])
        talk.step(">", data[cut:], tick=False)
        found = talk.finish()
        assert [(record["req_path"], record["note"]) for record in found] == [
            ("/long", "no_response,truncated"),
            ("/a", "no_response"),
        ]
        assert found[0]["req_headers"] == '{"X":"y"}'
        assert talk.parser.errors == {"head_too_long": 1}
