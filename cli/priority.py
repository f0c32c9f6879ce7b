"""Who comes first where processors are short: the services while a capture goes on, the capture where it begins and ends.

What it cannot keep up with it leaves out, and tells. But its end has to be soon and complete, so its threads then get back
what they had in the beginning.
"""

import os
from collections.abc import Iterable
from contextlib import suppress

LOWER = 10  # by how much, of the scale of nice(2)
TO_RESTORE = frozenset({"CAP_SYS_NICE"})
_LOWEST = 19


class Priority:
    """The priority of this process and of its workers."""

    def __init__(self) -> None:
        self._own = os.getpriority(os.PRIO_PROCESS, 0)

    def lower(self, workers: Iterable[int]) -> None:
        """Let others go first."""
        self._set(workers, min(_LOWEST, self._own + LOWER))

    def restore(self, workers: Iterable[int]) -> None:
        """Have the priority back that there was; without TO_RESTORE it stays as it is."""
        self._set(workers, self._own)

    def _set(self, workers: Iterable[int], nice: int) -> None:
        for pid in (os.getpid(), *workers):
            with suppress(OSError):  # it has ended
                for thread in os.listdir(f"/proc/{pid}/task"):
                    with suppress(OSError):
                        os.setpriority(os.PRIO_PROCESS, int(thread), nice)
