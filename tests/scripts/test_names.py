"""Keys of `df.ctx`, and what is known of names."""

import ipaddress
from typing import Any

import pytest

from pxcap.core.errors import UsageError
from pxcap.scripts import functions
from pxcap.scripts.names import CONTEXT, Known, Names, address_of, context, process
from pxcap.scripts.plan import Call, Column
from pxcap.scripts.types import INT64, STRING, Data, Field, Semantic, Type

UPID = Type(Data.STRING, Semantic.UPID)
TABLE = (Field("time_", INT64), Field("upid", UPID), Field("local_addr", STRING), Field("local_port", INT64))


@pytest.mark.parametrize("key", CONTEXT)
def test_every_key_is_a_function_of_the_upid(key: str) -> None:
    made = context(key, TABLE)
    assert isinstance(made, Call)
    assert made.args == (Column("upid", UPID),)
    assert functions.resolve(made.function, [UPID]) == made.type


def test_context_of_a_pod_id() -> None:
    columns = (Field("pod_id", STRING),)
    made = context("service", columns)
    assert made == Call("pod_id_to_service_name", (Column("pod_id", STRING),), Type(Data.STRING, Semantic.SERVICE))
    assert context("pod_id", columns) == Column("pod_id", STRING)
    for key in CONTEXT:
        try:
            made = context(key, columns)
        except UsageError:
            continue
        assert not isinstance(made, Call) or functions.resolve(made.function, [STRING]) == made.type


@pytest.mark.parametrize(
    ("key", "columns", "message"),
    [
        ("servise", TABLE, "unknown context 'servise'; did you mean 'service'?"),
        ("service", (Field("pod", STRING),), "context 'service' needs the column 'upid', found pod"),
        ("pid", (Field("pod_id", STRING),), "context 'pid' needs the column 'upid', found pod_id"),
        ("pid", (), "context 'pid' needs the column 'upid', found no columns"),
    ],
)
def test_what_context_cannot_be(key: str, columns: tuple[Field, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        context(key, columns)
    assert str(caught.value) == message


def test_process_is_for_tables_with_addresses() -> None:
    made = process(TABLE)
    assert isinstance(made, Call)
    assert functions.resolve(made.function, [one.type for one in made.args]) == made.type == UPID
    assert process(TABLE[:2]) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1:80", "10.0.0.1"),
        ("[::1]:80", "::1"),
        ("fe80::1", "fe80::1"),
        ("host:1:2", None),
        ("", None),
        (":80", None),
    ],
)
def test_address_of(text: str, address: str | None) -> None:
    found = address_of(text)
    assert (str(found) if found else None) == address


def test_look_up() -> None:
    networks: list[Any] = [
        (ipaddress.ip_network("10.1.0.0/16"), Known("near")),
        (ipaddress.ip_network("10.0.0.0/8"), Known("far", "pod")),
    ]
    asked: list[str] = []
    names = Names({"10.1.1.1": Known("one")}, networks, reverse=lambda address: asked.append(address) or "")  # type: ignore[func-returns-value]
    keys = ["10.1.1.1", "10.1.1.2", "10.2.1.1", "192.0.2.1", "x", "10.1.1.1"]
    assert names.look_up("service", keys) == ["one", "near", "far", "", "", "one"]
    assert names.look_up("name", ["10.2.1.1"]) == ["far"]
    assert names.look_up("inside", ["10.1.1.2", "192.0.2.1"]) == ["10.1.1.2", ""]
    assert set(asked) == {"192.0.2.1"}
    assert "10.1.0.0/16" in names.cidrs


def test_reverse_dns_is_asked_last() -> None:
    names = Names({"10.0.0.1": Known("one")}, reverse=lambda address: f"{address}.example")
    assert names.open
    assert names.look_up("name", ["10.0.0.1", "192.0.2.1"]) == ["one", "192.0.2.1.example"]
    assert names.look_up("namespace", ["192.0.2.1"]) == [""]
