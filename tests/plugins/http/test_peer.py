"""What tshark shows of HTTP, as transactions."""

from pxcap.core.comparison import Message, Transaction
from pxcap.plugins.http.peer import COMPARISON, own, transactions


def message(to_server: bool, *fields: tuple[str, str], layer: str = "http") -> Message:
    return Message(1, 0, to_server, layer, tuple((name, shown, "") for name, shown in fields))


def read(*messages: Message) -> list[tuple[str, dict[str, object]]]:
    return [(one.what, dict(one.fields)) for one in transactions(messages)]


def asked(path: str) -> Message:
    return message(True, ("http.request.method", "GET"), ("http.request.uri", path))


def told(status: str) -> Message:
    return message(False, ("http.response.code", status))


def frame(stream: str, **headers: str) -> Message:
    fields = [("http2.type", "1"), ("http2.streamid", stream)]
    for name, value in headers.items():
        fields += [("http2.header.name", f":{name}"), ("http2.header.value", value)]
    return message("method" in headers, *fields, layer="http2")


def test_answers_come_in_order_and_interim_ones_are_none() -> None:
    found = read(asked("/a?token=1"), asked("/b"), told("100"), told("200"), told("404"), asked("/c"))
    assert found == [("GET /a", {"status": "200"}), ("GET /b", {"status": "404"}), ("GET /c", {"status": ""})]


def test_an_answer_without_a_request() -> None:
    assert read(message(False, ("other", "")), told("200")) == [("? ?", {"status": "200"})]


def test_streams() -> None:
    found = read(
        frame("1", method="GET", path="/a"), frame("3", method="GET", path="/b"), frame("3", status="103"),
        frame("3", status="500"), frame("1", status="200"), frame("1"), message(True, ("http2.type", "0"), layer="http2"),
    )  # fmt: skip
    assert found == [("GET /a", {"status": "200"}), ("GET /b", {"status": "500"})]


def test_upgraded_to_http2() -> None:
    assert read(asked("/up"), told("101"), frame("1", status="200")) == [("GET /up", {"status": "200"})]


def test_a_record() -> None:
    record = {"req_method": "GET", "req_path": "http://u@a.test/x?y", "resp_status": None}
    assert own(record) == Transaction("GET http://a.test/x", {"status": ""})
    assert own(record | {"resp_status": 204}).fields == {"status": "204"}
    assert COMPARISON.layers == ("http", "http2")
