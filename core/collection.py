"""When Python looks for cyclic garbage: rarely, and not at all on the way out.

Records have no cycles, and looking every 700 objects costs a tenth of a replay. What loading makes stays until the end, so
it is not looked at at all; nor is anything once the work is done, for the process's memory goes as a whole.
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

LOADING = (500_000, 20, 100)  # more objects than loading makes
WORKING = (100_000, 20, 100)


@contextmanager
def rare_collection() -> Iterator[None]:
    """Look for garbage rarely while the block runs, and let the process end without a last look at everything."""
    before = gc.get_threshold()
    atexit.unregister(gc.freeze)  # so that it is registered once
    atexit.register(gc.freeze)
    gc.set_threshold(*LOADING)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def settled() -> Iterator[None]:
    """All is loaded: leave out of every look, while the block runs, what is there at its beginning."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*WORKING)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
