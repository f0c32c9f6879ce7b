from pxcap.core.protocol import REQUEST, RESPONSE, Row
from pxcap.plugins.nats.pings import MAX_OPEN, Pings, ping_row


def test_both_ways() -> None:
    pings = Pings(False)
    pings.client_ping(1)
    pings.client_ping(2)
    pings.server_pong(5)
    pings.server_ping(6)
    pings.server_pong(7)
    pings.client_pong(9)
    assert pings.rows == [ping_row("client", 1, 5), ping_row("client", 2, 7), ping_row("server", 6, 9)]


def test_answers_may_be_fed_before_the_ping_of_the_server() -> None:
    pings = Pings(False)
    pings.client_pong(5)
    pings.client_pong(9)
    pings.server_ping(4)
    pings.server_ping(8)
    assert pings.rows == [ping_row("server", 4, 5), ping_row("server", 8, 9)]


def test_an_answer_before_the_ping_answers_another() -> None:
    pings = Pings(False)
    pings.client_pong(5)
    pings.server_ping(8)
    pings.finish()
    assert pings.rows == [ping_row("server", None, 5), ping_row("server", 8, None)]


def test_a_lost_answer_of_the_client() -> None:
    pings = Pings(False)
    pings.server_ping(1)
    pings.gap(REQUEST)
    pings.server_ping(5)
    pings.client_pong(6)
    assert pings.rows == [ping_row("server", 1, None), ping_row("server", 5, 6)]


def test_a_lost_answer_of_the_server() -> None:
    pings = Pings(False)
    pings.client_ping(1)
    pings.gap(RESPONSE)
    assert not pings.sure
    pings.client_ping(5)
    pings.server_pong(6)
    pings.finish()
    assert sorted(pings.rows, key=lambda row: str(row[0])) == [ping_row("client", 1, None), ping_row("client", 5, 6)]


def test_bounded_and_nothing_is_lost() -> None:
    pings = Pings(False)
    for n in range(MAX_OPEN + 3):
        pings.server_ping(n)
    assert len(pings.rows) == 3
    pings.finish()
    assert len(pings.rows) == MAX_OPEN + 3
    early = Pings(False)
    for n in range(MAX_OPEN + 3):
        early.client_pong(n)
    early.finish()
    assert len(early.rows) == MAX_OPEN + 3


def test_the_row() -> None:
    row: Row = (1, "PING", '{"from":"client"}', "PONG", None, None, None, None, 4, "guessed")
    assert ping_row("client", 1, 5, guessed=True) == row
    assert ping_row("server", None, 5)[0] == 5
    assert ping_row("server", None, 5)[8:] == (None, "no_request")
