import pytest

from pxcap.plugins.dns.types import class_name, rcode_name, type_name


@pytest.mark.parametrize(
    ("number", "text"), [(1, "A"), (28, "AAAA"), (65, "HTTPS"), (252, "AXFR"), (255, "ANY"), (65280, "TYPE65280")]
)
def test_type(number: int, text: str) -> None:
    assert type_name(number) == text


@pytest.mark.parametrize(("number", "text"), [(1, "IN"), (3, "CH"), (254, "NONE"), (42, "CLASS42")])
def test_class(number: int, text: str) -> None:
    assert class_name(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "NOERROR"), (3, "NXDOMAIN"), (12, "RCODE12"), (16, "BADVERS"), (17, "RCODE17"), (23, "BADCOOKIE")]
)  # fmt: skip
def test_rcode(number: int, text: str) -> None:
    assert rcode_name(number) == text
