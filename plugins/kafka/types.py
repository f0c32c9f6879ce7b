"""What the modules share: errors, and the schema's APIs and fields."""

from dataclasses import dataclass


class Short(Exception):
    """The bytes end inside the message."""


class Bad(Exception):
    """The bytes cannot be the message."""


@dataclass(frozen=True, slots=True)
class Api:
    """One API.

    Attributes:
        key: Its number.
        name: As in Kafka's documentation.
        first, last: Versions whose layout is known.
        flexible: First version with compact lengths and tagged fields.
    """

    key: int
    name: str
    first: int
    last: int
    flexible: int


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message in one version.

    Attributes:
        name: Name in the JSON.
        type: As in the schema texts; "{}" is a struct.
        array: It is an array of that type.
        nullable: It may be null.
        tag: Number of a tagged field, else None.
        flag: How it is shown, or empty.
        fields: Of a struct.
    """

    name: str
    type: str
    array: bool
    nullable: bool
    tag: int | None
    flag: str
    fields: tuple["Field", ...]
