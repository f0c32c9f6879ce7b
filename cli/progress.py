"""The progress line of a replay: on a terminal only, on standard error, gone when the replay is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pxcap.core.replay import Progress


@contextmanager
def progress_line() -> "Iterator[Callable[[Progress], None] | None]":
    """Give the function to call with each `Progress`, or None when standard error is not a terminal."""
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
