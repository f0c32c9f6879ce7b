"""One Kafka connection: both directions in, rows out.

Frames are taken whole from the contiguous bytes where they lie whole in them, which nearly all do. Requests wait as the
bytes they are and are rendered with their response. A frame that comes in parts is held up to the body limit; a longer one
is walked as it comes. After a loss that reached beyond a frame, `resync` looks for the next one by its content.

Held: a frame of at most KEEP bytes or what `resync` looks through, a side, and MAX_WEIGHT bytes of unanswered requests.
"""

from pxcap.core.protocol import LOST, REQUEST, TRUNCATED, ConnectionInfo, Parser, Row
from pxcap.core.stream import Chunk
from pxcap.plugins.kafka.fast import FLEXIBLE, LIKES, Like
from pxcap.plugins.kafka.heads import CLIENTS, known_key, plausible, wants_answer
from pxcap.plugins.kafka.lane import Frame, Lane
from pxcap.plugins.kafka.layouts import LAYOUTS
from pxcap.plugins.kafka.render import Renderer, token_text
from pxcap.plugins.kafka.request import Request
from pxcap.plugins.kafka.resync import find_request, find_response
from pxcap.plugins.kafka.stitch import OVERHEAD, Stitcher, weight
from pxcap.plugins.kafka.topics import CONCERNED
from pxcap.plugins.kafka.unfinished import open_request, open_response, request_of
from pxcap.plugins.kafka.wire import (
    KEEP,
    MAX_RESPONSE,
    MAX_TOKEN,
    PRODUCE,
    REQUEST_HEAD,
    REQUEST_HEAD_SIZE,
    RESPONSE_HEAD,
    SASL_AUTHENTICATE,
    SASL_HANDSHAKE,
    SHUTDOWN,
)

_NAMES = 512  # body limit from which the names of a small request need no cutting
_HELD = 4096  # a frame up to this size is always held; a longer one up to the body limit
_SMALL_PRODUCE = 40  # bytes that a Produce request has at the least, its size and client id not counted
_ANSWER_HEAD = 9  # size, correlation id, and the count of tagged fields where the header has one


class KafkaParser(Parser):
    """Parses and matches one connection; see the module's text for what it holds."""

    __slots__ = ("_hold", "_lanes", "_render", "_sasl", "_stitch")

    def __init__(self, info: ConnectionInfo) -> None:
        super().__init__(info)
        settings = info.settings
        self._hold = min(max(settings.body_limit, _HELD), KEEP)
        self._lanes = (Lane(info.midstream), Lane(info.midstream))
        self._render = Renderer(settings.body_limit, settings.redact, self.error)
        self._stitch = Stitcher(self._render)
        self._sasl = False  # a SaslHandshake v0 was sent: tokens without a header may follow

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side and return the rows they complete."""
        lane = self._lanes[side]
        frame = lane.frame
        inbox = lane.inbox
        taken = 0
        if frame is not None:
            taken = frame.take(chunk.data)
            if frame.ripe:
                self._open(side, frame)
            if frame.left:
                return []
            lane.frame = None
            self._complete(side, frame)
        inbox.add(chunk)
        inbox.pos += taken
        if side == REQUEST:
            self._requests(lane)
        else:
            self._responses(lane)
        return self._rows()

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        """Bytes of a side were lost: inside a frame they cost that frame what cannot be read without them."""
        lane = self._lanes[side]
        frame = lane.frame
        if side != REQUEST:
            self._stitch.gap()
        beyond = size
        if frame is not None:
            if frame.pieces is not None and not frame.token:
                self._open(side, frame)
            beyond = frame.lose(size)
            if not frame.left:
                lane.frame = None
                self._complete(side, frame, reason)
        if beyond:
            lane.inbox.clear()
            lane.lost = True
        return self._rows()

    def finish(self, time: int) -> list[Row]:
        """The connection is over: rows for what is incomplete and what was not answered."""
        for side, lane in enumerate(self._lanes):
            frame, lane.frame = lane.frame, None
            if frame is not None:
                if frame.pieces is not None and not frame.token:
                    self._open(side, frame)
                frame.damaged = True
                self._complete(side, frame, TRUNCATED)
        self._stitch.finish()
        return self._rows()

    def _rows(self) -> list[Row]:
        stitch = self._stitch
        rows = stitch.rows
        if rows:
            stitch.rows = []
        self.lockstep = self._lanes[0].lost or self._lanes[1].lost or stitch.lossy
        return rows

    # Requests.

    def _requests(self, lane: Lane) -> None:
        inbox = lane.inbox
        buf, pos = inbox.buf, inbox.pos
        unpack, size, moments = REQUEST_HEAD.unpack_from, len(buf), inbox.moments(pos)
        clients, layouts, hold, add = CLIENTS, LAYOUTS, self._hold, self._stitch.quick
        turn = pos  # up to here, `time` is when the bytes were seen
        time = 0
        request: Request
        while pos < size:
            if lane.lost:
                pos, found = find_request(buf, pos)
                if not found:
                    break
                lane.lost = False
            if self._sasl:
                at = self._token(lane, buf, pos)
                if at < 0:
                    break
                if at > pos:
                    pos = at
                    continue
            if size - pos < REQUEST_HEAD_SIZE:
                break
            length, key, version, ident, client = unpack(buf, pos)
            end = pos + 4 + length
            likes = None
            small = key == PRODUCE and end <= size and 0 <= client < length - _SMALL_PRODUCE and length <= hold
            if small and self._render.limit >= _NAMES:
                likes = LIKES.get(version)
                if likes is not None:
                    at = pos + REQUEST_HEAD_SIZE + client
                    like = likes.get(
                        buf[pos + 12 : at + (22 + buf[at + 13] if version < FLEXIBLE else 14 + buf[at + 9])]
                    )
                    if like is not None and like.acks:
                        while pos >= turn:
                            time, turn = next(moments)
                        add(
                            ident,
                            (time, PRODUCE, version, like.client, buf[pos:end], like.at, like, ""),
                            length + 4,
                        )
                        pos = end
                        continue
            if not plausible(length, key, version, client):
                self.error("bad_request_header")
                lane.lost = True
                pos += 1
                continue
            if end > size:
                need = REQUEST_HEAD_SIZE + max(client, 0) + 1 if length > hold else end - pos
                self._begin(REQUEST, lane, pos, end, need)
                pos = size
                break
            frame = buf[pos:end]
            at = REQUEST_HEAD_SIZE
            name = None
            if client >= 0:
                at += client
                name = clients[frame[REQUEST_HEAD_SIZE:at]]
            while pos >= turn:
                time, turn = next(moments)
            tagged = layouts[key, version].compact_head
            if key == SHUTDOWN or (tagged and frame[at : at + 1] != b"\0"):
                request = request_of(frame, time, self._render)
            else:
                like = likes.of(frame, at + tagged, name) if likes is not None else None
                request = (time, key, version, name, frame, at + tagged, like, "")
            pos = end
            if (
                length > hold
                or key == SASL_HANDSHAKE
                or (key == PRODUCE and not wants_answer(frame, request[5], version))
            ):
                self._special(ident, request)
            else:
                add(ident, request, length + 4)
        inbox.pos = pos

    def _special(self, ident: int, request: Request) -> None:
        """A request that may never be answered, one after which tokens may come, or one too long to wait as it is."""
        began, key, version, name, frame, at, _, note = request
        answered = True
        if frame is not None and version is not None:
            answered = key != PRODUCE or wants_answer(frame, at, version)
            if len(frame) > self._hold:
                text = self._render.request(key, version, frame, at)
                request = (began, key, version, name, None, 0, text, note)
        if key == SASL_HANDSHAKE:
            self._sasl = version == 0
        if answered:
            self._stitch.request(ident, request)
        else:
            self._stitch.once(ident, request)

    def _token(self, lane: Lane, buf: bytes, pos: int) -> int:
        """Take a raw SASL token; returns where it ends, `pos` when it is a request, -1 when more bytes are needed."""
        there = len(buf) - pos
        if there < 4:
            return -1
        length = int.from_bytes(buf[pos : pos + 4], "big")
        if length >= REQUEST_HEAD_SIZE - 4:
            if there < REQUEST_HEAD_SIZE:
                return -1
            size, key, version, _, client = REQUEST_HEAD.unpack_from(buf, pos)
            if plausible(size, key, version, client) and known_key(key):
                self._sasl = False
                return pos
        if length > MAX_TOKEN:
            self._sasl = False
            return pos
        end = pos + 4 + length
        if there < 4 + length:
            self._begin(REQUEST, lane, pos, end, end - pos).token = True
            lane.inbox.pos = len(buf)
            return len(buf)
        self._whole_token(buf[pos:end], lane.inbox.time_at(pos))
        return end

    def _whole_token(self, data: bytes, time: int, note: str = "") -> None:
        text = token_text(data[4:], self.info.settings.redact)
        self._stitch.token((time, SASL_AUTHENTICATE, None, None, None, 0, text, note))

    # Responses.

    def _responses(self, lane: Lane) -> None:
        inbox, stitch, render, hold, respond = lane.inbox, self._stitch, self._render, self._hold, self._response
        take, append, limit, answer = stitch.pending.pop, stitch.rows.append, render.limit, render.answer
        seen = stitch.topics.seen
        buf, pos = inbox.buf, inbox.pos
        unpack, size, moments = RESPONSE_HEAD.unpack_from, len(buf), inbox.moments(pos)
        last = size - RESPONSE_HEAD.size
        turn = pos
        time = 0
        body: str | None
        text: str | None
        code: int | None
        plain = not lane.lost and stitch.orderly
        while pos < size:
            if plain and pos <= last:  # whole responses of requests that were seen, as nearly all are
                length, ident = unpack(buf, pos)
                end = pos + 4 + length
                request = take(ident, None) if length >= 4 and end <= size else None
                if request is not None:
                    while pos >= turn:
                        time, turn = next(moments)
                    began, key, version, client, frame, _, like, note = request
                    if like.__class__ is Like and frame is not None:
                        stitch.weight -= OVERHEAD + len(frame)
                        text = like.answered(buf, pos, end)
                        if text is None:
                            text, code = answer(request, buf[pos:end])
                        else:
                            code = 0
                        body = like.request(frame, [limit, 0]) or render.body(request)
                    else:
                        stitch.weight -= weight(request)
                        text, code = answer(request, buf[pos:end])
                        body = render.body(request)
                        if key in CONCERNED:
                            body, text = seen(key, version, body, text)
                    append((began, key, client, body, text, version, code, time - began, note))
                    pos = end
                    continue
            if lane.lost:
                pos, found = find_response(buf, pos, stitch.pending)
                if not found:
                    break
                lane.lost = False
            if stitch.tokens and stitch.token_next():
                if size - pos < 4:
                    break
                length = int.from_bytes(buf[pos : pos + 4], "big")
                good = length <= MAX_TOKEN
            else:
                if size - pos < RESPONSE_HEAD.size:
                    break
                length = unpack(buf, pos)[0]
                good = 4 <= length <= MAX_RESPONSE
            if not good:
                self.error("bad_response_header")
                lane.lost = True
                plain = False
                pos += 1
                continue
            end = pos + 4 + length
            if end > size:
                self._begin(1, lane, pos, end, _ANSWER_HEAD if length > hold else end - pos)
                pos = size
                break
            while pos >= turn:
                time, turn = next(moments)
            respond(buf[pos:end], time)
            plain = stitch.orderly
            pos = end
        inbox.pos = pos

    def _response(self, frame: bytes, time: int) -> None:
        """A whole response frame, or a raw SASL token in place of one."""
        stitch = self._stitch
        ident = RESPONSE_HEAD.unpack_from(frame)[1] if len(frame) >= RESPONSE_HEAD.size else 0
        request = stitch.taken(ident)
        if request is None:
            stitch.stray(ident, len(frame) - 4, time)
            return
        began, key, version, client, _, _, _, note = request
        if version is None:
            stitch.answered(request, (token_text(frame[4:], self.info.settings.redact), None), time, "")
            return
        body: str | None = self._render.body(request)
        text: str | None
        text, code = self._render.answer(request, frame)
        if key in CONCERNED:
            body, text = stitch.topics.seen(key, version, body, text)
        stitch.rows.append((began, key, client, body, text, version, code, time - began, note))

    # Frames in parts.

    def _begin(self, side: int, lane: Lane, pos: int, end: int, need: int) -> Frame:
        frame = lane.frame = Frame(end - pos, lane.inbox.time_at(pos), need)
        frame.take(lane.inbox.buf[pos:])
        if frame.ripe:
            self._open(side, frame)
        return frame

    def _open(self, side: int, frame: Frame) -> None:
        if side == REQUEST:
            open_request(frame, self._render)
        else:
            open_response(frame, self._render, self._stitch)

    def _complete(self, side: int, frame: Frame, reason: str = LOST) -> None:
        note = reason if frame.damaged else ""
        if side == REQUEST:
            self._complete_request(frame, note)
        else:
            self._complete_response(frame, note)

    def _complete_request(self, frame: Frame, note: str) -> None:
        if frame.token:
            self._whole_token(frame.held(), frame.time, note)
        elif frame.pieces is not None:
            data = frame.held()
            self._special(frame_ident(data), request_of(data, frame.time, self._render))
        elif frame.request is not None:
            began, key, version, name, _, _, text, _ = frame.request
            answered = True
            if frame.walk is not None:
                text = self._render.walked(frame.walk, "bad_request")[0]
                answered = key != PRODUCE or frame.walk.value("acks") != "0"
            request = (began, key, version, name, None, 0, text, note)
            if answered:
                self._stitch.request(frame.ident, request)
            else:
                self._stitch.once(frame.ident, request)

    def _complete_response(self, frame: Frame, note: str) -> None:
        stitch, render = self._stitch, self._render
        if frame.pieces is not None:
            self._response(frame.held(), frame.time)
            return
        request = frame.request
        if request is None:
            stitch.stray(frame.ident, frame.size - 4, frame.time)
        elif frame.walk is None:
            stitch.answered(request, (frame.text, None), frame.time, note)
        else:
            stitch.answered(request, render.walked(frame.walk, "bad_response"), frame.time, note)


def frame_ident(data: bytes) -> int:
    """The correlation id of a request frame."""
    ident: int = REQUEST_HEAD.unpack_from(data)[3]
    return ident
