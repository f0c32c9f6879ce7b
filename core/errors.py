"""Whose fault is it? That is the hierarchy. What is on the wire is never an error: it is counted instead."""


class PxcapError(Exception):
    """An error with one line for the person and, where there is one, the next thing to do.

    Args:
        message: What was found, what was expected, where.
        hint: What to do next, as a command where one helps; shown on a line of its own.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(PxcapError):
    """The person asked for something that cannot be: exit status 2."""


class CaptureError(PxcapError):
    """A capture file, device or the kernel refused: exit status 1."""


class WorkerError(PxcapError):
    """A process that shares the work ended too early; the message says what it had."""


class PluginError(PxcapError):
    """A plugin is broken or does not fit; the message names its distribution and version."""


class StoreError(PxcapError):
    """The database refused or went away; the message says how many records were not written."""


class StoreAway(StoreError):
    """The database could not take the rows now; a sink that keeps them does so, and its next flush tries again."""
