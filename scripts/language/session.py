"""What all modules of one script share: the plans made, what is shown, and how much has been done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pxcap.scripts.engine.graph import in_order, prune
from pxcap.scripts.language.builder import Builder
from pxcap.scripts.language.catalog import SEEN, Catalog
from pxcap.scripts.language.errors import NotFilled, Place, ScriptError
from pxcap.scripts.language.frames import settled
from pxcap.scripts.language.values import Frame, Grouped, Items, Value, Void, described
from pxcap.scripts.plan import Operator, Output, Scan, names

MAX_STEPS = 200_000  # expressions and statements evaluated
MAX_NESTING = 150  # expressions and calls in each other
MAX_OUTPUTS = 200


@dataclass(frozen=True, slots=True)
class Refused:
    """An output that cannot be given.

    Attributes:
        name: That of the output.
        error: Why; a `NotFilled` where pxcap does not have the rows.
    """

    name: str
    error: ScriptError


@dataclass(slots=True)
class Session:
    """One reading of a script.

    Attributes:
        traced: Tables that the script's tracepoints would fill, and of which tracepoint.
        unfilled: Tables that were asked for of which only `SEEN` is known, with what to say of the other columns.
        displays: Whether `px.display` shows something: it does not when functions are called for their results.
        at: What is now, ns since the epoch; None for the newest record.
        calling: Where the script called a function last.
    """

    catalog: Catalog
    displays: bool = True
    at: int | None = None
    builder: Builder = field(default_factory=Builder)
    outputs: list[Output] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    traced: dict[str, str] = field(default_factory=dict)
    unfilled: dict[str, NotFilled] = field(default_factory=dict)
    calling: Place | None = None
    _shown: dict[str, Operator] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _steps: int = 0
    _depth: int = 0

    @property
    def now(self) -> int:
        """`px.now()`, and what `-5m` counts from; ns since the epoch."""
        return self.catalog.newest() if self.at is None else self.at

    @contextmanager
    def step(self) -> Iterator[None]:
        """One expression or statement.

        Raises:
            ScriptError: There were too many, or they are too deep in each other.
        """
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise ScriptError(f"the script does more than {MAX_STEPS} things")
        if self._depth >= MAX_NESTING:
            raise ScriptError(f"calls and expressions are nested more than {MAX_NESTING} deep")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def show(self, name: str, value: Value) -> None:
        """Give out a frame; of a list each as `name[0]`, `name[1]`, ...

        Raises:
            ScriptError: It is no frame, or there are too many.
        """
        if isinstance(value, Items):
            for at, one in enumerate(value.values):
                self.show(f"{name}[{at}]", one)
        elif isinstance(value, Void):
            self.refuse(name, value.reason)
        elif isinstance(value, Frame):
            plan = settled(value).plan
            missing = self._missing(plan)
            if missing is not None:
                self.refuse(name, missing)
            elif self._shown.get(name) is not plan:  # a helper that two functions call shows its frame for both
                self.outputs.append(Output(self._free(name), plan))
                self._shown[name] = plan
        else:
            forgotten = ": .agg(...) is missing" if isinstance(value, Grouped) else ""
            raise ScriptError(f"{name!r} is {described(value)}, expected a frame{forgotten}")

    def refuse(self, name: str, error: ScriptError) -> None:
        """Note an output that there will not be."""
        self.refused.append(Refused(self._free(name), error))

    def _missing(self, plan: Operator) -> NotFilled | None:
        """Why there are no such rows, where they need columns that nothing fills."""
        for node in in_order(prune([plan])) if self.unfilled else ():
            if isinstance(node, Scan) and node.table in self.unfilled and not set(names(node.schema)) <= set(SEEN):
                return self.unfilled[node.table]
        return None

    def _free(self, name: str) -> str:
        """The name, numbered when another output has it."""
        if len(self._names) >= MAX_OUTPUTS:
            raise ScriptError(f"more than {MAX_OUTPUTS} outputs")
        chosen, number = name, 0
        while chosen in self._names:
            number += 1
            chosen = f"{name}_{number}"
        self._names.add(chosen)
        return chosen
