"""The connection phase of one connection: greeting, login, authentication, what both sides agreed on.

Everything but names and flags is read over and forgotten. Source: "Connection Phase" of the MySQL source documentation.
"""

from pxcap.core.stream import Inbox
from pxcap.core.text import to_json
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.auth import Login, greeting_flags, read_login
from pxcap.plugins.mysql.charsets import UTF8, codec_of
from pxcap.plugins.mysql.lane import RequestLane
from pxcap.plugins.mysql.outcome import read_error, read_ok
from pxcap.plugins.mysql.types import Packet, Reply, Request


class ConnectionPhase:
    """Where the connection phase stands.

    Attributes:
        request: The login as a command; None before it was seen.
        login: What it said.
        server_flags: Capabilities of the server; -1 before its greeting was seen.
        over: It has ended, well or not.
        errors: What was malformed since the parser looked last, by name.
    """

    __slots__ = ("_limit", "_server", "errors", "login", "over", "request", "server_flags")

    def __init__(self, limit: int) -> None:
        self.request: Request | None = None
        self.login = Login()
        self.server_flags = -1
        self.over = False
        self.errors: list[str] = []
        self._limit = limit
        self._server = RequestLane(wire.MAX_SMALL, False)

    @property
    def flags(self) -> int:
        """Capabilities both sides have; -1 while either is unknown."""
        known = self.request is not None and self.server_flags >= 0 and self.login.flags >= 0
        return self.login.flags & self.server_flags if known else -1

    @property
    def codec(self) -> str:
        """Codec of what the client sends from here on."""
        return codec_of(self.login.charset) if self.login.charset else UTF8

    def client(self, packet: Packet) -> None:
        """Take a packet of the client."""
        if self.request is not None:
            return  # authentication data
        login = read_login(packet.body, packet.size)
        if login is None:
            self.errors.append("bad_login")
            login = Login()
        self.login = login
        if not login.tls:
            params = to_json(dict(login.attributes)) if login.attributes else None
            text = login.text if login.flags >= 0 else None
            self.request = Request(packet.time, wire.CONNECT, text, params, packet.note)

    def server(self, inbox: Inbox) -> Reply | None:
        """Take what the server said; the answer to the login when it is there, then the rest stays in the inbox."""
        lane = self._server
        lane.inbox = inbox
        while not self.over and (packet := lane.next()) is not None:
            first = packet.body[0] if packet.body else -1
            if first == wire.ERR:
                self.over = True
                code, state, text = read_error(packet.body, UTF8, self._limit)
                return Reply(packet.time, packet.time, 3, text, code, state, None, None, packet.note)
            if self.server_flags < 0:
                flags = greeting_flags(packet.body)
                if flags is None:
                    self.errors.append("bad_greeting")
                self.server_flags = flags or 0
                if packet.sequence == 0:
                    return None
            if first == wire.OK:
                self.over = True
                found = read_ok(packet.body, self.flags, self.codec)
                affected = found.affected if found else None
                return Reply(packet.time, packet.time, 2, found.text if found else None, None, None, None, affected, "")
        return None
