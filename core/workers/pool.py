"""The workers of a run: what goes to which, what they say, what is lost, and who died.

A capture waits for no worker: what one has no room for is dropped and counted, and the positions of what comes later show
where something is missing. A file can wait.
"""

import select
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pxcap.core.errors import CaptureError, PxcapError, StoreError, UsageError, WorkerError
from pxcap.core.pipeline import Group, TableCount, Totals
from pxcap.core.starved import since
from pxcap.core.workers import pipes
from pxcap.core.workers.member import Member
from pxcap.core.workers.plan import LEAST_SECONDS, Message, Outcome, Plan, Tell

ROOM = 16 << 20  # bytes that may wait for one worker
_START_SECONDS = 60.0  # for a worker to be ready: a store that is locked or away is waited for as well
_PATIENCE = 0.2 + LEAST_SECONDS  # beyond the deadline for a worker to say what came of it
_REPEATED = 5.0  # seconds in which what several workers say is told once
_BEAT = 0.05  # seconds between two looks at what workers say while something else is waited for
_KINDS: dict[str, type[PxcapError]] = {kind.__name__: kind for kind in (CaptureError, StoreError, UsageError)}


@dataclass(slots=True)
class Sums:
    """What the workers came to, added up."""

    tables: dict[str, TableCount] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    plugin_failures: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    unrecognised: int = 0
    outcome: Outcome = field(default_factory=Outcome)


class Pool:
    """Workers, numbered from 0.

    Attributes:
        size: How many there were at the start.
        failure: Why the first of those that ended too early did; None while there is none.
        load: What each was given so far, in events and a little for each connection.
    """

    def __init__(
        self, size: int, plan: Plan, tell: Tell, died: Callable[[], None] = lambda: None, patient: bool = False
    ) -> None:
        """Start them; `ready` waits until they are.

        Args:
            size: How many.
            plan: How they work.
            tell: Told what they have to tell the person, as (message, hint).
            died: Called when one ended too early.
            patient: Wait for workers that are slow, instead of dropping what they have no room for; then one that
                ends too early is raised as an error.
        """
        self.size = size
        self.failure: PxcapError | None = None
        self._tell = tell
        self._died = died
        self._patient = patient
        self._raised = False
        self.load = [0] * size
        self._pending: list[list[tuple[Message, int]]] = [[] for _ in range(size)]
        self._dull: list[int] = []
        self._lost: dict[str, int] = {}
        self._told: dict[str, float] = {}
        self._starting = set(range(size))
        self._asked: set[int] = set()
        self._totals: dict[Group, Totals] | None = None
        self._counts = [(0, 0, 0)] * size  # records, events of unknown connections, connections given up
        self._sums = Sums()
        self._final: set[int] = set()
        self._members: dict[int, Member] = {}
        try:
            for number in range(size):
                self._members[number] = Member(plan, self._members.values())
        except OSError as error:
            self.kill()
            message = f"parse worker {number + 1} of {size} cannot be started ({(error.strerror or '').lower()})"
            raise WorkerError(message, "try fewer workers") from error

    @property
    def pids(self) -> list[int]:
        """The process ids of those there are."""
        return [member.pid for member in self._members.values()]

    @property
    def records(self) -> int:
        """Records made so far, as far as the workers said."""
        return sum(records for records, _, _ in self._counts)

    @property
    def unknown(self) -> int:
        """Events of connections that were never announced to them."""
        return sum(unknown for _, unknown, _ in self._counts)

    @property
    def evicted(self) -> int:
        """Connections they gave up because there were too many."""
        return sum(evicted for _, _, evicted in self._counts)

    @property
    def stored(self) -> int:
        """Records that those stored which ended in good order."""
        made = sum(count.records for count in self._sums.tables.values())
        return made - sum(self._sums.outcome.missing.values())

    def losses(self) -> dict[str, int]:
        """What never came to a worker, by name."""
        return dict(self._lost)

    def ready(self) -> None:
        """Wait until they have opened their stores.

        Raises:
            PxcapError: One could not.
        """
        deadline = time.monotonic() + _START_SECONDS
        while self._starting and self.failure is None and time.monotonic() < deadline:
            self.receive(_BEAT)
        if self.failure is None and self._starting:
            self.failure = WorkerError(f"parse workers are not ready after {_START_SECONDS:.0f} s", "try fewer")
        if self.failure is not None:
            self.kill()
            raise self.failure

    def post(self, worker: int, message: Message, events: int = 0, opened: int = 0) -> None:
        """Have a message sent with the next `flush`.

        Args:
            worker: Its number.
            message: A name of `Worker` with its arguments.
            events: How many events are in it; messages without any are dropped last.
            opened: Connections that begin with it, less those that end.
        """
        self._pending[worker].append((message, events))
        self.load[worker] += events
        if opened and worker in self._members:
            self._members[worker].open += opened

    def post_all(self, message: Message) -> None:
        """The same to all workers."""
        for number in range(self.size):
            self.post(number, message)

    def flush(self) -> None:
        """Send what was posted.

        Raises:
            PxcapError: The pool is patient and a worker ended too early; raised once.
        """
        for number, pending in enumerate(self._pending):
            if pending:
                self._pending[number] = []
                self._send(number, pending)
        if self._patient and self.failure is not None and not self._raised:
            self._raised = True
            raise self.failure

    def receive(self, timeout: float = 0.0) -> None:
        """Hear what the workers have said, after so many seconds at most."""
        poll = select.poll()
        numbers = {member.fileno(): number for number, member in self._members.items()}
        for descriptor in numbers:
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(timeout * 1000):
            number = numbers[descriptor]
            member = self._members[number]
            for name, *arguments in member.hear():
                self._hear(number, member, name, arguments)
            if member.over:
                self._bury(number)

    def dull(self) -> list[int]:
        """Connections of which no more bytes are needed, as `StreamTable.dull`."""
        dull, self._dull = self._dull, []
        return dull

    def ask_totals(self, last: bool) -> None:
        """Ask for the sums of all groups of connections; `last`: those of connections that go on are not wanted.

        Those that were asked for before and not given yet are given first.
        """
        if self._asked and not last:
            return
        while self._asked:
            self.receive(_BEAT)
        self._asked = set(self._members)
        self._totals = {}
        self.post_all(["totals", last])
        self.flush()

    def totals(self, wait: bool) -> dict[Group, Totals] | None:
        """The sums that were asked for; None when there are none, or not yet."""
        while wait and self._asked:
            self.receive(_BEAT)
        if self._asked:
            return None
        totals, self._totals = self._totals, None
        return totals

    def close(self, deadline: float | None) -> tuple[Sums, Mapping[Group, Totals]]:
        """End the workers: they store everything and say what came of it.

        Args:
            deadline: When that must be over, on the monotonic clock; who is not ready then is killed, but for who had no
                processor meanwhile. None: it may last.

        Returns:
            What they came to, and the sums over connections that were not asked for yet.
        """
        if self._starting:  # nothing was given to them yet
            self.kill()
        self._asked, self._totals = set(), {}
        self._patient = False
        self.post_all(["end", deadline])
        self.flush()
        lacked = {number: since(member.pid) for number, member in self._members.items()}
        while self._members:
            self.receive(_BEAT)
            late = -1.0 if deadline is None else time.monotonic() - deadline - _PATIENCE
            for number in [number for number in self._members if late > 0 and late > lacked[number]()]:
                self._members[number].kill()
                self._bury(number, "did not end in time")
        return self._sums, self._totals

    def kill(self) -> None:
        """End the workers at once, whatever they have."""
        for member in self._members.values():
            member.kill()
            member.reap()
        self._members.clear()

    def _send(self, number: int, pending: list[tuple[Message, int]]) -> None:
        while self._patient and number in self._members and not self._members[number].room(ROOM, _BEAT):
            self.receive()
        member = self._members.get(number)
        if member is None:
            self._lose("events for a parse worker that had ended", pending)
            return
        ending = any(message[0] == "end" for message, _ in pending)
        if member.waiting > ROOM and not ending and not self._patient:
            crowded = member.waiting > 2 * ROOM
            self._lose("events that parse workers were too slow for", pending)
            pending = [] if crowded else [(message, events) for message, events in pending if not events]
        if pending:
            member.sent += sum(events for _, events in pending)
            member.put(pipes.pack([message for message, _ in pending]))

    def _lose(self, name: str, pending: list[tuple[Message, int]]) -> None:
        if events := sum(events for _, events in pending):
            self._lost[name] = self._lost.get(name, 0) + events

    def _hear(self, number: int, member: Member, name: str, arguments: list[Any]) -> None:
        if name == "counts":
            member.taken, member.records, unknown, evicted = arguments
            self._counts[number] = (member.records, unknown, evicted)
        elif name == "dull":
            self._dull += arguments[0]
        elif name == "totals" and number in self._asked:
            self._add_totals(arguments[0])
            self._asked.discard(number)
        elif name == "told":
            self._pass_on(*arguments)
        elif name == "ready":
            self._starting.discard(number)
        elif name == "failed":
            kind, message, hint = arguments
            self._fail(_KINDS.get(kind, PxcapError)(message, hint))
        elif name == "final":
            self._add(*arguments)
            self._final.add(number)

    def _add(
        self,
        tables: dict[str, list[int]],
        errors: dict[str, int],
        plugin_failures: dict[str, int],
        connections: int,
        unrecognised: int,
        totals: list[Any],
        outcome: list[dict[str, int]],
    ) -> None:
        sums = self._sums
        for name, (records, wrong, lost) in tables.items():
            count = sums.tables.setdefault(name, TableCount())
            count.records += records
            count.errors += wrong
            count.bytes_lost += lost
        for mine, its in ((sums.errors, errors), (sums.plugin_failures, plugin_failures)):
            for name, times in its.items():
                mine[name] = mine.get(name, 0) + times
        sums.connections += connections
        sums.unrecognised += unrecognised
        sums.outcome.add(Outcome(*outcome))
        self._add_totals(totals)

    def _add_totals(self, totals: list[Any]) -> None:
        if self._totals is None:
            self._totals = {}
        for group, sums in totals:
            self._totals.setdefault(tuple(group), Totals()).join(Totals(*sums))

    def _pass_on(self, message: str, hint: str) -> None:
        now = time.monotonic()
        self._told = {said: when for said, when in self._told.items() if now - when < _REPEATED}
        if message not in self._told:
            self._told[message] = now
            self._tell(message, hint)

    def _bury(self, number: int, how: str = "") -> None:
        """Take leave of a worker that has ended: as it should when its last word was heard."""
        member = self._members.pop(number)
        status = member.reap()
        self._asked.discard(number)
        if number in self._final:
            return
        if not how:
            how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        self._fail(
            WorkerError(
                f"parse worker {number + 1} of {self.size} (pid {member.pid}) {how}: it had {member.open} connections, "
                f"{member.sent - member.taken} events that it had not parsed, and had made {member.records} records, the "
                "last of which may not be stored",
                "what the others had is stored",
            )
        )

    def _fail(self, error: PxcapError) -> None:
        if self.failure is None:
            self.failure = error
        self._died()
