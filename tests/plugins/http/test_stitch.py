"""What waits for its other half is bounded."""

from tests.plugins.http.cases import GET, OK
from tests.plugins.http.exchange import Talk


def test_bodies_of_unanswered_requests_are_bounded() -> None:
    talk = Talk()
    body = b"x" * 60_000
    for _ in range(200):
        talk.step(">", b"POST /p HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 60000\r\n\r\n" + body)
    assert sum(len(request[3].kept) for request in talk.parser._exchange.matcher.pending if request[3]) <= 4 << 20
    assert len(talk.finish()) == 200


def test_responses_of_unknown_order_are_bounded() -> None:
    talk = Talk()
    talk.step(">", GET)
    talk.step("<gap", 100)
    for _ in range(200):
        talk.step("<", OK.replace(b": 2", b": 60000")[:-2] + b"x" * 60_000)
    assert len(talk.records) > 100
    assert len(talk.finish()) == 200
