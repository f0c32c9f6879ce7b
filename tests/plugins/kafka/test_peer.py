"""What tshark shows of Kafka, as transactions."""

from pxcap.core.comparison import Message, Transaction
from pxcap.plugins.kafka.peer import COMPARISON, own, transactions


def message(to_server: bool, *fields: tuple[str, str]) -> Message:
    return Message(1, 0, to_server, "kafka", tuple((name, shown, "") for name, shown in fields))


def read(*messages: Message) -> list[tuple[str, dict[str, object]]]:
    return [(one.what, dict(one.fields)) for one in transactions(messages)]


def asked(ident: str, key: str = "3") -> Message:
    return message(
        True, ("kafka.request_key", key), ("kafka.request.version", "9"), ("kafka.correlation_id", ident),
        ("kafka.client_id", "shop"),
    )  # fmt: skip


def told(ident: str) -> Message:
    return message(False, ("kafka.correlation_id", ident))


def test_by_correlation_id() -> None:
    found = read(asked("1"), asked("2", "0"), told("2"), message(True, ("kafka.len", "4")))
    assert found == [
        ("API 3 v9", {"client": "shop", "answered": "False"}), ("API 0 v9", {"client": "shop", "answered": "True"})
    ]  # fmt: skip


def test_an_answer_to_nothing() -> None:
    assert read(told("7")) == [("?", {"client": None, "answered": "True"})]


def test_a_record() -> None:
    record = {"req_cmd": 3, "api_version": 9, "client_id": "shop", "resp": None, "latency": None}
    assert own(record) == Transaction("API 3 v9", {"client": "shop", "answered": "False"})
    assert own(record | {"latency": 5, "req_cmd": None}) == Transaction("?", {"client": "shop", "answered": "True"})
    assert COMPARISON.layers == ("kafka",)
