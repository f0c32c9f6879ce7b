import gc
import subprocess
import sys

import pytest

from pxcap.core.collection import LOADING, WORKING, rare_collection, settled


def test_looks_rarely_and_only_inside() -> None:
    before = gc.get_threshold()
    with rare_collection():
        assert gc.get_threshold() == LOADING
        with settled():
            assert gc.get_threshold() == WORKING
        assert gc.get_threshold() == LOADING
    assert gc.get_threshold() == before


def test_an_error_passes_and_ends_it() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="inside"), rare_collection(), settled():
        raise ValueError("inside")
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_what_was_there_is_left_out() -> None:
    with settled():
        assert gc.get_freeze_count() > 1000
    assert gc.get_freeze_count() == 0


def test_the_process_ends_without_a_last_look() -> None:
    program = (
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1000))\n"  # runs last: registered first
        "from pxcap.core.collection import rare_collection\n"
        "for _ in range(2):\n    with rare_collection(): pass\n"
        "print(gc.get_freeze_count())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "0\nTrue\n"


def test_loading_everything_is_never_looked_at() -> None:
    program = (
        "import gc; looks = []; gc.callbacks.append(lambda phase, _: looks.append(phase))\n"
        "from pxcap.core.collection import rare_collection\n"
        "with rare_collection():\n"
        "    looks.clear()\n"
        "    import pxcap.cli.main, pxcap.core.replay, pxcap.store.sqlite\n"
        "    from pxcap.core.registry import load_registry\n"
        "    load_registry()\n"
        "    print(looks)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
