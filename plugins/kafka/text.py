"""Values as JSON text, and the memos that spare rendering the same one again."""

from base64 import urlsafe_b64encode

from pxcap.core.text import REDACTED, clip_text, quote, to_text
from pxcap.plugins.kafka.errors import ERRORS

HIDDEN = quote(REDACTED)
_MAX_MEMO = 4096
_MAX_KEY = 64
_SECRET_CONFIGS = ("password", "secret", "jaas", "credential", "token", ".key", "oauth")


def value_text(data: bytes) -> str:
    """Bytes as a JSON string."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return quote(to_text(data))
    return quote(text.replace("\0", "\\x00") if "\0" in text else text)


def clipped(data: bytes, size: int) -> str:
    """A value of `size` bytes of which `data` is kept, as a JSON string; a cut one ends in its true size."""
    if len(data) == size:
        return value_text(data)
    return quote(f"{clip_text(data, len(data))}...({size} bytes)")


def uuid_text(data: bytes) -> str:
    """A UUID as Kafka's own tools print it: base64 for URLs without padding; null when it is zero."""
    return quote(urlsafe_b64encode(data)[:22].decode()) if any(data) else "null"


def float_text(value: float) -> str:
    """A float as JSON; infinities and NaN as strings, as JSON has none."""
    return repr(value) if abs(value) <= 1.7976931348623157e308 else f'"{value}"'


def secret_config(name: str) -> bool:
    """Whether the value of a configuration of this name is a secret."""
    return any(word in name.lower() for word in _SECRET_CONFIGS)


class Texts(dict[bytes, str]):
    """Short strings as JSON, by their bytes: names of topics, hosts, clients, members come again and again."""

    def __missing__(self, data: bytes) -> str:
        """Render one; it is remembered when it is short."""
        text = value_text(data)
        if len(data) <= _MAX_KEY:
            if len(self) >= _MAX_MEMO:
                self.clear()
            self[data] = text
        return text


class Uuids(dict[bytes, str]):
    """UUIDs as JSON, by their bytes."""

    def __missing__(self, data: bytes) -> str:
        """Render one."""
        if len(self) >= _MAX_MEMO:
            self.clear()
        self[data] = text = uuid_text(data)
        return text


class ErrorTexts(dict[int, str]):
    """What stands behind `"PREFIXerror_code":` - the code and, when it is an error, its name as a key of its own."""

    def __init__(self, prefix: str) -> None:
        super().__init__({0: "0"})
        self._key = f"{prefix}error_name"

    def __missing__(self, code: int) -> str:
        """Render one."""
        self[code] = text = f'{code},"{self._key}":"{error_name(code)}"'
        return text


def error_name(code: int) -> str:
    """The name of an error code in Kafka's documentation."""
    return ERRORS.get(code, f"UNKNOWN_{code}")


TEXTS = Texts()
UUIDS = Uuids()
