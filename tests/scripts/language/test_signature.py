"""What a script takes, from its text."""

import pytest

from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.language.signature import FunctionSignature, Parameter, signature_of

SCRIPT = """
''' The script.

More of it.
'''import px

x = 5

def shown(start_time: str, svc: px.Service, n: int = 5, some: list = ['a', 'b'], y=x):
    ''' Shows
    something.

    More of it.

    Args:
    @start_time: When to begin.
    @n  How many.
    '''
    return helper(start_time)

def helper(start):
    return other(start)

def other(start):
    return other
"""


def test_signature() -> None:
    found = signature_of(SCRIPT)
    assert found.doc == "The script.\n\nMore of it."
    assert not found.displays
    shown, helper, other = found.functions
    assert shown == FunctionSignature(
        "shown",
        "Shows something.",
        (
            Parameter("start_time", "str", None, "When to begin."),
            Parameter("svc", "px.Service", None, ""),
            Parameter("n", "int", "5", "How many."),
            Parameter("some", "list", "a,b", ""),
            Parameter("y", "", "x", ""),
        ),
        helper=False,
    )
    assert (helper.helper, other.helper) == (True, True)
    assert helper.parameters == (Parameter("start", "", None, ""),)


def test_what_takes_a_frame_is_a_helper_where_others_tell_their_types() -> None:
    shown = "def shown(start: str, n=5):\n  return n\n"
    assert [one.helper for one in signature_of(f"{shown}def unused(df, start: str):\n  return df").functions] == [
        False,
        True,
    ]
    plain = signature_of("def shown(start):\n  return start\ndef more(start: str, svc):\n  return svc")
    assert [one.helper for one in plain.functions] == [False, False]


def test_a_function_that_calls_itself_only_is_no_helper() -> None:
    (found,) = signature_of("def f(x):\n  return f(x)").functions
    assert not found.helper


@pytest.mark.parametrize(("text", "displays"), [("px.display(df)", True), ("def f():\n  px.display(df)", False)])
def test_displays(text: str, displays: bool) -> None:
    assert signature_of(text).displays is displays


def test_refused() -> None:
    with pytest.raises(ScriptError, match=r"px/x:1:\d+: not PxL"):
        signature_of("def f(:", "px/x")
