"""CPU time and peak memory of whole processes."""

import os
import statistics
import subprocess
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
    """

    cpu: float
    peak: int


def run(command: list[str]) -> Usage:
    """Run a command with its output thrown away.

    Raises:
        RuntimeError: It failed; with the end of what it said.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = said.decode(errors="replace").strip()[-500:]
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}: {tail}")
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def interleaved(runs: Mapping[str, Callable[[], Usage]], rounds: int) -> dict[str, Usage]:
    """Median CPU and largest peak of each, all of them run once a round: a slow moment of the machine meets all."""
    seen: dict[str, list[Usage]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, once in runs.items():
            seen[name].append(once())
    return {
        name: Usage(statistics.median(usage.cpu for usage in usages), max(usage.peak for usage in usages))
        for name, usages in seen.items()
    }


def tshark_command(load: Workload, capture: Capture) -> list[str]:
    """tshark printing the workload's fields, told what runs on the port, and resolving no names."""
    fields = [word for field in load.fields for word in ("-e", field)]
    decode = f"{load.transport}.port=={capture.port},{load.tshark}"
    return [path_of("tshark"), "-n", "-r", capture.path, "-d", decode, "-Y", load.tshark, "-T", "fields", *fields]
