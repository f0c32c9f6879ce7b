"""Personal data taken out; what only looks like it stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripts.functions.conftest import fold

from pxcap.scripts.functions.redact import redact

PERSONAL = {
    "IPV4": ["192.168.0.1", "255.255.255.255", "0.0.0.0"],
    "IPV6": [
        *("ab:12:34:56:789:1011:1213:0", "00ab:1234:5678:9100:1112:ffff:192.168.0.1", "::abcd:1234:ffff", "::1"),
        *("0123::abcd:1234:ffff:0.0.0.0", "0123:abcd::eeee:beef:feed", "1:2:abcd:a:b:c::", "::ffff:10.0.0.1"),
    ],
    "EMAIL": ["test@example.org", "a.b+c@sub.example.com.au", "test%40example.org", "ip255.255.255.255@example.org"],
    "MAC_ADDR": ["ab:12:00:64:99:ff", "ff-ff-ff-ff-ff-ff"],
    "CC_NUMBER": ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "4222 2222 2222 2"],
    "IMEI": ["49-015420-323751-8", "01-786058-312233-22"],
    "IBAN": ["GB29NWBK60161331926819", "DE89 3704 0044 0532 0130 00", "no93-8601-1117-947", "BR18 0036 0305 0000 1000 9795 493C 1"],
    "SSN": ["001-01-0001", "211-21-2222", "303 58 8256"],
}  # fmt: skip
HARMLESS = [
    *("abcdef00123459689", "999.999.0.0", "1.2.3.4.5", "1:2:3:4:5:6", "12:30:45", "std::vector", "5555 0000 0000 0000"),
    *("000-12-1234", "666-12-1234", "900-12-1234", "111-00-1234", "111-12-0000", "GB29NWBK60161331926818", "49-015420-323751-9"),
    *("/api/v1/users", "a@", "@b", "12345", "GB29", "ZZ29NWBK60161331926819", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in PERSONAL.items() for text in texts])
@pytest.mark.parametrize("around", ["{}", "x {}, y", '{{"a":"{}"}}', "{}\n", "({})"])
def test_what_is_taken_out(kind: str, text: str, around: str) -> None:
    assert redact(around.format(text)) == around.format(f"<REDACTED_{kind}>")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_stays(text: str) -> None:
    assert redact(f"x {text}, y") == f"x {text}, y"


def test_several_in_one_text() -> None:
    text = "1 {\n  2: GB29 NWBK 6016 1331 9268 19,\n  3: me@example.org,\n  4: 10.0.0.1 / ::1\n}"
    found = fold("redact_pii_best_effort", text)
    assert found == "1 {\n  2: <REDACTED_IBAN>,\n  3: <REDACTED_EMAIL>,\n  4: <REDACTED_IPV4> / <REDACTED_IPV6>\n}"


def test_named_ones_take_out_one_kind() -> None:
    text = "me@example.org at 10.0.0.1"
    assert fold("redact_email", text) == "<REDACTED_EMAIL> at 10.0.0.1"
    assert fold("redact_ipv4", text) == "me@example.org at <REDACTED_IPV4>"
    assert fold("redact_iban", "DE89370400440532013000") == "<REDACTED_IBAN>"


@given(st.text(st.sampled_from("0123456789abcDE:.-@ %\n"), max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert isinstance(redact(text), str)


def test_long_texts_are_read_in_one_pass() -> None:
    for text in ("a" * 20_000 + "@", "1 " * 10_000, "ab:" * 10_000, "1." * 10_000, "GB29 " * 4_000):
        redact(text)
