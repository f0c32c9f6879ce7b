import dns.exception
import dns.name
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcap.plugins.dns.names import Malformed, label_text, read_name, skip_name

GOOD = {
    "root": (b"\0", 0, ".", 1),
    "plain": (b"\3www\4test\0rest", 0, "www.test", 10),
    "case is kept": (b"\3WwW\0", 0, "WwW", 5),
    "pointer": (b"\4test\0\3www\xc0\0", 6, "www.test", 12),
    "pointer to a pointer": (b"\4test\0\3www\xc0\0\1a\xc0\6", 12, "a.www.test", 16),
    "only a pointer": (b"\4test\0\xc0\0", 6, "test", 8),
    "pointer to the root": (b"\0\1a\xc0\0", 1, "a", 5),
    "dot and octets in a label": (b"\5a.b\\ \2\0\xff\0", 0, "a\\.b\\\\\\032.\\000\\255", 10),
}
BAD = {
    "nothing": (b"", 0, "overrun"),
    "no end": (b"\3www", 0, "overrun"),
    "label runs over the end": (b"\5www", 0, "overrun"),
    "half a pointer": (b"\0\xc0", 1, "overrun"),
    "pointer to itself": (b"\xc0\0", 0, "name_pointer"),
    "pointer forward": (b"\xc0\4\0\0\0", 0, "name_pointer"),
    "two that point at each other": (b"\1a\xc0\4\1b\xc0\0", 4, "name_pointer"),
    "reserved kind of label": (b"\x41a\0", 0, "name_label"),
    "other reserved kind": (b"\x80a\0", 0, "name_label"),
    "256 bytes": ((b"\x3f" + b"x" * 63) * 4 + b"\0", 0, "name_too_long"),
}


@pytest.mark.parametrize(("msg", "pos", "text", "after"), GOOD.values(), ids=GOOD.keys())
def test_good(msg: bytes, pos: int, text: str, after: int) -> None:
    assert read_name(msg, pos, {}) == (text, after)
    assert skip_name(msg, pos) == after


@pytest.mark.parametrize(("msg", "pos", "reason"), BAD.values(), ids=BAD.keys())
def test_bad(msg: bytes, pos: int, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_name(msg, pos, {})
    assert caught.value.reason == reason


def test_longest_name() -> None:
    longest = (b"\x3f" + b"x" * 63) * 3 + b"\x3d" + b"y" * 61 + b"\0"
    assert len(longest) == 255
    assert len(read_name(longest, 0, {})[0]) == 253
    with pytest.raises(Malformed):
        read_name(longest + b"\1z\xc0\0", 255, {})
    seen: dict[int, tuple[str, int]] = {}
    read_name(longest, 0, seen)
    with pytest.raises(Malformed):
        read_name(longest + b"\1z\xc0\0", 255, seen)


def test_a_chain_of_pointers_ends() -> None:
    chain = b"\0" + b"".join((0xC000 | max(0, 2 * number - 1)).to_bytes(2) for number in range(200))
    with pytest.raises(Malformed, match="name_pointer"):
        read_name(chain, len(chain) - 2, {})


def test_names_met_before_are_remembered() -> None:
    msg = b"\4test\0\3www\xc0\0\1a\xc0\6"
    seen: dict[int, tuple[str, int]] = {}
    assert read_name(msg, 0, seen)[0] == "test"
    assert read_name(msg, 6, seen)[0] == "www.test"
    assert read_name(msg, 12, seen)[0] == "a.www.test"
    assert seen == {0: ("test", 6), 6: ("www.test", 10), 12: ("a.www.test", 12)}


def test_label_text() -> None:
    assert label_text(b"_sip") == "_sip"
    assert label_text(b'@$;("') == '\\@\\$\\;\\(\\"'


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=60), st.integers(0, 20))
def test_equal_to_dnspython(msg: bytes, pos: int) -> None:
    try:
        name, used = dns.name.from_wire(msg, pos)
        wanted: tuple[str, int] | None = (name.to_text(omit_final_dot=True) or ".", pos + used)
    except (dns.exception.DNSException, IndexError):
        wanted = None
    for seen in ({}, {}):
        try:
            found: tuple[str, int] | None = read_name(msg, pos, seen)
        except Malformed:
            found = None
        assert found == wanted
