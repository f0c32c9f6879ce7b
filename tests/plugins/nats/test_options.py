import json

import pytest

from pxcap.plugins.nats.options import connect_body, info_body, read_options


def test_secrets_are_hidden_and_names_kept() -> None:
    text = b'{"verbose":false,"user":"app","pass":"p","auth_token":"t","sig":"s","jwt":"j","nkey":"U","name":"n"}'
    body, options = connect_body(text, redact=True)
    hidden = "[redacted]"
    assert json.loads(body) == {
        "verbose": False,
        "user": "app",
        **dict.fromkeys(("pass", "auth_token", "sig", "jwt", "nkey"), hidden),
        "name": "n",
    }
    assert list(json.loads(body)) == list(json.loads(text))
    assert options == json.loads(text)
    assert json.loads(connect_body(text, redact=False)[0]) == json.loads(text)


def test_an_empty_secret_is_none() -> None:
    assert connect_body(b'{"pass":"","sig":null}', redact=True)[0] == '{"pass":"","sig":null}'


@pytest.mark.parametrize("text", [b'{"pass":"s3cret"', b"", b"[]", b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_not_shown(text: bytes) -> None:
    body, options = connect_body(text, redact=True)
    assert (body, options) == ('{"options":"[redacted]"}', None)
    assert read_options(text) is None


def test_text_any_store_takes() -> None:
    body, _ = info_body(b'{"a\\u0000":["\\u0000","\\\\u0000","\\ud800"],"nonce":"kept"}')
    body.encode()
    assert json.loads(body) == {"a\\x00": ["\\x00", "\\u0000", "\ud800"], "nonce": "kept"}


def test_info_that_is_no_json() -> None:
    assert info_body(b"nothing")[0] == '{"info":"nothing"}'
