"""Every command the documents show works, and prints what they show."""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from itertools import groupby
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT, Block, blocks

from pxcap.bpf.features import FOR_BPF, FOR_PACKETS, features, why_not_bpf, why_not_packet
from pxcap.cli.main import main
from pxcap.cli.reference import commands

PLAIN = re.compile(r"pxcap [^|<>;&`$]*")  # needs no shell


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(command: str) -> tuple[int, str]:
    """Status and everything printed; in this process where no shell is needed, as starting one costs more."""
    command = shortly(command)
    if PLAIN.fullmatch(command) and "pxcap capture" not in command:  # a capture gives up rights that others here need
        out, err = Terminal(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(shlex.split(command)[1:])
        return status, re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()) + err.getvalue()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command],
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def unavailable(command: str) -> bool:
    """Whether it needs what is not here: a program, or the right to capture. Continuous integration has all of it.

    A person who looks at a screen is not here either; tests/cli/screen has one.
    """
    if command.startswith("pxcap live"):
        return True
    if "pxcap capture" in command:
        if os.geteuid() or why_not_packet(features(FOR_PACKETS)) is not None:
            return True
        if re.search(r" --(command|pid|container|tls|source bpf)\b", command):  # what packets do not tell
            return why_not_bpf(features(FOR_BPF)) is not None
        return "--filter" in command and not all(feature.ok for feature in features(["libpcap"]))
    return "--against tshark" in command and shutil.which("tshark") is None


def shortly(command: str) -> str:
    """A capture as it is shown, but over soon, without sudo (root captures in tests), and into a store of its own.

    What else is going on here would be in the store that the page goes on to look at.
    """
    if "pxcap capture" not in command:
        return command
    command = re.sub(r" --duration \S+", "", command.replace("sudo ", ""))
    return re.sub(
        r"(pxcap capture[^|&;]*?)( *(?:[|&;]|$))", r"\1 --duration 200ms --store sqlite:///live.db\2", command
    )


def steps(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a block with the output shown below it."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def pages() -> dict[str, list[Block]]:
    return {page: list(group) for page, group in groupby(blocks("console"), key=lambda block: block.page)}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", pages())
def test_commands_of_a_page_work_in_order(page: str, pytestconfig: pytest.Config) -> None:
    text = (ROOT / page).read_text()
    for block in pages()[page]:
        for command, shown in steps(block):
            if unavailable(command):
                continue
            status, printed = run(command)
            printed = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
            assert status == 0, f"{block}: {command}\n{printed}"
            if shown and pytestconfig.getoption("--update-golden"):
                text = text.replace(f"$ {command}\n{shown}", f"$ {command}\n{printed}")
            elif shown:
                assert printed == shown, f"{block}: {command}"
    if pytestconfig.getoption("--update-golden"):
        (ROOT / page).write_text(text)


def examples() -> list[str]:
    """The examples of every --help."""
    return [line for _, command in commands() for line in re.findall(r"Example: (.+)", command.help)]


@pytest.mark.usefixtures("folder")
def test_every_command_has_an_example_and_it_works() -> None:
    assert all(re.search(r"Example: (sudo )?pxcap ", command.help) for _, command in commands())
    run("pxcap replay trace.pcap")
    for example in examples():
        if unavailable(example):
            continue
        status, printed = run(example)
        assert status == 0, f"{example}\n{printed}"


def test_make_targets_exist() -> None:
    shown = {target for block in blocks("sh") for target in re.findall(r"^make (\S+)$", block.text, re.MULTILINE)}
    prose = {target for page in pages() for target in re.findall(r"`make (\w+)", (ROOT / page).read_text())}
    makefile = (ROOT / "Makefile").read_text()
    assert {"demo", "test"} <= shown | prose
    for target in shown | prose:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_blocks_of_shell_hold_make_only() -> None:
    """Whatever else a reader is told to type is in a `console` block, and is run."""
    assert all(line.startswith("make ") for block in blocks("sh", "bash", "shell") for line in block.text.splitlines())


def test_links_between_the_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
