"""The bytes that members of a consumer group give to each other through the coordinator.

Source: ConsumerProtocolSubscription.json and ConsumerProtocolAssignment.json of Apache Kafka 4.x. Other kinds of groups
(connect, streams, schema registry) put bytes of their own there: what is not this protocol is shown as text.
"""

from struct import Struct, error, unpack_from

from pxcap.plugins.kafka.text import TEXTS, value_text
from pxcap.plugins.kafka.types import Bad

_SHORT = Struct(">h").unpack_from
_INT = Struct(">i").unpack_from
_LAST = 3  # version of both
_UNREADABLE = (Bad, error, IndexError)


def subscription_text(data: bytes) -> str:
    """What a member wants, as JSON."""
    try:
        version, pos = _version(data)
        topics, pos = _strings(data, pos)
        user_data, pos = _bytes(data, pos)
        text = f'{{"version":{version},"topics":{topics},"user_data":{user_data}'
        if version >= 1:
            owned, pos = _partitions(data, pos)
            text += f',"owned_partitions":{owned}'
        if version >= 2:
            text += f',"generation_id":{_INT(data, pos)[0]}'
            pos += 4
        if version >= 3:
            rack, pos = _string(data, pos)
            text += f',"rack_id":{rack}'
        _whole(data, pos)
    except _UNREADABLE:
        return value_text(data)
    return text + "}"


def assignment_text(data: bytes) -> str:
    """What a member was given, as JSON."""
    try:
        version, pos = _version(data)
        assigned, pos = _partitions(data, pos)
        user_data, pos = _bytes(data, pos)
        _whole(data, pos)
    except _UNREADABLE:
        return value_text(data)
    return f'{{"version":{version},"assigned_partitions":{assigned},"user_data":{user_data}}}'


def _version(data: bytes) -> tuple[int, int]:
    version = _SHORT(data, 0)[0]
    if not 0 <= version <= _LAST:
        raise Bad
    return version, 2


def _whole(data: bytes, pos: int) -> None:
    if pos != len(data):
        raise Bad


def _string(data: bytes, pos: int) -> tuple[str, int]:
    length = _SHORT(data, pos)[0]
    if length < 0:
        return "null", pos + 2
    end = pos + 2 + length
    if end > len(data):
        raise Bad
    return TEXTS[data[pos + 2 : end]], end


def _bytes(data: bytes, pos: int) -> tuple[str, int]:
    length = _INT(data, pos)[0]
    if length < 0:
        return "null", pos + 4
    end = pos + 4 + length
    if end > len(data):
        raise Bad
    return value_text(data[pos + 4 : end]), end


def _count(data: bytes, pos: int) -> tuple[int, int]:
    number = _INT(data, pos)[0]
    if not 0 <= number <= len(data):
        raise Bad
    return number, pos + 4


def _strings(data: bytes, pos: int) -> tuple[str, int]:
    number, pos = _count(data, pos)
    found = []
    for _ in range(number):
        text, pos = _string(data, pos)
        found.append(text)
    return f"[{','.join(found)}]", pos


def _partitions(data: bytes, pos: int) -> tuple[str, int]:
    number, pos = _count(data, pos)
    found = []
    for _ in range(number):
        topic, pos = _string(data, pos)
        size, pos = _count(data, pos)
        numbers = unpack_from(f">{size}i", data, pos)
        pos += 4 * size
        found.append(f'{{"topic":{topic},"partitions":[{",".join(map(str, numbers))}]}}')
    return f"[{','.join(found)}]", pos
