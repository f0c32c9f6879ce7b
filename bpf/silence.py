"""Keeping quiet what C libraries print: libbcc writes to standard error what a person is to be told in one line, or not."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_MOST = 1 << 20  # bytes given back of what was written


@contextmanager
def silenced() -> Iterator[Callable[[], str]]:
    """Keep what is written to file descriptor 2 while the block runs, by whatever part of the process.

    Gives a function that tells what was written so far.
    """
    kept = os.dup(2)
    held = os.memfd_create("standard error", os.MFD_CLOEXEC)
    try:
        os.dup2(held, 2)
        try:
            yield lambda: os.pread(held, _MOST, 0).decode(errors="replace")
        finally:
            os.dup2(kept, 2)
    finally:
        os.close(held)
        os.close(kept)
