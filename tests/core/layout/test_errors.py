from pxcap.core.layout.errors import Explicit, Invalid, LayoutError, Partial


def test_messages_say_what_and_where() -> None:
    assert str(Partial(3)) == "at least 3 more bytes needed"
    assert str(Invalid("not b'PB'", 7)) == "not b'PB' (at byte 7)"


def test_one_class_catches_both() -> None:
    assert issubclass(Partial, LayoutError)
    assert issubclass(Explicit, Invalid)
    assert issubclass(Invalid, LayoutError)
