r"""Domain names: wire to presentation form.

Names are given as on the wire, case kept, without the final dot (the root is "."), other than letters, digits and
common signs as RFC 4343, section 2.1 and RFC 1035, section 5.1 have it: `\.` and `\DDD`. The text is ASCII therefore.
"""

from pxcap.plugins.dns.wire import MAX_JUMPS, MAX_NAME

Seen = dict[int, tuple[str, int]]
"""Names of a message by offset: text, and size on the wire uncompressed."""

MAX_LABELS = 8192  # labels remembered for all messages: at most 63 bytes and 252 characters each
_ESCAPED = b'"().;\\@$'
_OCTET = tuple(
    "\\" + chr(octet) if octet in _ESCAPED else chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03d}"
    for octet in range(256)
)
_labels: dict[bytes, str] = {}


class Malformed(ValueError):
    """Bytes that are not what they should be; `reason` is a short name for counting.

    Never leaves the plugin. "overrun" means the message ended too early, which a cut capture excuses.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def label_text(label: bytes) -> str:
    """One label in presentation form."""
    text = _labels.get(label)
    if text is None:
        text = "".join([_OCTET[octet] for octet in label])
        if len(_labels) >= MAX_LABELS:
            _labels.clear()
        _labels[label] = text
    return text


def read_name(msg: bytes, pos: int, seen: Seen) -> tuple[str, int]:
    """The name at `pos` of a message, and the position behind it.

    A pointer must point before the name, and each further one before the last (RFC 1035, section 4.1.4: to a prior
    occurrence), so loops end.

    Args:
        msg: One message, from its header: pointers count from there.
        pos: Where the name begins.
        seen: Names of this message met before; the new one is added.

    Raises:
        Malformed: It runs over the end, points forward, is longer than 255 bytes or has a label of unknown kind.
    """
    labels: list[str] = []
    size = 1
    start = lowest = pos
    after = mark = mark_size = target = -1
    jumps = 0
    end = len(msg)
    while True:
        if pos >= end:
            raise Malformed("overrun")
        count = msg[pos]
        if count == 0:
            pos += 1
            break
        if count < 0x40:
            stop = pos + 1 + count
            if stop > end:
                raise Malformed("overrun")
            labels.append(label_text(msg[pos + 1 : stop]))
            size += count + 1
            pos = stop
            if size > MAX_NAME:
                raise Malformed("name_too_long")
        elif count >= 0xC0:
            if pos + 1 >= end:
                raise Malformed("overrun")
            pointer = (count & 0x3F) << 8 | msg[pos + 1]
            jumps += 1
            if pointer >= lowest or jumps > MAX_JUMPS:
                raise Malformed("name_pointer")
            if after < 0:
                after, mark, mark_size, target = pos + 2, len(labels), size, pointer
            known = seen.get(pointer)
            if known is not None:
                size += known[1] - 1
                if size > MAX_NAME:
                    raise Malformed("name_too_long")
                if known[0] != ".":
                    labels.append(known[0])
                break
            lowest = pos = pointer
        else:
            raise Malformed("name_label")  # 01 and 10 are reserved (RFC 6891, section 5)
    if after >= 0:
        if mark:
            seen[target] = (".".join(labels[mark:]) or ".", size - mark_size + 1)
        pos = after
    text = ".".join(labels) or "."
    seen[start] = (text, size)
    return text, pos


def skip_name(msg: bytes, pos: int) -> int:
    """The position behind the name at `pos`, or -1 when it is none (pointers are not followed, but must point back)."""
    end = len(msg)
    start = pos
    while pos < end:
        count = msg[pos]
        if count == 0:
            return pos + 1 if pos - start < MAX_NAME else -1
        if count >= 0xC0:
            back = pos + 1 < end and ((count & 0x3F) << 8 | msg[pos + 1]) < start
            return pos + 2 if back else -1
        if count >= 0x40:
            return -1
        pos += count + 1
    return -1
