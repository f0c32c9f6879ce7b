r"""NATS on the wire: verbs, the arguments they take, limits.

A message is a control line, `VERB arguments\r\n`, and for PUB, HPUB, MSG and HMSG a payload of the size that the line tells,
followed by CRLF. Verbs come in any case, arguments are parted by any number of spaces and tabs, and a line may end in LF
alone, as the server's parser has it (nats-server 2.12, `server/parser.go`; docs.nats.io, client protocol reference).
"""

CRLF = b"\r\n"

MAX_LINE = (
    65536  # longest control line waited for: the server's default is 4096, but INFO and a JWT in CONNECT are longer
)
MAX_PAYLOAD = 64 << 20  # nats-server's own bound on max_payload; a longer one is taken for damage
MAX_COMMON = 16384  # longest payload the fast loops take

PAYLOAD_VERBS = frozenset({"PUB", "HPUB", "MSG", "HMSG"})
CLIENT_VERBS = frozenset({"CONNECT", "PUB", "HPUB", "SUB", "UNSUB", "PING", "PONG"})
SERVER_VERBS = frozenset({"INFO", "MSG", "HMSG", "PING", "PONG", "+OK", "-ERR"})
LINKS = {
    "RS+": "route_link",
    "RS-": "route_link",
    "RMSG": "route_link",
    "A+": "route_link",
    "A-": "route_link",
    "LS+": "leaf_link",
    "LS-": "leaf_link",
    "LMSG": "leaf_link",
}
"""Verbs only servers use among each other, and what a connection that carries them is counted as."""

TLS = 0x16  # first byte of a TLS record that holds a handshake message (RFC 8446, section 5.1)


def number(digits: bytes) -> int:
    """A decimal of at most 9 digits as the server reads it; -1 when it is none."""
    return int(digits) if digits.isdigit() and len(digits) < 10 else -1


def verb_of(line: bytes) -> str:
    """The verb of a control line, upper case; of anything else the first word, at most 16 bytes of it."""
    words = line[:16].split(None, 1)
    return words[0].decode("latin-1").upper() if words and not line[:1].isspace() else ""
