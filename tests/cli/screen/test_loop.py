"""Running a script again and again beside the screen."""

import os
import threading

import pytest

from pxcap.cli.screen.loop import Refresher, check_terminal, clock
from pxcap.cli.screen.view import Page, View
from pxcap.core.errors import StoreError, UsageError

PAGE = Page("calls", ("n",), [(1,)])


@pytest.fixture
def stop() -> int:
    return os.eventfd(0, os.EFD_CLOEXEC)


def test_what_is_new_reaches_the_view(stop: int) -> None:
    view, go = View("px/x"), threading.Event()
    answers = [PAGE, Page("calls", ("n",), [(2,)])]

    def load() -> tuple[list[Page], str]:
        if len(answers) == 1:
            go.wait()
        return [answers.pop(0) if answers else PAGE], "12:00"

    with Refresher(load, 0.001) as refresher:
        refresher.wait_first(stop)
        assert refresher.take(view)
        assert (view.rows(), view.status) == ([(1,)], "12:00")
        go.set()
        while not refresher.take(view):
            pass
        assert view.rows() in ([(2,)], [(1,)])
    os.close(stop)


def test_the_first_failure_is_raised_and_later_ones_are_told(stop: int) -> None:
    def broken() -> tuple[list[Page], str]:
        raise StoreError("gone")

    with Refresher(broken, 60) as refresher, pytest.raises(StoreError, match="gone"):
        refresher.wait_first(stop)
    answers, told = iter([[PAGE], None]), threading.Event()

    def later() -> tuple[list[Page], str]:
        if (pages := next(answers, [])) == []:
            told.wait()
        if pages is None:
            raise StoreError("away")
        return pages, "fine"

    view = View("px/x")
    with Refresher(later, 0.001) as refresher:
        refresher.wait_first(stop)
        while view.status != "away":
            refresher.take(view)
        assert view.status == "away"
        told.set()
    os.close(stop)


def test_without_a_terminal_there_is_a_line() -> None:
    with pytest.raises(UsageError, match="needs a terminal"):
        check_terminal()


def test_the_clock_is_short() -> None:
    assert len(clock()) == len("12:00:00")
