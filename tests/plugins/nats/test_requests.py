from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.plugins.nats.requests import MAX_ANSWERED, Requests
from pxcap.plugins.nats.types import Pull, Waiting


def record(n: int, reply: str = "r") -> Waiting:
    return (n, "PUB", "{", "s", reply, None, 0, "")


def test_several_under_one_subject_are_answered_in_order() -> None:
    requests = Requests(False)
    for n in range(3):
        requests.add("r", record(n))
    assert [requests.take("r") for _ in range(4)] == [record(0), record(1), record(2), None]
    assert len(requests) == 0


def test_a_pull_is_taken_out_wherever_it_waits() -> None:
    requests = Requests(False)
    pulls = [Pull(record(n), 1) for n in range(3)]
    for pull in pulls:
        requests.add("r", pull)
    requests.forget(pulls[1])
    requests.forget(pulls[0])
    assert requests.take("r") is pulls[2]
    requests.forget(pulls[2])
    assert requests.take("r") is None


def test_what_was_answered_is_remembered_when_told_to() -> None:
    requests = Requests(False)
    requests.take("before")
    requests.lost[REQUEST] = True
    for n in range(MAX_ANSWERED + 5):
        requests.take(str(n))
    assert "before" not in requests.answered
    assert len(requests.answered) == MAX_ANSWERED
    assert str(MAX_ANSWERED + 4) in requests.answered


def test_orphans() -> None:
    whole, joined = Requests(False), Requests(True)
    assert whole.orphan("_INBOX.a", REQUEST, False) == ""
    assert joined.orphan("_INBOX.a", REQUEST, False) == "no_request,midstream"
    assert joined.orphan("_INBOX.a", RESPONSE, True) == "no_request"
    assert joined.orphan("orders", REQUEST, False) == ""
    joined.take("_INBOX.a")
    assert joined.orphan("_INBOX.a", REQUEST, False) == ""
