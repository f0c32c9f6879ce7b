"""Control lines, read as nats-server reads them: any case, any number of spaces and tabs between arguments."""

from pxcap.core.text import to_text
from pxcap.plugins.nats.types import Message
from pxcap.plugins.nats.wire import CLIENT_VERBS, LINKS, MAX_PAYLOAD, SERVER_VERBS, number, verb_of

UNREADABLE = "?"


def read_line(line: bytes, time: int, client: bool) -> Message:
    """The message that a control line, given without its line end, is or begins; its verb is `?` when it is none.

    Args:
        line: Without CR and LF.
        time: When its first byte was seen, ns since the epoch.
        client: It came from the client. Verbs of the other side are no verbs here, verbs between servers are everywhere.
    """
    verb = verb_of(line)
    if verb[:4] in ("PING", "PONG"):  # the server reads on to the line end whatever stands there
        return Message(time, verb[:4])
    if verb in LINKS:
        return Message(time, verb)
    if verb not in (CLIENT_VERBS if client else SERVER_VERBS):
        if client and verb == "INFO":  # only another server introduces itself
            return Message(time, verb, text=line[5:].strip())
        return Message(time, UNREADABLE, text=line)
    if verb in ("CONNECT", "INFO", "-ERR"):
        return Message(time, verb, text=line[len(verb) :].strip())
    arguments = line[len(verb) :].split()
    message = Message(time, verb)
    if not _fill(message, arguments):
        return Message(time, UNREADABLE, text=line)
    return message


def _fill(message: Message, arguments: list[bytes]) -> bool:
    verb, count = message.verb, len(arguments)
    if verb == "+OK":
        return not count
    if verb == "SUB":
        if count not in (2, 3):
            return False
        message.subject, message.sid = to_text(arguments[0]), to_text(arguments[-1])
        message.queue = to_text(arguments[1]) if count == 3 else ""
        return True
    if verb == "UNSUB":
        if count not in (1, 2):
            return False
        message.sid = to_text(arguments[0])
        message.maximum = max(0, number(arguments[1])) if count == 2 else 0
        return True
    return _payload_line(message, arguments)


def _payload_line(message: Message, arguments: list[bytes]) -> bool:
    """`PUB subject [reply] size`, `MSG subject sid [reply] size`; with an H, the size of the headers before the total."""
    headers, delivered = message.verb[0] == "H", message.verb.endswith("MSG")
    least = 2 + headers + delivered
    if len(arguments) not in (least, least + 1):
        return False
    size = number(arguments[-1])
    head = number(arguments[-2]) if headers else 0
    if not 0 <= size <= MAX_PAYLOAD or not 0 <= head <= size:
        return False
    message.subject = to_text(arguments[0])
    message.sid = to_text(arguments[1]) if delivered else ""
    message.reply = to_text(arguments[1 + delivered]) if len(arguments) > least else ""
    message.size, message.head_size = size - head, head
    return True
