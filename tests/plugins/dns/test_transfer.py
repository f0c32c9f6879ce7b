import json

import pytest
from tests.plugins.dns.messages import query, response

from pxcap.plugins.dns.message import decode
from pxcap.plugins.dns.transfer import Transfer

ZONE = "zone.test."
RECORD = f"{ZONE} 60 A 192.0.2.1"


def soa(serial: int) -> str:
    return f"{ZONE} 60 SOA ns.test. admin.test. {serial} 1 1 1 1"


def run(kind: str, *messages: list[str], rcode: int = 0, limit: int = 65536) -> tuple[list[bool], Transfer]:
    asked = query(ZONE, kind)
    sent = [response(asked, *records, rcode=rcode) for records in messages]
    transfer = Transfer((10, 7, decode(asked, limit)), decode(sent[0], limit), limit)
    return [transfer.add(msg, 20 + index) for index, msg in enumerate(sent)], transfer


CASES = {
    "whole zone in one message": ("AXFR", [[soa(5), RECORD, soa(5)]]),
    "whole zone in three": ("AXFR", [[soa(5), RECORD], [RECORD], [RECORD, soa(5)]]),
    "one record a message": ("AXFR", [[soa(5)], [RECORD], [soa(5)]]),
    "differences": ("IXFR", [[soa(5), soa(3), RECORD, soa(5), RECORD, soa(5)]]),
    "differences of two versions": ("IXFR", [[soa(5), soa(3), RECORD, soa(4)], [RECORD, soa(4), RECORD, soa(5), soa(5)]]),
    "whole zone instead of differences": ("IXFR", [[soa(5), RECORD], [RECORD, soa(5)]]),
    "nothing newer": ("IXFR", [[soa(5)]]),
    "no transfer after all": ("AXFR", [[RECORD]]),
    "nothing": ("AXFR", [[]]),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "messages"), CASES.values(), ids=CASES.keys())
def test_end(kind: str, messages: list[list[str]]) -> None:
    done, transfer = run(kind, *messages)
    assert done == [False] * (len(messages) - 1) + [True]
    body = json.loads(transfer.body())
    assert body["num_answers_total"] == len(body["answers"]) == sum(map(len, messages))
    assert body["messages"] == len(messages)
    assert transfer.last == 20 + len(messages) - 1


def test_refused() -> None:
    assert run("AXFR", [], rcode=5)[0] == [True]


def test_answers_are_bounded() -> None:
    _, transfer = run("AXFR", [soa(5)], *[[f"host{number}.{ZONE} 60 A 192.0.2.1"] for number in range(50)], limit=1000)
    body = json.loads(transfer.body())
    assert len(transfer.body()) < 1200
    assert body["num_answers_total"] == 51
