"""What a Struct parses to: small objects with the field names as attributes."""

import math
from collections.abc import Iterable
from typing import Any

from construct import Container


class Record:
    """Base of the classes made for each Struct and FlagsEnum of a declaration.

    `record["field"]` works beside `record.field`, because construct's expressions look fields up that way.
    """

    __slots__: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({fields})"


def record_class(name: str, fields: Iterable[str]) -> type[Record]:
    """Make the class of one Struct.

    Raises:
        ValueError: A field name cannot be an attribute.
    """
    unique = tuple(dict.fromkeys(fields))
    for field in unique:
        if not field.isidentifier() or field.startswith("__"):
            raise ValueError(f"layout {name}: field name {field!r} cannot be an attribute")
    return type(name, (Record,), {"__slots__": unique, "__module__": __name__, "__doc__": f"One {name}."})


def to_plain(value: Any) -> Any:
    """The same as dicts, lists and plain scalars, to compare and print in tests; NaN becomes the text "nan"."""
    if isinstance(value, Record):
        return {name: to_plain(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, Container):
        return {name: to_plain(item) for name, item in value.items() if name not in ("_io", "_flagsenum")}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):  # EnumInteger and the like: construct's subclasses print differently
        return int(value)
    return str(value) if isinstance(value, str) else value
