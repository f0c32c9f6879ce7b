"""What calls come to, and that both databases compute the same."""

import itertools
import math
import random
from typing import Any

import pytest
from tests.scripts.functions.conftest import NOTHING, Calculator, Constant, fold, same

from pxcap.core.errors import UsageError
from pxcap.scripts import functions
from pxcap.scripts.functions import base
from pxcap.scripts.names import Known, Names
from pxcap.scripts.plan import Call, Column, Literal
from pxcap.scripts.types import FLOAT64, INT64, STRING, TIME, Data, Semantic, Type

BYTES, DURATION = Type(Data.INT64, Semantic.BYTES), Type(Data.INT64, Semantic.DURATION_NS)
TEXTS = [
    *("", "a", "abc", "Zoë", " 12 ", "-5", "9223372036854775807", "9223372036854775808", "10.0.0.1", "10.0.0.1:80"),
    *(
        "[::1]:80",
        "fe80::1",
        "host:5:6",
        "web-1",
        '{"a":1}',
        '["a/b","c"]',
        "a'b\\c\"",
        "\t x\n",
        "%_",
        "127.0.0.1",
        "pod",
    ),
    *("b", "B", "a/b", "c", "::1", "+7", "1e3", "\x7f\x01", "http", "", None),
]
VALUES: dict[Data, list[Any]] = {
    Data.BOOLEAN: [True, False, None],
    Data.INT64: [0, 1, -1, 2, 3, 7, -7, 18, 200, 404, 10**6, 61 * 10**9, -(10**12), 3 * 10**14, None],
    Data.FLOAT64: [0.0, 1.0, -1.5, 2.675, 1e-7, 1e15, 123456.789, -0.25, 1e19, None],
    Data.STRING: TEXTS,
    Data.TIME64NS: [0, 1_700_000_000_123_456_789, 1_700_000_000_000_000_000, None],
}
MOST = 600
NAMES = Names(
    {
        "host:5:6": Known("web", "web-1", "shop", "host", "nginx", "f" * 64, "nginx -g 'x'", "uid-1", 17),
        "web-1": Known("web", "web-1", "shop", start=17),
        "10.0.0.1": Known(service="q\"uo'te"),
    },
    inside={"10.0.0.1": "web-1"},
    ports=frozenset({"10.0.0.1:80"}),
)


def rows_of(values: list[list[Any]], seed: str) -> list[tuple[Any, ...]]:
    """All combinations, or some of them where there are many."""
    if math.prod(map(len, values)) <= MOST:
        return list(itertools.product(*values))
    chance = random.Random(seed)
    return [tuple(map(chance.choice, values)) for _ in range(MOST)]


@pytest.mark.parametrize("name", sorted(functions.functions()))
def test_no_value_is_an_error_and_both_databases_compute_the_same(name: str, both: list[Calculator]) -> None:
    function = functions.functions()[name]
    for names, overload in itertools.product([NOTHING, NAMES][: 1 + function.named], function.overloads):
        arguments = overload.arguments * (2 if overload.more else 1)
        rows = rows_of([VALUES[one] for one in arguments], name)
        if name == "multiply":  # whose overflow is an error
            rows = [row for row in rows if None in row or abs(math.prod(row)) < 2**63]
        duck, post = (one.call(name, [Type(one) for one in arguments], rows, names) for one in both)
        assert duck is not None
        if post is not None:
            wrong = [(row, a, b) for row, a, b in zip(rows, duck, post, strict=True) if not same(a, b)]
            assert not wrong[:5]


@pytest.mark.parametrize(
    ("name", "types", "result"),
    [
        ("add", [INT64, INT64], INT64),
        ("add", [INT64, FLOAT64], FLOAT64),
        ("add", [TIME, INT64], TIME),
        ("add", [STRING, STRING], STRING),
        ("add", [DURATION, INT64], DURATION),
        ("add", [DURATION, BYTES], INT64),
        ("subtract", [TIME, TIME], DURATION),
        ("divide", [INT64, INT64], FLOAT64),
        ("divide", [INT64, DURATION], Type(Data.FLOAT64, Semantic.THROUGHPUT_PER_NS)),
        ("divide", [BYTES, DURATION], Type(Data.FLOAT64, Semantic.THROUGHPUT_BYTES_PER_NS)),
        ("divide", [DURATION, DURATION], FLOAT64),
        (
            "multiply",
            [Type(Data.FLOAT64, Semantic.THROUGHPUT_PER_NS), FLOAT64],
            Type(Data.FLOAT64, Semantic.THROUGHPUT_PER_NS),
        ),
        ("bin", [TIME, DURATION], TIME),
        ("bin", [DURATION, INT64], DURATION),
        ("floor", [Type(Data.FLOAT64, Semantic.DURATION_NS)], DURATION),
        ("equal", [Type(Data.STRING, Semantic.POD), STRING], Type(Data.BOOLEAN)),
        ("select", [Type(Data.BOOLEAN), Type(Data.STRING, Semantic.POD), STRING], Type(Data.STRING, Semantic.POD)),
        ("select", [Type(Data.BOOLEAN), INT64, FLOAT64], FLOAT64),
        ("upid_to_service_name", [STRING], Type(Data.STRING, Semantic.SERVICE)),
        ("script_reference", [STRING] * 6, Type(Data.STRING, Semantic.SCRIPT_REFERENCE)),
    ],
)
def test_resolve(name: str, types: list[Type], result: Type) -> None:
    assert functions.resolve(name, types) == result


@pytest.mark.parametrize(
    ("name", "types", "message"),
    [
        ("contians", [STRING, STRING], "unknown function 'contians'; did you mean 'contains'?"),
        ("contains", [STRING], "contains(STRING): expected contains(STRING, STRING)"),
        (
            "bin",
            [STRING, INT64],
            "bin(STRING, INT64): expected bin(INT64, INT64) or (TIME64NS, INT64) or (FLOAT64, INT64)",
        ),
        (
            "script_reference",
            [STRING] * 3,
            "script_reference(STRING, STRING, STRING): expected script_reference(STRING, STRING, ...)",
        ),
    ],
)
def test_what_cannot_be_resolved(name: str, types: list[Type], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        functions.resolve(name, types)
    assert str(caught.value) == message


def test_resolve_aggregate() -> None:
    assert functions.resolve_aggregate("quantiles", DURATION) == Type(Data.STRING, Semantic.DURATION_QUANTILES)
    assert functions.resolve_aggregate("mean", BYTES) == Type(Data.FLOAT64, Semantic.BYTES)
    assert functions.resolve_aggregate("max", TIME) == TIME
    assert functions.resolve_aggregate("any", Type(Data.STRING, Semantic.POD)) == Type(Data.STRING, Semantic.POD)
    assert functions.aggregate_exists("count")
    assert not functions.aggregate_exists("contains")
    with pytest.raises(UsageError, match="unknown aggregate 'maen'; did you mean 'mean'"):
        functions.resolve_aggregate("maen", INT64)
    with pytest.raises(UsageError, match="sum of a column of STRING, expected BOOLEAN or INT64 or FLOAT64"):
        functions.resolve_aggregate("sum", STRING)


def test_call_joins_what_belongs_together() -> None:
    """The pod id of an address that is not inside is empty, but its name need not be."""
    address = Column("remote_addr", STRING)
    inner = functions.call("ip_to_pod_id", [address])
    outer = functions.call("pod_id_to_service_name", [inner])
    assert outer == Call("_ip_to_service_name", (address,), Type(Data.STRING, Semantic.SERVICE))
    assert functions.call("service_id_to_service_name", [functions.call("ip_to_service_id", [address])]) == outer
    kept = functions.call("pod_id_to_pod_name", [inner])  # whether there is one is asked
    assert kept.function == "pod_id_to_pod_name"


def test_call_knows_protocols_by_number() -> None:
    protocol = Column("protocol", STRING)
    assert functions.call("equal", [protocol, Literal(0, INT64)]).args == (protocol, Literal("", STRING))
    assert functions.call("notEqual", [Literal(5, INT64), protocol]).args == (Literal("pgsql", STRING), protocol)
    for other in (Literal(99, INT64), Column("n", INT64)):
        with pytest.raises(UsageError):
            functions.call("equal", [protocol, other])


def test_call_writes_arguments_of_a_script_as_text() -> None:
    call = functions.call(
        "script_reference", [Literal(one, STRING) for one in ("l", "px/pod", "n")] + [Column("n", INT64)]
    )
    assert isinstance(call.args[3], Call)
    assert fold("script_reference", "l", "px/pod", "n", 5) == '{"label":"l","script":"px/pod","args":{"n":"5"}}'


def test_constants_are_known_to_functions(both: list[Calculator]) -> None:
    rows = [(0, text) for text in TEXTS]
    for one in both:
        found = one.call("regex_match", [Constant("[a-c]/?b?|web-[0-9]+"), STRING], rows)
        assert found is not None
        assert [text for text, yes in zip(TEXTS, found, strict=True) if yes] == ["a", "web-1", "b", "a/b", "c"]


def test_every_function_is_documented_and_can_be_computed() -> None:
    for function in functions.functions().values():
        assert function.doc.endswith((".", "?")), function.name
        assert function.write or function.arrow, function.name
    for aggregate in functions.aggregates().values():
        assert aggregate.doc.endswith("."), aggregate.name
    assert not functions.faults()
    assert base.types_of(functions.call("add", [Literal(1, INT64), Literal(2, INT64)])) == (INT64, INT64)
