"""CPU time, wall-clock time and peak memory of whole processes."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.record import Capture
from bench.servers import path_of
from bench.workloads import Workload


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process took.

    Attributes:
        cpu: User and system seconds, its waited-for children included.
        peak: Largest resident set, bytes.
        wall: Seconds from its start to its end.
        children: Of `cpu`, what the processes took that it started and waited for.
    """

    cpu: float
    peak: int
    wall: float = 0.0
    children: float = 0.0


_LAUNCHER = """
import json, os, subprocess, sys, time
began = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
wall = time.monotonic() - began
with open(f"/proc/{process.pid}/stat") as file:
    fields = file.read().rpartition(")")[2].split()
children = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")  # proc(5): fields 16 and 17
_, status, usage = os.wait4(process.pid, 0)
cpu = usage.ru_utime + usage.ru_stime
print(json.dumps([os.waitstatus_to_exitcode(status), cpu, usage.ru_maxrss * 1024, wall, children]))
"""


def run(command: list[str]) -> Usage:
    """Run a command with its output thrown away.

    A small process starts it: Linux counts the memory of the process that forked as the child's, too.

    Raises:
        RuntimeError: It failed; with the end of what it said.
    """
    launcher = [sys.executable, "-S", "-c", _LAUNCHER, *command]
    # Compiled modules are kept, as on a person's machine, also where the environment says otherwise.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(launcher, capture_output=True, text=True, check=True, env=environment)
    code, cpu, peak, wall, children = json.loads(done.stdout)
    if code:
        raise RuntimeError(f"{' '.join(command)}: exit status {code}: {done.stderr.strip()[-500:]}")
    return Usage(cpu, peak, wall, children)


def interleaved(runs: Mapping[str, Callable[[], Usage]], rounds: int) -> dict[str, Usage]:
    """Medians and the largest peak of each, all of them run once a round: a slow moment of the machine meets all."""
    seen: dict[str, list[Usage]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, once in runs.items():
            seen[name].append(once())
    return {
        name: Usage(
            statistics.median(usage.cpu for usage in usages),
            max(usage.peak for usage in usages),
            statistics.median(usage.wall for usage in usages),
            statistics.median(usage.children for usage in usages),
        )
        for name, usages in seen.items()
    }


def tshark_command(load: Workload, capture: Capture) -> list[str]:
    """A tshark that prints the workload's fields, told what runs on the port, and resolving no names."""
    fields = [word for field in load.fields for word in ("-e", field)]
    decode = f"{load.transport}.port=={capture.port},{load.tshark}"
    return [path_of("tshark"), "-n", "-r", capture.path, "-d", decode, "-Y", load.tshark, "-T", "fields", *fields]
