"""When Python looks for cyclic garbage: rarely, and not at all on the way out.

Records have no cycles, and looking every 700 objects costs a tenth of a replay. What loading leaves behind stays until
the end and is never looked at again; nor is anything once the work is done, for the process's memory goes as a whole.
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (100_000, 20, 100)


@contextmanager
def rare_collection() -> Iterator[None]:
    """Look for garbage rarely while the block runs, and let the process end without a last look at everything."""
    before = gc.get_threshold()
    atexit.unregister(gc.freeze)  # so that it is registered once
    atexit.register(gc.freeze)
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def settled() -> Iterator[None]:
    """Leave out of every look, while the block runs, what is there at its beginning."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
