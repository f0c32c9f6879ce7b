"""From a declaration to a function."""

from collections.abc import Callable
from typing import Any

from pxcap.core.layout.errors import UnsupportedError
from pxcap.core.layout.record import Record


def generate(declaration: Any, name: str, class_of: Callable[[Any], type[Record]]) -> tuple[Any, str]:
    """Compile and return the function and its source.

    Raises:
        UnsupportedError: Some part has no compiled form.
    """
    raise UnsupportedError(f"{type(declaration).__name__} is interpreted")
