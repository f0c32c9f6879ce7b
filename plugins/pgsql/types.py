"""What a connection's two directions say to each other, while it is being put together."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from pxcap.plugins.pgsql.wire import (
    BIND,
    CANCEL_REQUEST,
    CLOSE,
    DESCRIBE,
    EXECUTE,
    FUNCTION_CALL,
    GSSENC_REQUEST,
    NOTIFICATION,
    PARSE,
    QUERY,
    SSL_REQUEST,
    SYNC,
)

STARTUP, COPY_END, CYCLE, UNKNOWN = 1, 2, 3, 0  # kinds that are no message type
OVERHEAD = 64  # bytes that what waits as one entry weighs besides texts and values

COMMANDS = {
    UNKNOWN: None,
    STARTUP: "Startup",
    SSL_REQUEST: "SSLRequest",
    GSSENC_REQUEST: "GSSENCRequest",
    CANCEL_REQUEST: "CancelRequest",
    QUERY: "Query",
    PARSE: "Parse",
    BIND: "Bind",
    DESCRIBE: "Describe",
    EXECUTE: "Execute",
    CLOSE: "Close",
    FUNCTION_CALL: "FunctionCall",
    SYNC: "Sync",
    NOTIFICATION: "Notification",
}
"""`req_cmd` by kind."""


@dataclass(slots=True, eq=False)
class Statement:
    """A statement that was prepared.

    Attributes:
        text: Its SQL, cut at the body limit; None when it was prepared before the capture began.
        types: The types of its parameters as far as known; 0: not known.
        flaw: Why the text is not whole, for the note; empty when it is.
        before: What had its name before, while it is not known whether the server took this one.
    """

    text: str | None
    types: tuple[int, ...] = ()
    flaw: str = ""
    before: "Statement | None" = None


@dataclass(slots=True, eq=False)
class Portal:
    """A statement with its parameters bound.

    Attributes:
        statement: What is executed.
        formats: Of the values: none (all text), one for all, or one each; 0 text, 1 binary.
        values: Raw, None for NULL; cut at the body limit all together.
        rendered: The values as JSON, once they were asked for.
        size: Bytes of the values.
    """

    statement: Statement
    formats: list[int] = field(default_factory=list)
    values: list[bytes | None] | None = None
    rendered: str | None = None
    size: int = 0


class Request:
    """A message of the client that is answered, and what came of it so far.

    Attributes:
        kind: Its message type, or one of the kinds above.
        time: When its first byte was seen; ns since the epoch.
        text: What `req` shows.
        portal: Where its parameters are; None when it has none.
        statement: What a Parse defines or a Describe asks about.
        tags: Command tags, oldest first.
        rows: Rows returned or changed, of the results that are over.
        fresh: Rows sent of the result that is not.
        counted: A tag or a row told of rows.
        columns: Names of the columns of the last result.
        code: SQLSTATE of the error; empty when there was none.
        last: When the error was seen, None when there was none; ns since the epoch.
        said: The error, notices and other text for `resp`.
        copied: Bytes of COPY data either way.
        copying: The server began a COPY.
        answered: Something came back.
        flaws: Words of the note.
        holed: Bytes of the answer may have been lost.
    """

    __slots__ = (
        "answered",
        "code",
        "columns",
        "copied",
        "copying",
        "counted",
        "flaws",
        "fresh",
        "holed",
        "kind",
        "last",
        "portal",
        "rows",
        "said",
        "statement",
        "tags",
        "text",
        "time",
    )

    def __init__(
        self,
        kind: int,
        time: int,
        text: str | None = None,
        portal: Portal | None = None,
        statement: Statement | None = None,
    ) -> None:
        self.kind = kind
        self.time = time
        self.text = text
        self.portal = portal
        self.statement = statement
        self.tags: list[str] | None = None
        self.rows = 0
        self.fresh = 0
        self.counted = False
        self.columns = ""
        self.code = ""
        self.last: int | None = None
        self.said = ""
        self.copied = 0
        self.copying = False
        self.answered = False
        self.flaws = ""
        self.holed = False


class Whole(Request, ABC):
    """Requests that wait as one entry: sent in one piece, and most often answered in one.

    Attributes:
        weight: Bytes of its texts and values.
        execute: What COPY data belongs to, once it was taken out.
        left: Cycles that are not over.
    """

    __slots__ = ("execute", "left", "weight")

    execute: Request | None
    left: int
    weight: int

    @abstractmethod
    def take(self) -> list[Request]:
        """Take out the requests that the oldest cycle is made of; at least one must be left."""


class Asked(Whole):
    """A Query."""

    __slots__ = ()

    def __init__(self, time: int, text: str) -> None:
        self.kind = CYCLE
        self.time = time
        self.text = text
        self.portal = None
        self.weight = len(text) + OVERHEAD
        self.left = 1
        self.copied = 0
        self.holed = False
        self.execute = None

    def take(self) -> list[Request]:
        """The Query."""
        self.weight = self.left = 0
        self.execute = Request(QUERY, self.time, self.text)
        self.execute.copied = self.copied
        return [self.execute]


Bound = tuple[int, list[bytes | None], int]
"""When a Bind was sent, the values, and how many bytes they take."""


class Cycle(Whole):
    """Bind, Execute and Sync of the unnamed portal, mostly with a Describe, and a Parse; once, or again with other values.

    Attributes:
        time: Of the oldest that is not over.
        statement: What is executed.
        formats: Of the values, as in `Portal`.
        parsed: A Parse stands before each.
        described: A Describe stands between.
        binds: What was bound; the last `left` are not over.
        base: What each weighs besides its values.
    """

    __slots__ = ("base", "binds", "described", "formats", "parsed")

    statement: Statement

    def __init__(self, bound: Bound, statement: Statement, formats: list[int], parsed: bool, described: bool) -> None:
        self.kind = CYCLE
        self.time = bound[0]
        self.text = None
        self.portal = None
        self.statement = statement
        self.formats = formats
        self.parsed = parsed
        self.described = described
        self.binds = [bound]
        self.left = 1
        self.base = len(statement.text or "") + OVERHEAD
        self.weight = self.base + bound[2]
        self.copied = 0
        self.holed = False
        self.execute = None

    def repeated(self, binds: list[Bound], size: int) -> None:
        """The same was sent again, with other values, which take `size` bytes."""
        self.binds += binds
        self.left += len(binds)
        self.weight += len(binds) * self.base + size

    def over(self, left: int) -> None:
        """Only the last `left` are not over."""
        binds = self.binds
        at, was, self.left = len(binds) - left, len(binds) - self.left, left
        if left:
            self.weight -= (at - was) * self.base + sum(size for _, _, size in binds[was:at])
            self.time = binds[at][0]
        else:
            self.weight = 0

    def portal_at(self, at: int) -> Portal:
        """What one of the Binds made."""
        _, values, size = self.binds[at]
        return Portal(self.statement, self.formats, values, None, size)

    def take(self) -> list[Request]:
        """The requests of the oldest."""
        statement, time = self.statement, self.time
        text = statement.text
        portal = self.portal_at(-self.left)
        found = [Request(PARSE, time, text, statement=statement)] if self.parsed else []
        found.append(Request(BIND, time, text, portal))
        if self.described:
            found.append(Request(DESCRIBE, time, text, statement=statement))
        execute = Request(EXECUTE, time, text, portal)
        found.append(execute)
        self.over(self.left - 1)
        if not self.left:  # COPY data comes behind the last
            self.execute = execute
            execute.copied = self.copied
        for request in found:
            request.flaws = statement.flaw
        return [*found, Request(SYNC, time)]


def heft(request: Request) -> int:
    """Bytes of a request's text and, of a Bind, of its values."""
    return len(request.text or "") + (request.portal.size if request.kind == BIND and request.portal is not None else 0)
