"""What an HTTP/1.x stream says, in the pieces that repeat: start lines and header blocks are shared between messages."""

from dataclasses import dataclass

from pxcap.plugins.http.body import Body

TEXT, BINARY, SNIFF = 0, 1, 2  # how a body is shown: as text, as type and size, or by looking at it


@dataclass(slots=True)
class Verb:
    """All of a request line (RFC 9112, section 3) but its target; shared between lines, never changed once made.

    Attributes:
        method: As on the wire.
        major, minor: Version; `minor` is None when the line was cut before it.
        head, connect: The method is HEAD, CONNECT: the response is framed differently.
    """

    method: str
    major: int
    minor: int | None
    head: bool
    connect: bool


RequestLine = tuple[Verb, str]
"""A request line; the second is the target in any of its four forms, secrets replaced."""


@dataclass(slots=True)
class StatusLine:
    """A status line (RFC 9112, section 4); never changed once made.

    Attributes:
        status: 100 to 999, or what three digits gave.
        message: Reason phrase, may be empty.
        major, minor: Version.
        interim: 1xx, but not 101: another response follows (RFC 9110, section 15.2).
        bodiless: Never has a body: 1xx, 204, 304.
    """

    status: int
    message: str
    major: int
    minor: int
    interim: bool
    bodiless: bool


@dataclass(slots=True)
class Media:
    """What a Content-Type says about showing the body.

    Attributes:
        name: Media type in lower case without parameters.
        shape: TEXT, BINARY or SNIFF.
        charset: Python codec for text; empty for UTF-8.
        kind: Value of the content_type column.
        scrub: Which kind of secrets its text may hold: "form", "json", "multipart" or empty.
    """

    name: str
    shape: int
    charset: str
    kind: int
    scrub: str


@dataclass(slots=True)
class Meaning:
    """What of a header block decides how to read on; shared by all blocks that say the same, never changed once made.

    Attributes:
        request_frame, response_frame: How a body is delimited: its length, CHUNKED, UNKNOWN or UNTIL_CLOSE.
        media: Of the body.
        codings: Content and transfer codings in the order in which they were applied.
        upgrade: Asks for, or grants, another protocol (RFC 9110, section 7.8).
        expect: Waits for 100 (Continue) before the body (RFC 9110, section 10.1.1).
        errors: Names of what is malformed in it.
        special: A request with it leaves the hot path even without a body.
        fast: A response of known length with it needs no decoding and no look at its bytes.
    """

    request_frame: int
    response_frame: int
    media: Media
    codings: tuple[str, ...]
    upgrade: bool
    expect: bool
    errors: tuple[str, ...]
    special: bool
    fast: bool


Headers = tuple[str, Meaning]
"""A header block: rendered as one JSON object in wire order, secrets replaced; and what it means."""

Request = tuple[int, RequestLine | None, Headers, Body | None, int, bool]
"""(time of first byte, line or None when malformed or lost, headers, body or None for none, note bits, plain).

Plain: no body, nothing special: the next response answers it in the usual way. A tuple, as one is made a request.
"""

Response = tuple[int, StatusLine, Headers, str | None, int | None, int]
"""(time of first byte, line, headers, body as shown, its size, note bits); None for a body of unknown extent."""
