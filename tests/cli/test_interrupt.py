"""Ctrl-C stops where it is safe, and at once when asked again."""

import os
import signal
import threading
import time

import pytest

from pxcap.cli import interrupt
from pxcap.cli.interrupt import catch_interrupt


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_without_ctrl_c_nothing_happens() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)
    with catch_interrupt() as interruption:
        interruption.check()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)) == before


def test_the_first_waits_for_the_next_check() -> None:
    done = []

    def work() -> None:
        with catch_interrupt() as interruption:
            press()
            done.append("the rest of the window")
            interruption.check()
            done.append("the next window")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["the rest of the window"]
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_the_second_does_not_wait() -> None:
    done = []

    def work() -> None:
        with catch_interrupt():
            press()
            press()
            done.append("too late")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == []


def test_a_check_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "GRACE", 0.01)

    def work() -> None:
        with catch_interrupt():
            press()
            time.sleep(10)

    with pytest.raises(KeyboardInterrupt):
        work()


def test_in_another_thread_signals_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def body() -> None:
        with catch_interrupt() as interruption:
            interruption.check()
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert seen == [before]
