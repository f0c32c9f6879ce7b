import json

import pytest

from pxcap.plugins.nats.headers import parse_headers


@pytest.mark.parametrize(
    ("block", "headers", "status"),
    [
        (b"NATS/1.0\r\nA: 1\r\n\r\n", {"A": "1"}, ""),
        (b"NATS/1.0\r\nA:1\r\nB: x: y \r\nA: 2\r\nA: 3\r\n\r\n", {"A": ["1", "2", "3"], "B": "x: y"}, ""),
        (b"NATS/1.0 503\r\n\r\n", {"Status": "503"}, "503 No Responders"),
        (b"NATS/1.0 999\r\n\r\n", {"Status": "999"}, "999"),
        (
            b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 4\r\n\r\n",
            {"Status": "408", "Description": "Request Timeout", "Nats-Pending-Messages": "4"},
            "408 Request Timeout",
        ),
        (b"NATS/1.0404 No Messages\r\n\r\n", {}, ""),
        (b"", {}, ""),
        (b"garbage\r\nno colon\r\n: x\r\nB\xff: \x00\r\nCut: of", {"B\\xff": "\\x00", "Cut": "of"}, ""),
    ],
)
def test_headers(block: bytes, headers: dict[str, object], status: str) -> None:
    text, found = parse_headers(block)
    assert json.loads(text) == headers
    assert list(json.loads(text)) == list(headers)
    assert found == status
