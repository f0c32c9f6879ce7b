"""Which share of the connections to leave out, so that a capture stays within the CPU and memory it may take, and keeps up.

Whole connections are left out: a record of a connection that is looked at is as good as ever. The share goes up within
about a second of using too much, by as much as seems necessary, and comes down in small steps while there is room to
spare, and only if the next step is expected to fit; in between nothing changes, so that a steady load does not make it
swing. When the kernel's buffer is about to overflow, connections are left out at once: else all would lose bytes.
"""

WINDOW = 1.0  # seconds over which CPU is averaged
ALL = 256  # a level is a number of connections in so many
MOST = ALL - 1  # one in 256 is always looked at: a capture is never blind, and sees when the load is over
AIM = 0.9  # of a limit: where a higher share is to bring us, and up to where a lower one may
LOW = 0.75  # of a limit: below, there is room to spare
FULL = 0.6  # of the kernel's buffer filled between two rounds: the next may not fit
PRESS = 0.2  # seconds at least between two answers to that
PATIENCE = 5  # windows in a row with room to spare before the share comes down
_MASK = (1 << 64) - 1


class Governor:
    """Decides from what was used so far.

    Attributes:
        level: Connections of 256 to leave out, 0 to MOST; for `shed`.
    """

    def __init__(self, cpu_limit: float | None, memory_limit: int | None) -> None:
        """Begin with every connection looked at.

        Args:
            cpu_limit: Cores, such as 0.5; None for no limit.
            memory_limit: Resident bytes; None for no limit.
        """
        self.level = 0
        self._cpu_limit = cpu_limit
        self._memory_limit = memory_limit
        self._since: float | None = None
        self._cpu_seconds = 0.0
        self._cores = 0.0
        self._rss = 0
        self._calm = 0  # windows in a row with room to spare
        self._reason = ""
        self._fill = 0.0  # the most since the last window
        self._pressed = float("-inf")

    def update(self, now: float, cpu_seconds: float, rss: int, filled: float = 0.0) -> int:
        """Take a measurement and return the level; to be called a few times a second.

        Args:
            now: A clock that does not jump, in seconds.
            cpu_seconds: CPU time taken until now, of all processes.
            rss: Resident memory now, in bytes.
            filled: Share of the kernel's buffer that filled since the last call.
        """
        self._fill = max(self._fill, filled)
        if filled > FULL and now - self._pressed >= PRESS:
            self._pressed = now
            self._leave_out((ALL - self.level) // 2, "buffer")
        if self._since is None:
            self._since, self._cpu_seconds, self._rss = now, cpu_seconds, rss
        if now - self._since < WINDOW:
            return self.level
        # The time of a worker that has ended is no longer in the sum.
        self._cores = max(0.0, cpu_seconds - self._cpu_seconds) / (now - self._since)
        grown = rss > self._rss
        self._since, self._cpu_seconds, self._rss = now, cpu_seconds, rss
        self._decide(grown)
        self._fill = 0.0
        return self.level

    def describe(self) -> str:
        """What is left out and why, for the person; empty when nothing is."""
        if not self.level:
            return ""
        share = f"{max(1, round(100 * self.level / ALL))} % of connections are left out"
        if self._reason == "buffer":
            return f"{share} because more comes than can be read"
        if self._reason == "memory" and self._memory_limit is not None:
            within = f"{self._memory_limit / 1e6:.0f} MB of memory (now {self._rss / 1e6:.0f} MB)"
        else:
            within = f"{self._cpu_limit:g} cores (now {self._cores:.2f})"
        return f"{share} to stay within {within}"

    def _decide(self, grown: bool) -> None:
        cpu = self._cores / self._cpu_limit if self._cpu_limit else 0.0
        memory = self._rss / self._memory_limit if self._memory_limit else 0.0
        keep = ALL - self.level
        by_cpu = int(keep * AIM / cpu) if cpu > 1 else keep
        # Memory that was freed is not always given back to the system: its growth says more than its size.
        by_memory = keep
        if memory > 1:
            by_memory = keep // 2 if grown else keep * 3 // 4
        elif memory > AIM and grown:
            by_memory = keep * 3 // 4
        if min(by_cpu, by_memory) < keep:
            self._leave_out(min(by_cpu, by_memory), "memory" if by_memory < by_cpu else "cpu")
        elif self._fill >= FULL / 2 or cpu >= LOW or memory >= (LOW if grown else AIM):
            self._calm = 0
        else:
            self._calm += 1
            more = min(ALL, keep + max(1, keep // 16))
            if self._calm > PATIENCE and cpu * more / keep < AIM:
                self.level = ALL - more

    def _leave_out(self, keep: int, reason: str) -> None:
        self.level, self._reason, self._calm = min(MOST, ALL - keep), reason, 0


def shed(connection_id: int, level: int) -> bool:
    """Whether to leave a connection out at this level.

    The same connection always fares the same, and one that is left out is so at every higher level, too.

    Args:
        connection_id: Any number that stands for the connection, of 64 bits; neighbours fare independently.
        level: From `Governor.update`.
    """
    if not level:
        return False
    # Every bit of the number must count, for the ids of connections are often the same in most of them: two rounds of
    # multiplying and folding, with the constants of the generator splitmix64.
    mixed = connection_id & _MASK
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
    return ((mixed ^ mixed >> 31) & 0xFF) < level
