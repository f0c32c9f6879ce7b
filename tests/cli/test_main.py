"""The command as a whole: help, version, and what it must not do at start."""

import re
import subprocess
import sys

import pytest

from pxcap.cli.main import main
from pxcap.cli.reference import commands

HEAVY = ("numpy", "sqlalchemy", "psycopg", "dns", "construct", "rich", "brotli", "zstandard", "pxcap.plugins")


def test_nothing_and_help_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    bare = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == bare
    assert "replay" in bare


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("pxcap 0.")


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_every_help_has_an_example(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*path[1:], "--help"]) == 0
    assert re.search(f"Example: (sudo )?{' '.join(path)}", capsys.readouterr().out)


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from pxcap.cli.main import main; main(['--help']);"
        f" print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "[]\n"
