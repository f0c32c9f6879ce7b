"""Request headers: what makes one plausible, and what of a request is known before its body is read."""

from struct import error, unpack_from

from pxcap.core.text import to_text
from pxcap.plugins.kafka.definitions import LAST_KEY
from pxcap.plugins.kafka.types import Bad
from pxcap.plugins.kafka.varint import uvarint
from pxcap.plugins.kafka.wire import MAX_REQUEST, MIN_REQUEST, SHUTDOWN

MAX_VERSION = 63  # more versions than any API has
MAX_KEY = 511  # beyond Kafka's own: other brokers number theirs from here and there
_MAX_MEMO = 4096


class Clients(dict[bytes, str]):
    """Client ids as text, by their bytes."""

    def __missing__(self, data: bytes) -> str:
        """Decode one."""
        if len(self) >= _MAX_MEMO:
            self.clear()
        text = to_text(data)
        if len(data) <= 256:
            self[data] = text
        return text


CLIENTS = Clients()


def plausible(size: int, key: int, version: int, client: int) -> bool:
    """Whether the fixed part of a header can be a request's; `client` is the length of the client id."""
    if not MIN_REQUEST <= size <= MAX_REQUEST or not 0 <= key <= MAX_KEY or version > MAX_VERSION:
        return False
    return (key == SHUTDOWN and version == 0) or (client >= -1 and 10 + client <= size)


def known_key(key: int) -> bool:
    """Whether an API is one of Kafka's."""
    return 0 <= key <= LAST_KEY


def wants_answer(frame: bytes, at: int, version: int) -> bool:
    """Whether a Produce request, whose body begins at `at`, will be answered: not with acks=0."""
    if version >= 3 and frame[at : at + 2] == b"\xff\xff":  # no transaction, before version 9
        return frame[at + 2 : at + 4] != b"\0\0"
    try:
        if version >= 9:
            length, at = uvarint(frame, at)
            at += max(length - 1, 0)
        elif version >= 3:
            length = unpack_from(">h", frame, at)[0]
            at += 2 + max(length, 0)
        return bool(unpack_from(">h", frame, at)[0])
    except (IndexError, Bad, error):
        return True
