"""Errors of scripts: one line, with the place and what was probably meant."""

from pxcap.scripts.language.errors import NotFilled, Place, ScriptError, near, unknown


def test_the_place_is_in_front() -> None:
    assert str(ScriptError("wrong", place=Place("px/x", 3, 7))) == "px/x:3:7: wrong"
    assert str(ScriptError("wrong")) == "wrong"
    assert NotFilled("t", "missing", Place("px/x", 3, 7)).source == "t"


def test_near() -> None:
    assert near("latncy", ["time_", "latency"]) == "; did you mean 'latency'?"
    assert near("x", ["time_", "latency"]) == ""


def test_unknown_lists_some_of_what_there_is() -> None:
    error = unknown("column", "x", [f"c{at}" for at in range(30)])
    assert str(error) == "unknown column 'x'"
    assert error.hint.startswith("columns here: c0, c1, ")
    assert error.hint.endswith("c19, ...")
    assert unknown("column", "x", []).hint == ""
