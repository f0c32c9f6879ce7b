"""What tshark shows of Redis, as transactions."""

from pxcap.core.comparison import Message, Transaction
from pxcap.plugins.redis.peer import COMPARISON, own, transactions


def message(to_server: bool, *fields: tuple[str, str], layer: str = "resp") -> Message:
    return Message(1, 0, to_server, layer, tuple((name, shown, "") for name, shown in fields))


def read(*messages: Message) -> list[tuple[str, dict[str, object]]]:
    return [(one.what, dict(one.fields)) for one in transactions(messages)]


def command(*words: str) -> tuple[tuple[str, str], ...]:
    head = ("resp.array", f"Array: Length {len(words)}")
    return (head, *(("resp.bulk_string", f"Bulk String: {word}") for word in words))


def test_several_in_a_segment() -> None:
    asked = message(True, *command("set", "k", "v"), *command("GET", "k"))
    told = message(False, ("resp.string", "+OK"), ("resp.error", "ERR no"))
    assert read(asked, told) == [("SET", {"error": "False"}), ("GET", {"error": "True"})]


def test_nested_and_empty_arrays_are_one_reply() -> None:
    nested = (("resp.array", "Array: Length 2"), *command("a"), ("resp.array", "Array: Length 0"))
    asked = message(True, *command("EXEC"), *command("PING"), *command("TIME"))
    assert read(asked, message(False, *nested, ("resp.integer", "1"))) == [
        ("EXEC", {"error": "False"}), ("PING", {"error": "False"}), ("TIME", {"error": ""})
    ]  # fmt: skip


def test_answers_to_nothing() -> None:
    found = read(message(False, *command("message", "c", "hi"), ("resp.string", "+OK")))
    assert [what for what, _ in found] == ["MESSAGE", "?"]


def test_a_record() -> None:
    assert own({"req_cmd": "GET", "resp_error": None}) == Transaction("GET", {"error": ""})
    assert own({"req_cmd": None, "resp_error": 1}) == Transaction("?", {"error": "True"})
    assert COMPARISON.layers == ("resp",)
