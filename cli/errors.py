"""Whatever goes wrong as lines for the person and an exit status: the only place where an error becomes text."""

import errno
import io
import os
import sys
import traceback

import typer

from pxcap.cli.output import notice
from pxcap.core.errors import PxcapError, UsageError

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # of a file on disk; files of ours have a name

# What typer raises for a wrong command line. Its home moved between typer's versions; its public child did not.
CommandLineError: type[Exception] = typer.BadParameter.__mro__[1]


def report(error: BaseException) -> int:
    """Print the error to standard error and return the exit status it asks for."""
    if isinstance(error, PxcapError):
        say(str(error), error.hint)
        return MISUSED if isinstance(error, UsageError) else FAILED
    if isinstance(error, CommandLineError):
        say(*_command_line(error))
        return MISUSED
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        notice("pxcap: interrupted")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        silence_stdout()
        return FAILED
    if isinstance(error, OSError) and error.errno in _UNWRITABLE and error.filename is None:
        silence_stdout()
        say(f"standard output cannot be written: {error.strerror}", "make room, or send it somewhere else")
        return FAILED
    return _unexpected(error)


def say(message: str, hint: str = "") -> None:
    """Print `pxcap: error: message`, and the hint on a line of its own."""
    notice(f"pxcap: error: {' '.join(message.split())}")
    if hint:
        notice(f"  hint: {' '.join(hint.split())}")


def ready_stdout() -> None:
    """Let standard output take whatever is written: what its encoding has no sign for as an escape, nothing if closed."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - open as long as the process is
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def silence_stdout() -> None:
    """Send what is still buffered for a reader that has gone nowhere, so that the interpreter's last flush is quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command_line(error: Exception) -> tuple[str, str]:
    """Message and hint of typer's error: its class has no public type, so its parts are asked for by name."""
    text = str(getattr(error, "format_message", error.__str__)())
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "pxcap")
    hint = f"{command} --help shows what it takes"
    if command == "pxcap run" and text.startswith("No such option"):
        hint = "what a script takes stands behind --, as in pxcap run px/http_data -- --start_time -5m"
    return text[:1].lower() + text[1:].rstrip(".").replace("Value error, ", ""), hint


def _unexpected(error: BaseException) -> int:
    if os.environ.get("PXCAP_DEBUG") == "1":
        traceback.print_exception(error)
        return FAILED
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    say(
        f"this is a fault in pxcap: {type(error).__name__}: {error}{where}",
        "report it with this line and what the same command prints with PXCAP_DEBUG=1",
    )
    return FAILED
