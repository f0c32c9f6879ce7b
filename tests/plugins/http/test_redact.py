"""Secrets, and what looks like one and is none."""

import pytest

from pxcap.plugins.http.redact import is_secret_header, is_target_header, redact_body, redact_target

R = "[redacted]"


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Auth-Token", "X-CSRF-Token",
     "Private-Token", "X-Amz-Security-Token", "apikey", "X-Vault-Token", "Ocp-Apim-Subscription-Key"],
)  # fmt: skip
def test_secret_headers(name: str) -> None:
    assert is_secret_header(name)


@pytest.mark.parametrize(
    "name", ["Host", "Cookies-Accepted", "Token-Type", "WWW-Authenticate", "Key", "Sec-WebSocket-Key"]
)
def test_other_headers(name: str) -> None:
    assert not is_secret_header(name)


def test_headers_that_hold_targets() -> None:
    assert is_target_header("location")
    assert not is_target_header("host")


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("/a?b=c", "/a?b=c"),
        ("/a?access_token=s3&x=1", f"/a?access_token={R}&x=1"),
        ("/a?x=1&API_KEY=s;Password=t", f"/a?x=1&API_KEY={R};Password={R}"),
        ("/cb#id_token=s", f"/cb#id_token={R}"),
        ("/a?X-Amz-Signature=ab", f"/a?X-Amz-Signature={R}"),
        ("/a?monkey=1&compass=2&author=3", "/a?monkey=1&compass=2&author=3"),
        ("http://u:p@h/x", f"http://{R}@h/x"),
        ("http://h/x@y", "http://h/x@y"),
        ("/go?to=http://u:p@h/", f"/go?to=http://{R}@h/"),
    ],
)
def test_targets(target: str, wanted: str) -> None:
    assert redact_target(target) == wanted


@pytest.mark.parametrize(
    ("text", "kind", "wanted"),
    [
        ("user=u&password=p%20q&x=1", "form", f"user=u&password={R}&x=1"),
        ("password=p", "form", f"password={R}"),
        ('{"user":"u","password" : "a\\"b","n":1}', "json", f'{{"user":"u","password" : "{R}","n":1}}'),
        ('{"access_token":"t","expires":3,"clientSecret":"x"}', "json",
         f'{{"access_token":"{R}","expires":3,"clientSecret":"{R}"}}'),
        ('{"pin":1,"token":123456}', "json", f'{{"pin":1,"token":"{R}"}}'),
        ('{"token":"cut of', "json", f'{{"token":"{R}"'),
        ('{"tokens":["a"],"keyboard":"x"}', "json", '{"tokens":["a"],"keyboard":"x"}'),
        ('--b\r\nContent-Disposition: form-data; name="password"\r\n\r\np\r\nq\r\n--b--', "multipart",
         f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{R}\r\n--b--'),
    ],
)  # fmt: skip
def test_bodies(text: str, kind: str, wanted: str) -> None:
    assert redact_body(text, kind) == wanted


@pytest.mark.parametrize("kind", ["form", "json", "multipart"])
@pytest.mark.parametrize(
    "piece", ['"', '"token":"\\', "_-.", "&a_", 'name="token"\r\n', '"a_', "&pass", '"x-token-', "&x-", "://a"]
)
def test_hostile_text_is_read_in_linear_time(kind: str, piece: str) -> None:
    """If it were not, this would not end."""
    text = "token" + piece * (400_000 // len(piece))
    assert len(redact_body(text, kind)) > 0
    assert len(redact_target("http://" + text + "?=@")) > 0
    assert not is_secret_header(text)
