"""Errors as lines and exit status."""

import os
import subprocess
import sys

import pytest
import typer

from pxcap.cli.errors import report, say
from pxcap.cli.main import main
from pxcap.core.errors import CaptureError, PluginError, StoreError, UsageError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("no such table: x", "pxcap tables lists what there is"), 2),
        (CaptureError("x.pcap: not a capture", "pxcap tables lists what there is"), 1),
        (PluginError("plugin x", "pxcap tables lists what there is"), 1),
        (StoreError("store x", "pxcap tables lists what there is"), 1),
    ],
)
def test_ours_have_a_line_and_a_hint(error: Exception, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(error) == status
    assert capsys.readouterr() == ("", f"pxcap: error: {error}\n  hint: pxcap tables lists what there is\n")


def test_a_message_of_many_lines_becomes_one(capsys: pytest.CaptureFixture[str]) -> None:
    say("the server says:\n\tno \x1b[31m", "")
    assert capsys.readouterr().err == "pxcap: error: the server says: no \\x1b[31m\n"


def test_a_full_disk_behind_standard_output_is_no_fault_of_ours() -> None:
    program = "import sys; from pxcap.cli.main import main; sys.exit(main(['plugin', 'list', '-o', 'json']))"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True, timeout=300, check=False
        )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "pxcap: error: standard output cannot be written: No space left on device"
    assert len(lines) == 2


def test_standard_output_may_be_closed() -> None:
    program = "import sys; from pxcap.cli.main import main; sys.exit(main(['plugin', 'list']))"
    command = ["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_an_encoding_has_no_sign_for_is_escaped() -> None:
    program = "from pxcap.cli.errors import ready_stdout; ready_stdout(); print('\\N{SNOWMAN}')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=300, check=True, env=environment
    )
    assert done.stdout == b"\\u2603\n"


def test_a_fault_of_ours_says_what_to_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PXCAP_DEBUG", raising=False)
    try:
        {}["gone"]
    except KeyError as error:
        status = report(error)
    lines = capsys.readouterr().err.splitlines()
    assert status == 1
    assert lines[0].startswith("pxcap: error: this is a fault in pxcap: KeyError: 'gone' at test_errors.py:")
    assert "PXCAP_DEBUG=1" in lines[1]
    assert len(lines) == 2


def test_traceback_on_demand(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PXCAP_DEBUG", "1")
    assert report(ValueError("x")) == 1
    assert "ValueError: x" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_interrupted(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(error) == 130
    assert capsys.readouterr().err == "pxcap: interrupted\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["replai"], "no such command 'replai'. Did you mean 'replay'?"),
        (["replay"], "missing argument 'FILE'"),
        (["replay", "--nope", "x"], "no such option: --nope"),
        (["replay", "x", "-o", "xml"], "'xml' is not one of 'table', 'json', 'csv'"),
        (["replay", "x", "--body-limit", "lots"], "invalid value for '--body-limit'"),
        (["replay", "x", "--body-limit"], "requires an argument"),
        (["script"], "missing command"),
        (["run", "px/http_data", "--start_time", "-5m"], "no such option: --start_time"),
    ],
)
def test_wrong_command_lines(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0].startswith("pxcap: error: ")
    assert line in lines[0]
    assert lines[1].startswith("  hint: ")
    assert len(lines) == 2


def test_arguments_of_a_script_before_the_dashes_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "px/http_data", "--start_time", "-5m"])
    assert "stands behind --" in capsys.readouterr().err
