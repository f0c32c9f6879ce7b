import pytest

from pxcap.plugins.nats.failures import About, about, error_row, error_text
from pxcap.plugins.nats.types import Message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"'Unknown Protocol Operation'", About.UNREAD),
        (b"'Parser Error'", About.UNREAD),
        (b"'maximum control line exceeded'", About.UNREAD),
        (b"'Maximum Payload Violation'", About.TOO_BIG),
        (b"'Authorization Violation'", About.CONNECT),
        (b"'authorization violation'", About.CONNECT),
        (b"'maximum connections exceeded'", About.CONNECT),
        (b"'maximum account active connections exceeded'", About.CONNECT),
        (b"'Secure Connection - TLS Required'", About.CONNECT),
        (b"'Authentication Timeout'", About.NOTHING),
        (b"'User Authentication Expired'", About.NOTHING),
        (b"'User Authentication Revoked'", About.NOTHING),
        (b"'Stale Connection'", About.NOTHING),
        (b"'Slow Consumer'", About.NOTHING),
        (b"'Invalid Publish Subject'", About.BESIDE),
        (b"'Invalid Subject'", About.OPERATION),
        (b"'Permissions Violation for Publish to \"a\"'", About.OPERATION),
        (b"", About.OPERATION),
    ],
)
def test_what_it_is_about(text: bytes, kind: About) -> None:
    assert about(text) is kind


def test_rows_name_the_subject() -> None:
    text = b'\'Permissions Violation for Subscription to "a.>" using queue "q"\''
    message = Message(4, "-ERR", text=text)
    row = error_row(message, 65536)
    assert row[:5] == (
        4,
        "-ERR",
        '{"error":"Permissions Violation for Subscription to \\"a.>\\" using queue \\"q\\""}',
        "-ERR " + text.decode(),
        "a.>",
    )
    assert error_row(Message(4, "-ERR", text=b"'Stale Connection'"), 65536)[4] is None
    assert error_text(Message(4, "-ERR"), 10) == "-ERR"
