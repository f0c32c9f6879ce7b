"""Runs Python as if on a poorer machine: with folders hidden in a mount namespace, as another user, without rights."""

import json
import os
import subprocess
import sys
from collections.abc import Collection
from typing import Any

import pytest

BCC = "/usr/lib/python3/dist-packages/bcc"
BTF = "/sys/kernel/btf"
TRACEFS = ("/sys/kernel/tracing", "/sys/kernel/debug")

NO_CAPABILITIES = "from pxcap.bpf.rights import drop; drop(frozenset())"
NOBODY = "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534)"

_HIDE = 'for place in $HIDDEN; do if [ -d "$place" ]; then mount -t tmpfs none "$place" || exit; fi; done; exec "$@"'


def run(program: str, hidden: Collection[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run a Python program where these folders are empty; they are as before for everybody else."""
    command = [sys.executable, "-W", "error", "-c", program]
    if hidden:
        if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
            pytest.skip("needs root and mount namespaces to hide folders")
        command = ["unshare", "-m", "sh", "-c", _HIDE, "sh", *command]
    environment = {**os.environ, "HIDDEN": " ".join(hidden)}
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env=environment)


def lines(program: str, hidden: Collection[str] = ()) -> list[dict[str, Any]]:
    """What the program prints as JSON lines; it must say nothing else."""
    done = run(program, hidden)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]
