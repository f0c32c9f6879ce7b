"""What an HTTP/2 connection says: header fields, header lists and streams."""

from dataclasses import dataclass

from pxcap.plugins.http.body import Body
from pxcap.plugins.http.types import Meaning

(PLAIN, METHOD, PATH, STATUS, PROTOCOL, TYPE, CODING, GRPC_STATUS, GRPC_MESSAGE, GRPC_ENCODING) = range(10)
"""What a field decides beyond being shown."""

NO_CODE = -1
STREAM_COST = 400  # bytes a stream takes, without its header lists and bodies


class Field:
    """A header field, made once for each different one; never changed once made. Compared by identity.

    Attributes:
        fragment: `"name":value` as JSON, secrets replaced.
        name: As JSON shows it.
        role: PLAIN or one of the others above.
        value: Text, in full; empty when `role` is PLAIN.
        raw: The name's bytes; None when it is unknown.
        cost: Its size in the dynamic table (RFC 7541, section 4.1); for an unknown one the least it can be.
        known: Name and value are.
    """

    __slots__ = ("cost", "fragment", "known", "name", "raw", "role", "value")

    def __init__(
        self, fragment: str, name: str, role: int, value: str, raw: bytes | None, cost: int, known: bool = True
    ) -> None:
        self.fragment = fragment
        self.name = name
        self.role = role
        self.value = value
        self.raw = raw
        self.cost = cost
        self.known = known


class Head:
    """A header list (of a request, a response, trailers); shared, never changed once made. Compared by identity.

    Attributes:
        fields: In wire order.
        json: Rendered as one object.
        method, path, protocol: Of those pseudo-header fields; None when not among the fields. Secrets replaced in `path`.
        status: Of `:status`; None when not among the fields or no number.
        meaning: What it says of the body.
        grpc: The content type is gRPC's.
        untyped: The content type may be among what is unknown.
        code, message: Of grpc-status and grpc-message; NO_CODE and empty when not there.
        coding: Of grpc-encoding.
        known: No field is unknown.
        simple: A usual request's, or a final response's.
        plain: A response's whose body is shown as it is.
        cost: Bytes it takes, about.
    """

    __slots__ = (
        *("code", "coding", "fields", "grpc", "json", "known", "meaning", "message", "method", "path", "protocol"),
        *("cost", "plain", "simple", "status", "untyped"),
    )

    def __init__(self, fields: tuple[Field, ...], json: str, meaning: Meaning) -> None:
        self.fields = fields
        self.json = json
        self.meaning = meaning
        self.method: str | None = None
        self.path: str | None = None
        self.protocol: str | None = None
        self.status: int | None = None
        self.grpc = False
        self.code = NO_CODE
        self.message = ""
        self.coding = ""
        self.known = True
        self.untyped = False
        self.simple = self.plain = False
        self.cost = STREAM_COST + 2 * len(json)


class Stream:
    """One stream (RFC 9113, section 5): a request and its response, as far as they came.

    Attributes:
        number: Its identifier.
        time: When the request's first byte was seen; of a response without one, the response's. Ns since the epoch.
        request, req_body, req_trailers, req_done: The request; `request` is None when not seen, `req_body` when empty.
        response, resp_body, resp_trailers, resp_done: The response.
        resp_time, end_time: When the final response's first byte was seen, and its last frame (of gRPC; of others, its end).
        note: Why it is doubtful, as bits.
        req_losses, resp_losses: What the sides had lost when nothing of this stream could have been lost yet.
        reset_at, reset_losses: When the client reset it, 0 when not; and what the server's side had lost then.
        held: Bytes its header lists and itself take.
        ending: What ended it otherwise than by its last frame, for people.
    """

    req_body: Body | None = None
    req_trailers: Head | None = None
    response: Head | None = None
    resp_body: Body | None = None
    resp_trailers: Head | None = None
    resp_done = False
    resp_time = 0
    end_time = 0
    note = 0
    reset_at = 0
    reset_losses = -1
    ending = ""

    def __init__(
        self, number: int, time: int, request: Head | None, req_done: bool, req_losses: int, resp_losses: int
    ) -> None:
        """Begin; what most streams never set is a default of the class."""
        self.number = number
        self.time = time
        self.request = request
        self.held = STREAM_COST if request is None else request.cost
        self.req_done = req_done
        self.req_losses = req_losses
        self.resp_losses = resp_losses

    @property
    def tunnel(self) -> bool:
        """The request asked for a tunnel (RFC 9113, section 8.5; RFC 8441): DATA is not a body once it is granted."""
        return self.request is not None and self.request.method == "CONNECT"


@dataclass(slots=True)
class Block:
    """A header block of which more frames are to come (RFC 9113, section 4.3).

    Attributes:
        stream: On which it came.
        promised: The stream it promises, 0 when it does not.
        flags: Of its first frame.
        time: Of its first frame's first byte.
        data: So far; None when it grew too long and is passed over.
        frames: How many so far.
    """

    stream: int
    promised: int
    flags: int
    time: int
    data: bytearray | None
    frames: int = 1
