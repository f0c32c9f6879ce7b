"""Progress lines: on a terminal only, on standard error, gone when the work is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pxcap.bpf.capture import State
    from pxcap.core.replay import Progress


@contextmanager
def progress_line() -> "Iterator[Callable[[Progress], None] | None]":
    """Of a replay: give the function to call with each `Progress`, or None when standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Display

    display = Display(
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[packets]:,} packets  {task.fields[records]:,} records"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with display:
        task = display.add_task("", total=None, packets=0, records=0)

        def show(now: "Progress") -> None:
            display.update(
                task, completed=now.done_bytes, total=now.total_bytes, packets=now.packets, records=now.records
            )

        yield show


@contextmanager
def live_line() -> "Iterator[Callable[[State], None] | None]":
    """Of a capture: give the function to call with each `State`, or None when standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Display
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    display = Display(
        SpinnerColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[events]:,} events  {task.fields[records]:,} records{task.fields[shed]}"),
        console=Console(stderr=True),
        transient=True,
    )
    with display:
        task = display.add_task("", total=None, events=0, records=0, shed="")

        def show(now: "State") -> None:
            left_out = f"  {now.shed} of 256 connections left out" if now.shed else ""
            display.update(task, events=now.events, records=now.records, shed=left_out)

        yield show
