"""Names: the nearest scope that has one decides."""

import pytest

from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.language.scope import Scope
from pxcap.scripts.language.values import Items


def test_find() -> None:
    outer, inner = Items(()), Items((None,))
    scope = Scope(Scope(None, {"a": outer, "latency": outer}), {"a": inner})
    assert scope.find("a") is inner
    assert scope.find("latency") is outer
    with pytest.raises(ScriptError, match="unknown name 'latncy'; did you mean 'latency'"):
        scope.find("latncy")
