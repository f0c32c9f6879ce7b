"""The client's direction: methods, targets, and what makes it wait."""

from typing import Any

import pytest
from tests.plugins.http.cases import GET, OK, REQUESTS, UPGRADE, check
from tests.plugins.http.exchange import Step, Talk, play

from pxcap.plugins.http.wire import MAX_HOLD


@pytest.mark.parametrize(("steps", "wanted"), REQUESTS.values(), ids=REQUESTS.keys())
def test_requests(steps: list[Step], wanted: list[dict[str, Any]]) -> None:
    check(play(*steps), wanted)


def test_done_after_a_switch() -> None:
    talk = Talk()
    talk.step(">", UPGRADE)
    assert talk.parser.lockstep
    assert not talk.parser.done
    talk.step("<", b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    assert talk.parser.done
    assert len(talk.records) == 1
    talk.step(">", GET)
    talk.step("<gap", 5)
    talk.step("<close")
    assert len(talk.finish()) == 1


def test_frames_beyond_what_is_held_are_dropped_and_the_next_request_is_found() -> None:
    talk = Talk()
    talk.step(">", UPGRADE)
    for _ in range(3):
        talk.step(">", b"\x82" * MAX_HOLD)
    assert len(talk.parser._requests.inbox.buf) <= 2 * MAX_HOLD
    talk.step("<", OK)
    talk.step(">", GET)
    talk.step("<", OK)
    assert [record["req_path"] for record in talk.finish()] == ["/ws", "/a"]
