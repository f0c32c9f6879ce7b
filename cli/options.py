"""Options that several commands share, each written once."""

from enum import StrEnum
from typing import Annotated

import typer

DEFAULT_STORE = "sqlite:///pxcap.db"


class Format(StrEnum):
    """How a result is printed: for people, one JSON object a line, or CSV with a header."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


OutputOption = Annotated[
    Format, typer.Option("--output", "-o", help="table for people, json (one object a line) or csv (with a header).")
]
StoreOption = Annotated[
    str, typer.Option("--store", envvar="PXCAP_STORE", metavar="URL", help="Where records are kept: a SQLAlchemy URL.")
]
