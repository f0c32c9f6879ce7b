"""How often, and for how long, something is tried again."""

import time

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds


class Backoff:
    """Pauses that double, for at most `seconds` from now in all."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._pause = FIRST_PAUSE

    def wait(self) -> bool:
        """Pause before the next try; False at once when the time is up."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(self._pause, left))
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return True
