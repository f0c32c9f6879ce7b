"""What is shown and what is not: names, lists, how much."""

import pytest
from tests.scripts.language.conftest import Tables

from pxcap.scripts.language.errors import NotFilled, ScriptError
from pxcap.scripts.language.session import MAX_OUTPUTS, Session
from pxcap.scripts.language.values import Frame, Items, Void


@pytest.fixture
def session(catalog: Tables) -> Session:
    return Session(catalog)


def frame(session: Session, at: int) -> Frame:
    return Frame(session.builder.limit(session.builder.rows((), ()), at))


def test_names_are_numbered(session: Session) -> None:
    for at in range(3):
        session.show("a", frame(session, at))
    session.refuse("a", ScriptError("wrong"))
    assert [one.name for one in session.outputs] == ["a", "a_1", "a_2"]
    assert [one.name for one in session.refused] == ["a_3"]


def test_the_same_twice_is_shown_once(session: Session) -> None:
    session.show("a", frame(session, 1))
    session.show("a", frame(session, 1))
    session.show("b", frame(session, 1))
    assert [one.name for one in session.outputs] == ["a", "b"]


def test_each_of_a_list(session: Session) -> None:
    session.show("a", Items((frame(session, 1), Void(NotFilled("t", "missing")), frame(session, 2))))
    assert [one.name for one in session.outputs] == ["a[0]", "a[2]"]
    assert [one.name for one in session.refused] == ["a[1]"]


def test_only_frames_are_shown(session: Session) -> None:
    with pytest.raises(ScriptError, match="'a' is None, expected a frame"):
        session.show("a", None)


def test_there_is_an_end(session: Session) -> None:
    with pytest.raises(ScriptError, match=f"more than {MAX_OUTPUTS} outputs"):
        session.show("a", Items(tuple(frame(session, at) for at in range(MAX_OUTPUTS + 1))))
