r"""Is it NATS? `INFO {"server_id":` and `CONNECT {` with its options are; in mid-stream, verbs with the arguments they take.

Near relatives: Redis (`PING`, `+OK`, `-ERR text` without quotes, inline commands), POP3 (`+OK text`), SMTP and memcached (words
without these verbs), HTTP's `CONNECT host:port`.
"""

import re

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.nats.resync import find_message
from pxcap.plugins.nats.wire import LINKS, verb_of

_INFO = re.compile(rb'INFO[ \t]+\{"(?:server_id|server_name|version|proto|go|host|port|git_commit|max_payload)"')
_CONNECT = re.compile(rb'(?i:CONNECT)[ \t]+\{[ \t]*(?:\}|"[a-z_]{2,24}"[ \t]*:)')
_PAYLOAD = re.compile(rb"(?i:H?PUB|H?MSG)[ \t]")
_SUB = re.compile(
    rb"(?i:SUB)[ \t]+[^\s]+[ \t]+(?:[^\s]+[ \t]+)?[0-9A-Za-z]+\r\n|(?i:UNSUB)[ \t]+[0-9A-Za-z]+(?:[ \t]+\d+)?\r\n"
)
_ERROR = re.compile(rb"-ERR '[^'\r\n]+'?[^\r\n]*\r\n")
_LINK = re.compile(rb"(?:RS|LS|A)[+-] \S|[RL]MSG \S")

LIKELY = 85  # a publication or delivery whose payload ends where its line says
VERBS = 55  # verbs with their arguments, nothing more
ALIVE = 45  # an idle connection: one side pings, the other answers, and nobody else does it so
WEAK = 30  # what other protocols say as well


def recognise(sample: Sample) -> int:
    """How sure a sample is NATS in this orientation; any side may be empty."""
    request, response = sample.request, sample.response
    if _INFO.match(response):
        return SURE
    if _LINK.match(request) or _LINK.match(response):
        return LIKELY
    asked = _side(request, True, sample.midstream)
    told = _side(response, False, sample.midstream)
    if _CONNECT.match(request) and (told or not response):
        return SURE if b'"verbose"' in request[:4096] or b'"lang"' in request[:4096] else LIKELY
    if (request and asked == NO) or (response and told == NO):
        return NO
    if sample.midstream and {request, response} == {b"PING\r\n", b"PONG\r\n"}:
        return ALIVE
    best = max(asked, told)
    return SURE if best == LIKELY and asked and told else best


def _side(data: bytes, client: bool, midstream: bool) -> int:
    """How sure the bytes of one side are NATS."""
    if not data:
        return NO
    at, found = find_message(data, 0, True, client, over=not midstream)
    if not found or (at and not midstream):
        return NO
    score, count = NO, 0
    while found and count < 32:
        end = data.find(b"\n", at)
        line = data[at : end if end >= 0 else len(data)]
        if _PAYLOAD.match(line):
            complete = end >= 0 and find_message(data, at, True, client) == (at, True)
            score = max(score, LIKELY if complete else WEAK)
            break
        if client and _CONNECT.match(line):
            return LIKELY
        if (client and _SUB.match(data, at)) or (not client and _ERROR.match(data, at)):
            score = max(score, VERBS)
        elif verb_of(line) in {"PING", "PONG", "+OK"} and end >= 0:
            score = max(score, WEAK)
        elif not line.strip() or verb_of(line) in LINKS:
            return score
        if end < 0:
            break
        at, count = end + 1, count + 1
        found = at < len(data) and find_message(data, at, True, client, over=True) == (at, True)
        if not found and at < len(data):
            return NO if not midstream else score
    return score
