"""Functions that plugins give to scripts."""

import pytest

from pxcap.core.functions import code_names
from pxcap.core.registry import load_registry


@pytest.mark.parametrize(("otherwise", "unknown"), [("", "7"), ("none", "none")])
def test_code_names(otherwise: str, unknown: str) -> None:
    function = code_names("pebble_kind", "The kind.", {1: "Ask"}, otherwise)
    assert (function.arguments, function.result) == (("int",), "text")
    assert function.apply(1) == "Ask"
    assert function.apply(7) == unknown


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("kafka_api_key_name", 0, "Produce"),
        ("kafka_api_key_name", 9999, "9999"),
        ("mysql_command_name", 3, "Query"),
        ("mysql_command_name", 0x17, "StmtExecute"),
        ("mysql_command_name", 0xFA, "StmtBulkExecute"),
        ("cql_opcode_name", 5, "Options"),
        ("cql_opcode_name", 0x10, "AuthSuccess"),
        ("dns_rcode_name", 3, "NXDOMAIN"),
        ("dns_rcode_name", 9999, "9999"),
        ("http_resp_message", 404, "Not Found"),
        ("http_resp_message", 0, "Unassigned"),
        ("grpc_status_code_to_str", 14, "UNAVAILABLE"),
        ("grpc_status_code_to_str", 99, "unknown code"),
    ],
)
def test_what_the_built_in_plugins_give(name: str, code: int, text: str) -> None:
    given, faults = load_registry().functions()
    (function,) = (one for _, one in given if one.name == name)
    assert function.apply(code) == text
    assert not faults
