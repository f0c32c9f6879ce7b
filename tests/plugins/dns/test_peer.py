"""What tshark shows of DNS, as transactions."""

from pxcap.core.comparison import Message, Transaction
from pxcap.plugins.dns.peer import COMPARISON, own, transactions


def message(to_server: bool, *fields: tuple[str, str], layer: str = "dns") -> Message:
    return Message(1, 0, to_server, layer, tuple((name, shown, "") for name, shown in fields))


def read(*messages: Message) -> list[tuple[str, dict[str, object]]]:
    return [(one.what, dict(one.fields)) for one in transactions(messages)]


def query(ident: str, name: str = "a.test", kind: str = "1") -> Message:
    return message(True, ("dns.id", ident), ("dns.flags.response", "0"), ("dns.qry.name", name), ("dns.qry.type", kind))


def answer(ident: str, rcode: str = "0", count: str = "1") -> Message:
    return message(
        False, ("dns.id", ident), ("dns.flags.response", "1"), ("dns.flags.rcode", rcode), ("dns.count.answers", count)
    )


def test_by_id_and_the_last_of_repeated_ones_is_answered() -> None:
    found = read(query("0x1"), query("0x2", "B.test", "28"), query("0x1"), answer("0x2", "3", "0"), answer("0x1"))
    assert found == [
        ("a.test A", {"rcode": "", "answers": ""}),
        ("b.test AAAA", {"rcode": "NXDOMAIN", "answers": "0"}),
        ("a.test A", {"rcode": "NOERROR", "answers": "1"}),
    ]


def test_a_transfer_is_one_transaction() -> None:
    found = read(query("0x1", "<Root>", "252"), answer("0x1"), answer("0x1"), answer("0x1"))
    assert found == [(". AXFR", {"rcode": "NOERROR", "answers": "1"})]


def test_an_answer_without_a_query() -> None:
    assert read(answer("0x9")) == [("? ?", {"rcode": "NOERROR", "answers": "1"})]


def test_a_record() -> None:
    record = {"qname": "A.test", "qtype": "A", "resp_header": '{"rcode":3,"num_answers":0}'}
    assert own(record) == Transaction("a.test A", {"rcode": "NXDOMAIN", "answers": "0"})
    assert own(record | {"resp_header": None}).fields == {"rcode": "", "answers": ""}
    assert COMPARISON.transports == ("tcp", "udp")
