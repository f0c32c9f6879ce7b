"""Ctrl-C stops where it is safe, and at once when asked again."""

import os
import select
import signal
import subprocess
import sys
import threading
import time

import pytest

from pxcap.cli import interrupt
from pxcap.cli.interrupt import STOP_SECONDS, STOP_SIGNALS, Stop, catch_interrupt, catch_stop

LONG = 120.0  # seconds: more than a working test ever waits


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


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in STOP_SIGNALS]


def test_without_a_signal_there_is_no_stop() -> None:
    before = handlers()
    with catch_stop() as stop:
        assert not stop.wait(0.001)
        assert (stop.requested, stop.remaining()) == (False, STOP_SECONDS)
    assert handlers() == before


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_ends_a_wait_and_a_poll(number: signal.Signals) -> None:
    before = handlers()
    with catch_stop() as stop:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), number))
        timer.start()
        assert stop.wait(LONG)
        timer.join()
        assert stop.wait(1e9)  # and every later one
        assert select.select([stop], [], [], LONG)[0] == [stop]
        assert stop.requested
        assert stop.remaining() <= STOP_SECONDS
        assert handlers() == [signal.SIG_DFL] * 3
    assert handlers() == before


def test_the_time_to_end_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "STOP_SECONDS", 0.0)
    monkeypatch.setattr(interrupt, "since_here", lambda: lambda: 0.0)
    with catch_stop() as stop:
        stop.request()
        stop.request()
        assert (stop.requested, stop.remaining()) == (True, 0.0)


def test_seconds_without_a_processor_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "STOP_SECONDS", 0.0)
    monkeypatch.setattr(interrupt, "since_here", lambda: lambda: LONG)
    with catch_stop() as stop:
        stop.request()
        assert 0 < stop.remaining() <= LONG


def test_in_another_thread_a_stop_can_be_requested_all_the_same() -> None:
    before = handlers()
    made: list[Stop] = []
    seen: list[object] = []
    there = threading.Event()

    def body() -> None:
        with catch_stop() as stop:
            made.append(stop)
            seen.append(handlers())
            there.set()
            seen.append(stop.wait(LONG))

    thread = threading.Thread(target=body)
    thread.start()
    assert there.wait(LONG)
    made[0].request()
    thread.join()
    assert seen == [before, True]


STOPPED = """
import sys
from pxcap.cli.interrupt import catch_stop
with catch_stop() as stop:
    print("running", flush=True)
    stop.wait(20)
    print("stopping", flush=True)
    while sys.argv[1] == "hang":
        pass
print("stopped", flush=True)
"""


def run_child(how: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", STOPPED, how], stdout=subprocess.PIPE, text=True)


def test_one_signal_stops_in_good_order() -> None:
    with run_child("end") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "running\n"
        child.send_signal(signal.SIGTERM)
        assert child.stdout.read() == "stopping\nstopped\n"
    assert child.returncode == 0


def test_the_second_signal_ends_what_hangs() -> None:
    with run_child("hang") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "running\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "stopping\n"
        child.send_signal(signal.SIGTERM)
        assert child.stdout.read() == ""
    assert child.returncode == -signal.SIGTERM


def test_nohup_is_respected() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with catch_stop() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.requested
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.requested
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
