"""Who is behind processes and addresses, as functions; the same in both databases."""

import ipaddress
import json
from typing import Any

import pytest
from tests.scripts.functions.conftest import NOTHING, Calculator, fold

from pxcap.scripts import functions
from pxcap.scripts.names import Known, Names
from pxcap.scripts.types import INT64, STRING, TIME, Type

UPID = "host-1:42:7777"
NAMES = Names(
    {
        UPID: Known("web", "web-1", "shop", "host-1", "nginx", "f" * 64, "nginx -g", "uid-1", 17),
        "uid-1": Known("web", "web-1", "shop", "host-1", pod_id="uid-1", start=17),
        "10.0.0.1": Known("front"),
    },
    inside={"10.0.0.1": "uid-1", "10.0.0.2": "10.0.0.2"},
    node="host-1",
    ports=frozenset({"10.0.0.9:80"}),
    addresses={"web-1": "10.0.0.1"},
)
KEYS = [UPID, "10.0.0.1", "10.0.0.3", "127.0.0.1:80", "[::1]:80", "fe80::1", "", None]


@pytest.mark.parametrize(
    ("name", "results"),
    [
        ("upid_to_service_name", ["web", "front", "10.0.0.3", "127.0.0.1:80", "[::1]:80", "fe80::1", "", None]),
        ("upid_to_pod_name", ["web-1", "10.0.0.1", "10.0.0.3", "127.0.0.1:80", "[::1]:80", "fe80::1", "", None]),
        ("upid_to_pod_id", ["uid-1", "10.0.0.1", "10.0.0.3", "127.0.0.1:80", "[::1]:80", "fe80::1", "", None]),
        ("upid_to_namespace", ["shop", *["default"] * 5, "", None]),
        ("upid_to_node_name", ["host-1", "10.0.0.1", "10.0.0.3", "127.0.0.1", "[::1]", "fe80::1", "", None]),
        ("upid_to_container_id", ["f" * 64, *[""] * 6, None]),
        ("upid_to_cmdline", ["nginx -g", *[""] * 6, None]),
        ("upid_to_pid", [42, *[0] * 6, None]),
        ("upid_to_start_ts", [7777, *[0] * 6, None]),
        ("upid_to_pod_status", [*[""] * 7, None]),
        ("ip_to_pod_id", ["", "uid-1", *[""] * 5, None]),
        ("nslookup", ["web", "front", "10.0.0.3", "127.0.0.1:80", "[::1]:80", "fe80::1", "", None]),
        ("pod_id_to_start_time", [17, *[None] * 7]),
    ],
)
def test_of_keys(name: str, results: list[Any], both: list[Calculator]) -> None:
    for one in both:
        assert one.call(name, [STRING], [(key,) for key in KEYS], NAMES) == results


def test_of_nothing_known_keys_are_their_own_names(both: list[Calculator]) -> None:
    for one in both:
        assert one.call("upid_to_service_name", [STRING], [(key,) for key in KEYS]) == KEYS
        assert one.call("ip_to_pod_id", [STRING, TIME], [("10.0.0.1", 5), (None, 5)]) == ["", None]


def test_where_pods_are(both: list[Calculator]) -> None:
    found = {
        "web-1": "10.0.0.1",
        "web-2": "",
        "10.0.0.7": "10.0.0.7",
        "10.0.0.7:80": "10.0.0.7",
        "[fe80::1]:80": "fe80::1",
    }
    found |= {"::1": "::1", "": "", "1.2": "", "a:b": "", "default": ""}
    for one in both:
        got = one.call("pod_name_to_pod_ip", [STRING], [*((key,) for key in found), (None,)], NAMES)
        assert got == [*found.values(), None]


def test_what_only_kubernetes_knows(both: list[Calculator]) -> None:
    for one in both:
        for name in ("pod_name_to_status_message", "pod_name_to_status_reason", "pod_id_to_pod_labels"):
            assert one.call(name, [STRING], [("web-1",), (None,)], NAMES) == ["", None]
        assert one.call("pod_name_to_ready", [STRING], [("web-1",), (None,)], NAMES) == [False, None]


def test_process_puts_the_address_where_there_is_no_upid(both: list[Calculator]) -> None:
    rows = [
        (UPID, "127.0.0.1", 80),
        ("", "10.0.0.1", 80),
        ("", "10.0.0.9", 80),
        ("", "10.0.0.9", 81),
        ("", "127.0.0.1", 80),
        ("", "::1", 80),
        ("", "fe80::1", 80),
    ]
    expected = [UPID, "10.0.0.1", "10.0.0.9:80", "10.0.0.9", "127.0.0.1:80", "[::1]:80", "fe80::1"]
    for one in both:
        assert one.call("_process", [STRING, STRING, INT64], rows, NAMES) == expected


def test_networks_need_python(both: list[Calculator]) -> None:
    names = Names(networks=[(ipaddress.ip_network("10.0.0.0/8"), Known("lan", namespace="home"))])
    rows = [("10.1.2.3",), ("10.1.2.3:80",), ("192.0.2.1",), (None,)]
    duck, post = both
    assert post.call("upid_to_service_name", [STRING], rows, names) is None
    assert duck.call("upid_to_service_name", [STRING], rows, names) == ["lan", "lan", "192.0.2.1", None]
    assert duck.call("upid_to_namespace", [STRING], rows, names) == ["home", "home", "default", None]
    assert duck.call("ip_to_pod_id", [STRING], rows, names) == ["10.1.2.3", "10.1.2.3:80", "", None]


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("shop/web", "shop/web", True),
        ("shop/web", "web", True),
        ("web", "web", True),
        ('["shop/a","shop/web"]', "shop/web", True),
        ("website", "web", False),
        ("", "web", False),
    ],
)
def test_has_service_name(text: str, wanted: str, found: bool) -> None:
    assert fold("has_service_name", text, wanted) is found
    assert fold("has_value", text, wanted) is found


def test_constants_of_a_run(both: list[Calculator]) -> None:
    for one in both:
        assert one.call("_exec_hostname", [], [()], NAMES) == ["host-1"]
        (cidrs,) = one.call("get_cidrs", [], [()], NOTHING) or [""]
        assert "10.0.0.0/8" in json.loads(cidrs)
        assert one.call("asid", [], [()]) == [0]


def test_every_attribute_is_given_for_what_pixie_asks() -> None:
    wanted = (
        "service_name",
        "service_id",
        "namespace",
        "node_name",
        "deployment_name",
        "replicaset_name",
        "start_time",
    )
    for source in ("pod_id", "pod_name", "service_id", "service_name"):
        for end in wanted:
            assert source == end or functions.exists(f"{source}_to_{end}")
    assert functions.resolve("container_id_to_status", [Type(STRING.data)]) == STRING
