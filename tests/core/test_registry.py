"""One door for all plugins; a bad one stays out and says why."""

import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.core.toy import TOY, ToyPlugin

from pxcap.core.columns import Column, ColumnType
from pxcap.core.comparison import Comparison
from pxcap.core.errors import UsageError
from pxcap.core.functions import code_names
from pxcap.core.markers import hookimpl
from pxcap.core.protocol import ProtocolSpec
from pxcap.core.registry import Registry, load_registry


def offering(*specs: object) -> object:
    """A plugin object that registers these."""

    class Plugin:
        @hookimpl
        def register_protocols(self) -> tuple[object, ...]:
            return specs

    return Plugin()


def test_hook_register_protocols() -> None:
    registry = Registry()
    registry.register(ToyPlugin(), "toy", "pxcap-toy", "1.0")
    assert registry.protocols == (TOY,)
    (info,) = registry.plugins
    assert (info.name, info.distribution, info.version, info.protocols, info.error) == (
        *("toy", "pxcap-toy", "1.0"),
        ("toy",),
        "",
    )


def test_hook_register_comparisons() -> None:
    """Asked for when wanted; the first of a protocol counts, and who raises or returns something else is named."""
    first, second = (Comparison("toy", (layer,), lambda messages: (), lambda record: None) for layer in ("a", "b"))

    def comparing(*comparisons: object) -> object:
        class Plugin:
            @hookimpl
            def register_comparisons(self) -> tuple[object, ...]:
                if not comparisons:
                    raise RuntimeError("no")
                return comparisons

        return Plugin()

    registry = Registry()
    for name, plugin in (
        ("bad", comparing()),
        ("odd", comparing(7)),
        ("one", comparing(first)),
        ("two", comparing(second)),
    ):
        registry.register(plugin, name)
    found, faults = registry.comparisons()
    assert found == {"toy": first}
    assert sorted(faults) == [
        "plugin bad: RuntimeError: no",
        "plugin odd: TypeError: register_comparisons returned int, expected Comparison",
    ]
    assert not any(info.error for info in registry.plugins)


def test_hook_register_functions() -> None:
    """Asked for when wanted; each comes with its plugin, and who raises or returns something else is named."""
    kinds = code_names("toy_kind", "The kind.", {1: "Ask"})

    def giving(*functions: object) -> object:
        class Plugin:
            @hookimpl
            def register_functions(self) -> tuple[object, ...]:
                if not functions:
                    raise RuntimeError("no")
                return functions

        return Plugin()

    registry = Registry()
    for name, plugin in (("bad", giving()), ("odd", giving(kinds, 7)), ("one", giving(kinds))):
        registry.register(plugin, name)
    found, faults = registry.functions()
    assert found == [("one", kinds)]
    assert sorted(faults) == [
        "plugin bad: RuntimeError: no",
        "plugin odd: TypeError: register_functions returned int, expected ScriptFunction",
    ]


def test_hook_register_scripts(tmp_path: Path) -> None:
    """Folders, each with its plugin; who gives something else is named."""

    def giving(folder: object) -> object:
        class Plugin:
            @hookimpl
            def register_scripts(self) -> tuple[object, ...]:
                return (folder,)

        return Plugin()

    registry = Registry()
    registry.register(giving(tmp_path), "one")
    registry.register(giving(7), "odd")
    found, faults = registry.scripts()
    assert found == [("one", tmp_path)]
    assert faults == ["plugin odd: TypeError: register_scripts returned int, expected Traversable"]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (replace(TOY, api=2), "toy is built for plugin API 2, this pxcap offers 1"),
        (TOY, "protocol toy is already provided by pxcap-toy 1.0"),
        (replace(TOY, name="other"), "table toy_events is already used by toy"),
        (replace(TOY, name="x", table="conn_stats"), "table conn_stats is already used by pxcap"),
        (replace(TOY, name="x", table="connections"), "table connections is already used by pxcap"),
        (replace(TOY, name="x", table="processes"), "table processes is already used by pxcap"),
        (
            replace(TOY, name="x", table="x", columns=(Column("latency", ColumnType.INT, "."),)),
            "x declares columns twice or reserved: latency",
        ),
        (replace(TOY, name="x", table="x", transports=frozenset({"sctp"})), "x names transports ['sctp'], known are tcp and udp"),
        (SimpleNamespace(), "register_protocols returned SimpleNamespace, expected ProtocolSpec"),
    ],
)  # fmt: skip
def test_what_does_not_fit_stays_out(spec: ProtocolSpec, reason: str) -> None:
    registry = Registry()
    registry.register(ToyPlugin(), "toy", "pxcap-toy", "1.0")
    registry.register(offering(spec), "bad", "pxcap-bad", "0.3.1")
    assert registry.protocols == (TOY,)
    assert registry.plugins[1].error == f"plugin pxcap-bad 0.3.1: {reason}"


def test_a_plugin_that_raises_stays_out_whole() -> None:
    class Plugin:
        @hookimpl
        def register_protocols(self) -> tuple[ProtocolSpec, ...]:
            raise KeyError("broken")

    registry = Registry()
    registry.register(Plugin(), "bad")
    registry.register(ToyPlugin(), "toy")
    assert registry.protocols == (TOY,)
    assert registry.plugins[0].error == "plugin bad: KeyError: 'broken'"


def test_a_program_taken_for_a_plugin_does_not_end_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_program_of_its_own.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(tmp_path)

    class Plugin:
        @hookimpl
        def register_protocols(self) -> tuple[ProtocolSpec, ...]:
            raise SystemExit

    registry = load_registry([EntryPoint("program", "a_program_of_its_own", "pxcap")])
    registry.register(Plugin(), "bad")
    assert [plugin.error for plugin in registry.plugins] == [
        "cannot be imported: SystemExit: 3",
        "plugin bad: SystemExit: ",
    ]


def test_an_entry_point_that_cannot_be_imported_is_named() -> None:
    registry = load_registry([EntryPoint("gone", "no_such_module_at_all", "pxcap")])
    assert registry.protocols == ()
    assert "cannot be imported: ModuleNotFoundError" in registry.plugins[0].error


def test_the_built_in_protocols_come_in_by_entry_point() -> None:
    registry = load_registry()
    assert {"dns", "http", "redis"} <= {spec.name for spec in registry.protocols}
    assert not [info for info in registry.plugins if info.error]


def test_an_unknown_protocol_names_the_known() -> None:
    registry = Registry()
    registry.add(TOY, "tests")
    with pytest.raises(UsageError, match="unknown protocol 'nope'") as caught:
        registry.protocol("nope")
    assert caught.value.hint == "installed protocols: toy"


def test_a_protocol_costs_little_until_it_is_seen() -> None:
    """Parsers, the libraries they stand on, and compiled layouts come with the first connection that needs them."""
    late = [f"pxcap.plugins.{spec.name}.parser" for spec in load_registry().protocols]
    late += ["brotli", "cramjam", "google", "hpack", "lz4", "zstandard"]
    program = (
        "import sys; from pxcap.core.layout import Layout; from pxcap.core.registry import load_registry\n"
        "compiled = []; Layout._compile = compiled.append\n"
        f"load_registry(); print([name for name in {late!r} if name in sys.modules], len(compiled))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[] 0\n"
