"""What JetStream subjects say: API calls, and the subject a delivered message is acknowledged on.

Sources: JetStream wire API reference (docs.nats.io), ADR-13 (pull), ADR-15 (`$JS.ACK` with domain and account, version 2).
"""

from functools import lru_cache

from pxcap.core.text import to_json

_STREAM_CALLS = ("STREAM", "CONSUMER", "DIRECT")
ACKS = {"+ACK": "ack", "-NAK": "nak", "+WPI": "in progress", "+NXT": "next", "+TERM": "term", "": "ack"}
PROGRESS = b"+WPI"


@lru_cache(maxsize=1024)
def api_call(subject: str) -> str:
    """`$JS.API.STREAM.INFO.orders` as the JSON of its name, stream and consumer; empty when it is no API subject."""
    words = subject.split(".")
    if len(words) < 3 or words[0] != "$JS":
        return ""
    named: dict[str, str] = {}
    if words[1] != "API":
        if words[2] != "API" or len(words) < 4:
            return ""
        domain = words.pop(1)
    else:
        domain = ""
    call = words[2:]
    place = _name_length(call)
    named["api"] = ".".join(call[:place])
    if domain:
        named["domain"] = domain
    rest = call[place:]
    if rest and call[0] in _STREAM_CALLS:
        named["stream"] = rest[0]
        if call[0] == "CONSUMER" and len(rest) > 1:
            named["consumer"] = rest[1]
        if len(rest) > 2 or (call[0] == "DIRECT" and len(rest) > 1):
            named["subject"] = ".".join(rest[1:] if call[0] == "DIRECT" else rest[2:])
    elif rest:
        named["name"] = ".".join(rest)
    return to_json(named)


def _name_length(call: list[str]) -> int:
    """How many words of a call are its name: those written in capitals before the first that is not one of its verbs."""
    if call[:2] == ["CONSUMER", "DURABLE"] or (
        len(call) > 2 and call[1] in _TWO_WORDS and call[2] in _TWO_WORDS[call[1]]
    ):
        return 3
    return min(2, len(call))


_TWO_WORDS = {
    "MSG": {"GET", "DELETE", "NEXT"},
    "PEER": {"REMOVE"},
    "LEADER": {"STEPDOWN"},
}


@lru_cache(maxsize=64)
def is_pull(subject: str) -> bool:
    """Whether a subject asks a consumer for messages."""
    return subject.startswith("$JS.") and ".CONSUMER.MSG.NEXT." in subject


def ack_subject(subject: str) -> str:
    """`$JS.ACK...` as the JSON of stream, consumer, deliveries, sequences, time and messages left; empty when it is none.

    Version 1 has 9 words: stream, consumer, delivered, stream sequence, consumer sequence, time, pending. Version 2 has
    domain (`_` for none) and account hash before them, and may have more behind.
    """
    words = subject.split(".")
    if words[:2] != ["$JS", "ACK"]:
        return ""
    domain = ""
    if len(words) >= 11:
        domain = "" if words[2] == "_" else words[2]
        words = words[4:]
    elif len(words) in (8, 9):
        words = words[2:]
    else:
        return ""
    numbers = words[2:7]
    if not all(word.isdigit() and len(word) < 20 for word in numbers):
        return ""
    named: dict[str, str | int] = {"domain": domain} if domain else {}
    named |= {"stream": words[0], "consumer": words[1]}
    named |= zip(_NUMBERS, map(int, numbers), strict=False)
    return to_json(named)


_NUMBERS = ("delivered", "stream_seq", "consumer_seq", "timestamp", "pending")


def ack_name(payload: bytes) -> str:
    """What an acknowledgement says: `ack`, `nak`, `in progress`, `next`, `term`; empty for anything else."""
    words = payload[:16].split(None, 1)
    return ACKS.get(words[0].decode("latin-1") if words else "", "")


def batch_size(payload: bytes) -> int:
    """How many messages a pull request wants: its body is empty, a number, or JSON with `batch`."""
    text = payload.strip()
    if text.isdigit():
        return max(1, int(text[:9]))
    _, found, rest = text.partition(b'"batch"')
    digits = rest.lstrip(b" \t\r\n:")[:9] if found else b""
    count = 0
    for digit in digits:
        if not 48 <= digit <= 57:
            break
        count = count * 10 + digit - 48
    return max(1, count)
