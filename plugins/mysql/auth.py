"""The connection phase: what the greeting and the login say. Passwords and challenges are read over and never kept.

Source: "Connection Phase", "Protocol::HandshakeV10", "Protocol::HandshakeResponse41", "COM_CHANGE_USER"; MariaDB's
"Connecting" for the extended capabilities.
"""

from dataclasses import dataclass

from pxcap.core.layout import LayoutError
from pxcap.core.text import to_text
from pxcap.plugins.mysql.wire import (
    COMPRESS,
    CONNECT_ATTRS,
    CONNECT_WITH_DB,
    GREETING,
    LOGIN,
    LOGIN_SIZE,
    LONG_PASSWORD,
    PLUGIN_AUTH,
    PLUGIN_AUTH_LENENC,
    PROTOCOL_41,
    SECURE_CONNECTION,
    SSL,
    ZSTD,
    lenenc,
)

_USUAL = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | CONNECT_ATTRS  # of every client for many years


@dataclass(frozen=True, slots=True)
class Login:
    """What a client says when it connects or changes its user.

    Attributes:
        flags: Capabilities of the client; MariaDB's extended ones in the upper 32 bits. -1: not captured.
        charset: Collation id.
        user, database, plugin: As text; the latter two empty when not sent.
        attributes: Connection attributes, such as the client's name.
        tls: It is no login but asks for TLS.
    """

    flags: int = 0
    charset: int = 0
    user: str = ""
    database: str = ""
    plugin: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    tls: bool = False

    @property
    def text(self) -> str:
        """For people: `user=app database=shop plugin=mysql_native_password`."""
        words = (("user", self.user), ("database", self.database), ("plugin", self.plugin))
        return " ".join(f"{name}={value}" for name, value in words if value or name == "user")


def greeting_flags(body: bytes) -> int | None:
    """Capabilities of the server, MariaDB's extended ones in the upper 32 bits; None when it is no greeting."""
    try:
        greeting, _ = GREETING.parse(body, 0)
    except LayoutError:
        return None
    flags: int = greeting.low | greeting.high << 16
    return flags if flags & LONG_PASSWORD else flags | greeting.mariadb << 32


def read_login(body: bytes, size: int) -> Login | None:
    """A login or a request for TLS, truly of `size` bytes; None when it is neither. What is cut off is left out."""
    if len(body) < min(size, LOGIN_SIZE):
        return Login(flags=-1)
    try:
        fixed, _ = LOGIN.parse(body, 0)
    except LayoutError:
        return _old_login(body)
    flags: int = fixed.flags
    if not flags & PROTOCOL_41:
        return _old_login(body)
    if not flags & LONG_PASSWORD:
        flags |= fixed.mariadb << 32
    if flags & SSL and size == LOGIN_SIZE:
        return Login(flags, fixed.charset, tls=True)
    user, pos = _string(body, LOGIN_SIZE)
    pos = _skip_secret(body, pos, flags)
    return _rest(body, pos, flags, fixed.charset, user, bool(flags & CONNECT_WITH_DB))


def _old_login(body: bytes) -> Login | None:
    """The login of old ("Protocol::HandshakeResponse320") and its request for TLS."""
    if len(body) < 5:
        return None
    flags = int.from_bytes(body[:2], "little")
    if flags & PROTOCOL_41:
        return Login(flags, tls=True) if flags & SSL else None
    if flags & SSL and len(body) == 5:
        return Login(flags, tls=True)
    user, pos = _string(body, 5)
    database = ""
    if flags & CONNECT_WITH_DB:
        _, pos = _string(body, pos)
        database, pos = _string(body, pos)
    return Login(flags, 0, user, database)


def read_change_user(body: bytes, flags: int) -> Login:
    """COM_CHANGE_USER, from behind the command byte; `flags` are the connection's, 0 when they were not captured."""
    flags = flags or _USUAL
    user, pos = _string(body, 0)
    pos = _skip_secret(body, pos, flags & ~PLUGIN_AUTH_LENENC)
    database, pos = _string(body, pos)
    charset = int.from_bytes(body[pos : pos + 2], "little")
    login = _rest(body, pos + 2, flags, charset, user, False)
    return Login(flags, charset, user, database, login.plugin, login.attributes)


def _rest(body: bytes, pos: int, flags: int, charset: int, user: str, with_database: bool) -> Login:
    database = plugin = ""
    if with_database:
        database, pos = _string(body, pos)
    if flags & PLUGIN_AUTH and pos < len(body):
        plugin, pos = _string(body, pos)
    attributes = read_attributes(body, pos) if flags & CONNECT_ATTRS else ()
    return Login(flags, charset, user, database, plugin, attributes)


def _string(body: bytes, pos: int) -> tuple[str, int]:
    end = body.find(b"\0", pos)
    end = len(body) if end < 0 else end
    return to_text(body[pos:end]), end + 1


def _skip_secret(body: bytes, pos: int, flags: int) -> int:
    if pos >= len(body):
        return pos
    if flags & PLUGIN_AUTH_LENENC:
        try:
            size, pos = lenenc(body, pos)
        except IndexError:
            return len(body)
        return min(pos + max(size, 0), len(body))
    if flags & SECURE_CONNECTION:
        return min(pos + 1 + body[pos], len(body))
    end = body.find(b"\0", pos)
    return len(body) if end < 0 else end + 1


def read_attributes(body: bytes, pos: int) -> tuple[tuple[str, str], ...]:
    """Connection attributes: names and values, as many as there are whole."""
    found: list[tuple[str, str]] = []
    try:
        total, pos = lenenc(body, pos)
        end = min(pos + max(total, 0), len(body))
        while pos < end:
            words = []
            for _ in range(2):
                size, pos = lenenc(body, pos)
                if size < 0 or pos + size > end:
                    return tuple(found)
                words.append(to_text(body[pos : pos + size]))
                pos += size
            found.append((words[0], words[1]))
    except IndexError:
        pass
    return tuple(found)


def compression(client: int, server: int) -> str:
    """How packets are compressed after the login: "zlib", "zstd" or empty. zlib wins when both were agreed on."""
    both = client & server
    return "zlib" if both & COMPRESS else "zstd" if both & ZSTD else ""
