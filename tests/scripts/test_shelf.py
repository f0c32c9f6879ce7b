import io
import sys
from pathlib import Path

import pytest

from pxcap.core.errors import UsageError
from pxcap.core.markers import hookimpl
from pxcap.core.registry import Registry, load_registry
from pxcap.scripts.language import signature_of
from pxcap.scripts.shelf import MAX_BYTES, Script, built_in, data_script, find, from_file, given, listed
from pxcap.scripts.vis import FunctionCall, Variable, Vis

PROTOCOLS = load_registry().protocols


@pytest.mark.parametrize("name", [*built_in()])
def test_every_built_in_script_says_what_it_is_for_and_takes(name: str) -> None:
    script = find(name, ())
    assert script.summary, f"{name} needs a manifest.yaml with a line short: ..."
    functions = {one.name for one in signature_of(script.text, name).functions}
    if script.vis is not None:
        assert {call.function for call in script.vis.calls.values()} <= functions
        variables = {one.name for one in script.vis.variables}
        for call in script.vis.calls.values():
            assert set(call.variables.values()) <= variables, f"{name}: {call.function}"


def test_a_protocol_without_a_script_of_its_own_has_one() -> None:
    for spec in PROTOCOLS:
        script = data_script(spec)
        assert script.name == f"px/{spec.name}_data"
        assert script.variables()[0].name == "start_time"
        assert f"px/{spec.name}_data" in listed(PROTOCOLS)


def test_an_unknown_name_is_told_what_comes_near() -> None:
    with pytest.raises(UsageError, match="no script is named 'px/http_dat'") as caught:
        find("px/http_dat", PROTOCOLS)
    assert "px/http_data" in caught.value.hint
    with pytest.raises(UsageError, match="no script is named") as caught:
        find("qqqqqqqq", PROTOCOLS)
    assert caught.value.hint == "pxcap script list names them all"


def test_a_file_with_its_vis_spec(tmp_path: Path) -> None:
    (tmp_path / "a.pxl").write_text("import px\ndef f(a: int):\n    return px.DataFrame('http_events')\n")
    alone = from_file(str(tmp_path / "a.pxl"))
    assert alone.variables() == (Variable("a", "PX_INT64", None),)
    (tmp_path / "vis.json").write_text(
        '{"variables": [{"name": "x"}], "globalFuncs": [{"outputName": "o", "func": {"name": "f"}}]}'
    )
    script = from_file(str(tmp_path / "a.pxl"))
    assert script.vis == Vis((Variable("x"),), {"o": FunctionCall("f")})
    assert script.variables() == (Variable("x"),)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_standard_input(mark: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mark + b"import px\n")))
    assert from_file("-") == Script("-", "import px\n")


def test_files_that_are_no_scripts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.pxl: cannot be read \(No such file or directory\)"):
        from_file(str(tmp_path / "none.pxl"))
    with pytest.raises(UsageError, match=r"cannot be read \(Is a directory\)"):
        from_file(str(tmp_path))
    (tmp_path / "b.pxl").write_bytes(b"abc\xff")
    with pytest.raises(UsageError, match=r"b\.pxl: not text in UTF-8 \(byte 3\)"):
        from_file(str(tmp_path / "b.pxl"))
    (tmp_path / "c.pxl").write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(UsageError, match=r"c\.pxl: larger than 1 MiB"):
        from_file(str(tmp_path / "c.pxl"))


def test_parameters_are_the_arguments_where_there_is_no_spec() -> None:
    text = "import px\ndef h(x: str):\n    return x\ndef f(start: str = '-5m', svc: px.Service = ''):\n    return h(px.DataFrame('t'))\n"
    assert Script("s", text).variables() == (Variable("start", "PX_STRING", "-5m"), Variable("svc", "PX_SERVICE", ""))
    assert Script("s", "import px\npx.display(px.DataFrame('t'))\n").variables() == ()


def plugin(folder: Path, scripts: dict[str, str]) -> object:
    """One that gives these scripts."""
    for name, text in scripts.items():
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name.partition('/')[2]}.pxl").write_bytes(text.encode("latin-1"))
        (folder / name / "manifest.yaml").write_text(f"short: {name}.\n")

    class Plugin:
        @hookimpl
        def register_scripts(self) -> tuple[Path, ...]:
            return (folder,)

    return Plugin()


def test_plugins_give_scripts(tmp_path: Path) -> None:
    text = "import px\npx.display(px.DataFrame('http_events'))\n"
    registry = Registry()
    first = {"pebble/keys": text, "px/http_data": text, "pebble/bytes": "\xff", "pebble/python": "def f(:\n"}
    registry.register(plugin(tmp_path / "one", first), "one")
    registry.register(plugin(tmp_path / "two", {"pebble/keys": text, "px/pebble_data": text}), "two")
    (tmp_path / "two/README").write_text("No group of scripts.")
    (tmp_path / "two/pebble/empty").mkdir()
    found, faults = given(registry)
    assert {name: (one.summary, one.plugin, one.text) for name, one in found.items()} == {
        "pebble/keys": ("pebble/keys.", "one", text),
        "px/pebble_data": ("px/pebble_data.", "two", text),
    }
    assert sorted(fault.partition(": script ")[::2] for fault in faults) == [
        ("plugin one", "pebble/bytes: bytes.pxl: not text in UTF-8 (byte 0)"),
        ("plugin one", next(one for one in faults if "python" in one).partition(": script ")[2]),
        ("plugin one", "px/http_data: there is already one of pxcap"),
        ("plugin two", "pebble/keys: there is already one of plugin one"),
    ]
    assert set(listed((), found)) == {*listed(()), *found}
    assert find("pebble/keys", (), found) is found["pebble/keys"]
    with pytest.raises(UsageError) as caught:
        find("keys", (), found)
    assert caught.value.hint == "did you mean pebble/keys?"


def test_a_folder_that_is_not_there_costs_its_own_scripts_only(tmp_path: Path) -> None:
    registry = Registry()
    registry.register(plugin(tmp_path / "none", {}), "none")
    registry.register(plugin(tmp_path / "some", {"pebble/keys": "import px\npx.display(px.DataFrame('t'))\n"}), "some")
    found, (fault,) = given(registry)
    assert list(found) == ["pebble/keys"]
    assert fault.startswith("plugin none: [Errno 2] No such file or directory")


def test_a_name_that_comes_near_is_named_once() -> None:
    with pytest.raises(UsageError) as caught:
        find("px/http_dat", load_registry().protocols)
    assert caught.value.hint.count("px/http_data") == 1
