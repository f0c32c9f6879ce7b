"""Which part may import which, and that every module has its tests."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("core", "plugins", "bpf", "store", "scripts", "client", "cli")
ALLOWED = {
    "core": {"core"},
    "plugins": {"core", "plugins"},
    "bpf": {"core", "bpf"},
    "store": {"core", "store"},
    "scripts": {"core", "store", "scripts"},
    "client": {"core", "store", "scripts", "client"},
    "cli": {"core", "store", "bpf", "scripts", "cli"},
}
UNTESTED = {
    "core/errors.py": "classes that hold their arguments",
    "core/hookspecs.py": "signatures; each hook has its test_hook_ in tests/core/test_registry.py",
}
"""Modules without a test file of their own, with the reason. Modules that define no function need none."""

MODULES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))
_DOTTED = re.compile(r"pxcap\.[a-z_]+(\.[a-z_0-9]+)*")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of everything a module imports anywhere: at its top, in functions, by name through importlib."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names if module == "pxcap")
        elif isinstance(node, ast.Call) and _is_import(node.func):
            names = (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
            yield from ((node.lineno, name) for name in names if _DOTTED.match(name))


def _is_import(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__", "find_spec", "resolve_name")


def part_of(module: str) -> str:
    """The part of pxcap a dotted name is in; empty for other libraries."""
    names = module.split(".")
    return names[1] if names[0] == "pxcap" and len(names) > 1 else ""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_parts_import_what_they_may(path: Path) -> None:
    part = path.relative_to(ROOT).parts[0]
    wrong = [f"line {line}: {name}" for line, name in imported(path) if part_of(name) not in {"", *ALLOWED[part]}]
    assert not wrong, f"{name_of(path)} may import {sorted(ALLOWED[part])} only"


@pytest.mark.parametrize("path", [path for path in MODULES if "plugins" in path.parts], ids=name_of)
def test_plugins_do_not_know_each_other(path: Path) -> None:
    own = path.relative_to(ROOT / "plugins").parts[0]
    others = [name for _, name in imported(path) if name.startswith("pxcap.plugins.") and name.split(".")[2] != own]
    assert not others


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_has_its_test(path: Path) -> None:
    relative = path.relative_to(ROOT)
    test = ROOT / "tests" / relative.parent / f"test_{relative.name}"
    if test.exists():
        assert name_of(path) not in UNTESTED, f"{name_of(test)} exists: take the module off the list"
    elif defines_functions(path):
        assert name_of(path) in UNTESTED, f"{name_of(path)} needs tests in {name_of(test)}"


def defines_functions(path: Path) -> bool:
    """Whether there is anything to run: tables, layouts and records are tested where they are used."""
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def test_modules_are_short() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_imports_are_found_wherever_they_are(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "import pxcap.store\nfrom pxcap import cli\n"
        "def f():\n    from pxcap.bpf import x\n    importlib.import_module('pxcap.plugins.http')\n"
    )
    assert {part_of(name) for _, name in imported(path)} - {""} == {"store", "cli", "bpf", "plugins"}
