"""Options that several commands share, each written once."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pxcap.core.errors import UsageError
from pxcap.core.protocol import Settings

if TYPE_CHECKING:
    from pxcap.core.pipeline import Options
    from pxcap.core.registry import Registry

DEFAULT_STORE = "sqlite:///pxcap.db"
BODY_LIMIT = Settings().body_limit


class Format(StrEnum):
    """How a result is printed: for people, one JSON object a line, or CSV with a header."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class ScriptFormat(StrEnum):
    """How what a script shows is printed: as any result, or its flow graphs for Graphviz or Mermaid."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    DOT = "dot"
    MERMAID = "mermaid"


OutputOption = Annotated[
    Format, typer.Option("--output", "-o", help="table for people, json (one object a line) or csv (with a header).")
]
StoreOption = Annotated[
    str, typer.Option("--store", envvar="PXCAP_STORE", metavar="URL", help="Where records are kept: a SQLAlchemy URL.")
]
NamesOption = Annotated[
    Path | None,
    typer.Option(
        "--names",
        envvar="PXCAP_NAMES",
        metavar="FILE",
        help="Names of services and pods, a line each: ADDRESS, ADDRESS:PORT, NETWORK or PROGRAM, then SERVICE [POD].",
    ),
]
ReverseDnsOption = Annotated[
    bool,
    typer.Option(
        "--reverse-dns", help="Ask the resolver for names of addresses that nothing else knows; for at most 10 s."
    ),
]
FileOption = Annotated[
    str, typer.Option("--file", "-f", metavar="FILE", help="A script of your own instead; - is standard input.")
]
OnlyOption = Annotated[
    str, typer.Option("--only", metavar="PROTOCOL[,...]", help="Record these protocols and no others.")
]
DecodeAsOption = Annotated[
    list[str] | None,
    typer.Option("--decode-as", metavar="PORT=PROTOCOL", help="Take what a server port speaks as given; repeatable."),
]
BodyLimitOption = Annotated[
    int, typer.Option("--body-limit", min=0, metavar="BYTES", help="Keep this much of a body; its size stays true.")
]
GiveOption = Annotated[
    list[str] | None,
    typer.Option(
        "--give",
        metavar="PROTOCOL.NAME=FILE",
        help="Give a protocol a file it can use, such as http.descriptors (types of gRPC services); repeatable.",
    ),
]
WorkersOption = Annotated[
    int,
    typer.Option("--workers", min=1, max=64, metavar="N", help="Parse in N processes, by connection; 1: in this one."),
]
NoRedactOption = Annotated[
    bool, typer.Option("--no-redact", help="Keep passwords, tokens and cookies as they were sent.")
]


def run_options(
    registry: "Registry",
    only: str,
    decode_as: Iterable[str] | None,
    body_limit: int,
    give: Iterable[str] | None,
    no_redact: bool,
) -> "Options":
    """What replay and capture were asked for, checked before a store is touched.

    Raises:
        UsageError: An unknown protocol, no port where one is expected, or a file that is of no use.
    """
    from pxcap.cli.given import given_files
    from pxcap.core.pipeline import Options

    settings = Settings(body_limit, not no_redact, given_files(registry, give or ()))
    names = frozenset(registry.protocol(name.strip()).name for name in only.split(",") if name.strip())
    forced: dict[int, str] = {}
    for item in decode_as or ():
        port, equals, name = item.partition("=")
        if not (equals and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise UsageError(f"--decode-as {item!r}: expected PORT=PROTOCOL", "such as --decode-as 8080=http")
        forced[int(port)] = registry.protocol(name).name
    return Options(settings, names, forced)
