"""Names and what they stand for."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pxcap.scripts.language.errors import ScriptError, near
from pxcap.scripts.language.values import Value


@dataclass(slots=True)
class Scope:
    """The names of a module or of one call of a function; those of the scope around it can be read.

    Attributes:
        around: The scope the function is defined in.
        names: Its own.
    """

    around: "Scope | None" = None
    names: dict[str, Value] = field(default_factory=dict)

    def find(self, name: str) -> Value:
        """What the name stands for.

        Raises:
            ScriptError: It is not known.
        """
        for scope in self._outwards():
            if name in scope.names:
                return scope.names[name]
        known = [one for scope in self._outwards() for one in scope.names]
        raise ScriptError(f"unknown name {name!r}{near(name, known)}")

    def _outwards(self) -> Iterator["Scope"]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.around
