"""Addresses and URIs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripts.functions.conftest import Calculator, fold

from pxcap.scripts.functions import network
from pxcap.scripts.types import STRING


@pytest.mark.parametrize(
    ("cidrs", "address", "inside"),
    [
        ('["10.0.0.0/8"]', "10.1.1.1", True),
        ('["10.0.0.0/8","fd00::/8"]', "fd00::1", True),
        ('["10.0.0.0/8"]', "11.1.1.1", False),
        ('["10.0.0.0/8"]', "::ffff:10.0.0.1", True),
        ('["10.0.0.1/8"]', "10.2.0.1", True),
        ('["junk", 7, "10.0.0.0/8"]', "10.1.1.1", True),
        ('["10.0.0.0/8"]', "-", False),
        ('{"a":1}', "10.1.1.1", False),
        ("", "10.1.1.1", False),
    ],
)
def test_cidrs_contain_ip(cidrs: str, address: str, inside: bool) -> None:
    assert fold("cidrs_contain_ip", cidrs, address) is inside


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        (
            "https://px.example/community/?p=1&p=2#top",
            '{"scheme":"https","host":"px.example","path":"community/","query":"p=1&p=2","fragment":"top"}',
        ),
        ("grpc://127.0.0.1:9876/stream", '{"scheme":"grpc","host":"127.0.0.1","port":9876,"path":"stream"}'),
        ("http://127.0.0.1", '{"scheme":"http","host":"127.0.0.1"}'),
        (
            "http://me:pw@[::1]:80/a?",
            '{"scheme":"http","userInfo":"me:pw","host":"::1","port":80,"path":"a","query":""}',
        ),
        ("/a/b?c=d", '{"path":"a/b","query":"c=d"}'),
        ("mailto:a@b", '{"scheme":"mailto","path":"a@b"}'),
        ("", "{}"),
        ("http://127.0.0.1:-1234", "Failed to parse URI"),
        ("http://a b/", "Failed to parse URI"),
        ("/%zz", "Failed to parse URI"),
    ],
)
def test_uri_parse(uri: str, parts: str) -> None:
    assert fold("uri_parse", uri) == parts


@pytest.mark.parametrize(
    ("values", "uri"),
    [
        (("https", "", "px.example", 0, "community/", "p=1", "top"), "https://px.example/community/?p=1#top"),
        (("grpc", "", "127.0.0.1", 9876, "path", "", ""), "grpc://127.0.0.1:9876/path"),
        (("grpc", "", "127.0.0.1", 0, "", "p=a%20b", ""), "grpc://127.0.0.1/?p=a%20b"),
        (("http", "me", "::1", 80, "/a", "", ""), "http://me@[::1]:80/a"),
        (("grpc", "", "127.0.0.1", -10, "path", "", ""), "Failed to recompose URI"),
    ],
)
def test_uri_recompose(values: tuple[str | int, ...], uri: str) -> None:
    assert fold("uri_recompose", *values) == uri


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_is_read_without_an_error(text: str, address: str) -> None:
    functions = {one.name: one for one in network.FUNCTIONS}
    import pyarrow as pa

    for name, columns in (("uri_parse", [[text]]), ("cidrs_contain_ip", [[text], [address]])):
        compute = functions[name].arrow
        assert compute is not None
        assert compute(*(pa.array(column) for column in columns)).null_count == 0


def test_of_null_they_are_null(both: list[Calculator]) -> None:
    assert both[0].call("cidrs_contain_ip", [STRING, STRING], [('["::/0"]', None), ('["::/0"]', "::1")]) == [None, True]
