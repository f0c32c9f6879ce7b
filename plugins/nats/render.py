"""Records from messages: the JSON of `body`, the text of `resp`. `body` uses Pixie's names: `reply-to`, `queue group`."""

from pxcap.core.text import clip_text, quote
from pxcap.plugins.nats.headers import parse_headers
from pxcap.plugins.nats.jetstream import ack_name, ack_subject, api_call
from pxcap.plugins.nats.types import Message, Row, Waiting


def opening(subject: str, sid: str, reply: str) -> str:
    """The beginning of the body of a message with a payload, up to the payload's value."""
    body = '{"subject":' + quote(subject)
    if sid:
        body += ',"sid":' + quote(sid)
    if reply:
        body += ',"reply-to":' + quote(reply)
    if subject.startswith("$JS."):
        body += _named(subject, "")
    elif reply.startswith("$JS.ACK."):
        body += _named("", reply)
    return body + ',"payload":'


def _named(subject: str, reply: str) -> str:
    named = api_call(subject) if subject else ""
    named = named or ack_subject(subject or reply)
    return ',"jetstream":' + named if named else ""


def waiting(message: Message, limit: int) -> Waiting:
    """The record of a PUB, HPUB, MSG or HMSG, without an answer."""
    headers = parse_headers(message.head)[0] if message.head_size else None
    text = quote(clip_text(message.payload, limit))
    body = opening(message.subject, message.sid, message.reply) + text
    if message.subject.startswith("$JS.ACK.") and (name := ack_name(message.payload)):
        body += ',"ack":' + quote(name)
    reply = message.reply or None
    return (message.time, message.verb, body, message.subject, reply, headers, message.size, message.note)


def subscription(message: Message) -> Waiting:
    """The record of a SUB or UNSUB."""
    if message.verb == "SUB":
        body = '{"subject":' + quote(message.subject)
        if message.queue:
            body += ',"queue group":' + quote(message.queue)
        body += ',"sid":' + quote(message.sid)
    else:
        body = '{"sid":' + quote(message.sid)
        if message.maximum:
            body += f',"max_msgs":{message.maximum}'
    return (message.time, message.verb, body, message.subject or None, None, None, None, message.note)


def answer_text(message: Message, limit: int) -> str:
    """What `resp` shows of the message that answers: its payload; its status where it has one."""
    text = clip_text(message.payload, limit)
    status = parse_headers(message.head)[1] if message.head_size else ""
    return f"{status} {text}".rstrip() if status else text


def answered(request: Waiting, message: Message, limit: int) -> Row:
    """The row of a message and the one that answers it; what is not its payload goes into the body under `reply`."""
    time, cmd, body, subject, reply, headers, size, note = request
    more = f',"reply":{{"cmd":"{message.verb}"'
    if message.subject != reply:
        more += ',"subject":' + quote(message.subject)
    if message.sid:
        more += ',"sid":' + quote(message.sid)
    if message.head_size:
        more += ',"headers":' + parse_headers(message.head)[0]
    if message.subject.startswith("$JS.ACK.") and (name := ack_name(message.payload)):
        more += ',"ack":' + quote(name)
    if message.reply:
        more += ',"reply-to":' + quote(message.reply)
    body += more + f',"size":{message.size}}}}}'
    text = answer_text(message, limit)
    return (time, cmd, body, text, subject, reply, headers, size, message.time - time, notes(note, message.note))


def plain_answer(request: Waiting, at: int, cmd: str, sid: str, text: str, size: int) -> Row:
    """The same for an answer of a payload alone, of `size` bytes, on the subject that it was awaited on."""
    time, asked, body, subject, reply, headers, asked_size, note = request
    via = f',"sid":{quote(sid)}' if sid else ""
    body = f'{body},"reply":{{"cmd":"{cmd}"{via},"size":{size}}}}}'
    return (time, asked, body, text, subject, reply, headers, asked_size, at - time, note)


def row(record: Waiting, resp: str | None = None, at: int | None = None, note: str = "") -> Row:
    """The row of a record whose answer is no message: `resp` at time `at`, or none."""
    time, cmd, body, subject, reply, headers, size, own = record
    latency = None if at is None else at - time
    return (time, cmd, body + "}", resp, subject, reply, headers, size, latency, notes(own, note))


def notes(*found: str) -> str:
    """Notes joined, none twice."""
    if not any(found):
        return ""
    return ",".join(dict.fromkeys(one for one in found if one))
