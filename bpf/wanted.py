"""Which processes a capture was asked for: those there are now, and those that come."""

import os
import time
from collections.abc import Iterable

from pxcap.bpf.records import Execed
from pxcap.bpf.source import SocketSource


def want(source: SocketSource, pids: Iterable[int], commands: Iterable[str], containers: Iterable[str]) -> int:
    """Take in processes with their children; what becomes one of the commands later is taken in by the kernel itself.

    A process that begins in one of the containers later, and is no child of one taken in, is taken in within a round.

    Returns:
        How many there are now.
    """
    table = source.processes
    commands, containers = tuple(commands), tuple(containers)
    found = set(pids)
    for name in commands:
        found |= table.named(name)
    for which in containers:
        found |= table.in_container(which)
    ours = {os.getpid(), *table.descendants(os.getpid())}  # what they store would be captured, and stored again
    source.program.want_commands(commands)
    for _ in range(2):  # once more, for children that began before their parent was taken in
        for pid in list(found):
            found |= table.descendants(pid)
        found -= ours
        source.program.want(sorted(found))
    if source.tls is not None:
        source.tls.expect(commands)
        for pid in found:
            source.tls.look(pid, time.monotonic())
    if containers:

        def execed(record: Execed) -> None:
            if table.is_in_container(record.tgid, containers):
                source.program.want([record.tgid])

        source.execed = execed
    return len(found)
