"""What the store needs of a database. One module per database fulfils it; nothing else knows which one it is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pxcap.core.columns import ColumnType
from pxcap.core.protocol import Row

if TYPE_CHECKING:  # reading SQLite needs none of it, and it takes longer to load than most commands to run
    from sqlalchemy import Connection, Engine
    from sqlalchemy.types import TypeEngine


class Fate(Enum):
    """What to do about an error of the database."""

    RETRY = "retry"  # it may pass: locked, full, gone
    ROWS = "rows"  # a value does not fit its column; the other rows may be stored
    FATAL = "fatal"


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of the database in our words: `reason` is one line without secrets, `hint` the next thing to do."""

    fate: Fate
    reason: str
    hint: str = ""


class Trouble(Enum):
    """What was wrong with a person's SQL."""

    TABLE = "table"
    COLUMN = "column"
    SYNTAX = "syntax"
    WRITE = "write"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class QueryFault:
    """An error in a person's SQL.

    Attributes:
        trouble: The kind.
        text: The database's own words, one line.
        name: The table or column that was not found.
        position: Index in the SQL where it was noticed, when the database tells.
    """

    trouble: Trouble
    text: str
    name: str = ""
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement under way: column names, the rows as they come, and how to end it early."""

    columns: tuple[str, ...]
    rows: Iterator[Row]
    close: Callable[[], None]


class Dialect(ABC):
    """One database, reached through a URL.

    Attributes:
        shown: The URL for people, without password and options.
        create_view: How a statement begins that makes a view, or makes it again after its table grew.
    """

    create_view: ClassVar[str]

    def __init__(self, shown: str) -> None:
        self.shown = shown

    @classmethod
    @abstractmethod
    def types(cls) -> "Mapping[ColumnType, TypeEngine[Any]]":
        """The SQL type of each column type."""

    @abstractmethod
    def check(self, create: bool) -> None:
        """See that the store can be opened, without creating or changing anything.

        Raises:
            StoreError: It cannot; with `create` unset, also when there is none.
        """

    @cached_property
    @abstractmethod
    def engine(self) -> "Engine":
        """The engine for writing; transactions begin with the right to write, and there is no pool."""

    @abstractmethod
    def lock_schema(self, connection: "Connection") -> None:
        """Let no other process change tables until the transaction ends."""

    @abstractmethod
    def insert(self, connection: "Connection", table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Store rows of a table inside the open transaction, all or none."""

    @abstractmethod
    def fault(self, error: Exception) -> Fault:
        """Judge an error raised while opening or writing."""

    @abstractmethod
    def read(self, sql: str, params: Mapping[str, object] | None, timeout: float | None, whole: bool) -> Reading:
        """Run one statement that cannot change anything; named parameters are written `:name`.

        Args:
            sql: The statement.
            params: Values.
            timeout: Seconds.
            whole: Whether all rows will be taken, as they come: the database need not be ready to stop in between.

        Raises:
            Refused: The statement would change something.
            Exception: Whatever the driver raises, here or from the rows; `query_fault` judges it.
        """

    @abstractmethod
    def query_fault(self, error: Exception, sql: str) -> QueryFault | None:
        """Judge an error raised by `read`; None when the statement is not to blame."""


class Refused(Exception):
    """A statement that would write, or do something else than read; the text says what."""
