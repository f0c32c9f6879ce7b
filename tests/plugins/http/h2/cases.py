"""Exchanges as data: what was sent behind the preface, and the columns of each record that the case is about."""

import gzip
from collections.abc import Callable
from typing import Any

from tests.plugins.http.exchange import Step
from tests.plugins.http.h2.frames import BEGIN, Side, data, frame, goaway, message, request, reset, settings

from pxcap.plugins.http.h2.wire import (
    CONTINUATION,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITIZED,
    WINDOW_UPDATE,
)

Records = list[dict[str, Any]]
Case = Callable[[Side, Side], tuple[list[Step], Records]]
CASES: dict[str, tuple[list[Step], Records]] = {}


def case(make: Case) -> Case:
    steps, wanted = make(Side(), Side())
    CASES[make.__name__.replace("_", " ").strip()] = ([*BEGIN, *steps], wanted)
    return make


@case
def get(c: Side, s: Side) -> tuple[list[Step], Records]:
    return [(">", c.get(1)), ("<", s.ok(1))], [{
        "time_": 4_000_000, "major_version": 2, "minor_version": 0, "content_type": 0, "req_method": "GET",
        "req_path": "/a", "req_headers": '{":method":"GET",":scheme":"http",":authority":"x",":path":"/a"}', "req_body": "",
        "req_body_size": 0, "resp_headers": '{":status":"200","content-type":"text/plain"}', "resp_status": 200,
        "resp_message": "", "resp_body": "ok", "resp_body_size": 2, "latency": 1_000_000, "note": ""}]  # fmt: skip


@case
def streams_interleaved(c: Side, s: Side) -> tuple[list[Step], Records]:
    plain = ("content-type", "text/plain")
    heads = s.headers(3, (":status", "200"), plain) + s.headers(1, (":status", "404"), plain)
    return [
        (">", c.get(1, "/1") + c.get(3, "/3")),
        ("<", heads + data(1, b"no") + data(3, b"th") + data(1, b"ne", True) + data(3, b"ree", True)),
    ], [
        {"req_path": "/1", "resp_status": 404, "resp_body": "none"},
        {"req_path": "/3", "resp_status": 200, "resp_body": "three", "resp_body_size": 5},
    ]


@case
def continuation_padding_and_priority(c: Side, s: Side) -> tuple[list[Step], Records]:
    first = c.split(1, 3, *request("/1"), end=True)
    padded = frame(
        HEADERS,
        END_HEADERS | END_STREAM | PADDED | PRIORITIZED,
        3,
        b"\2" + b"\0\0\0\1\7" + c.block(*request("/3")) + b"\0\0",
    )
    return [
        (">", first + padded),
        ("<", s.split(1, 2, (":status", "200"), ("content-type", "text/plain")) + data(1, b"padded", True, 9)),
        ("<", frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1") + frame(PING, 0, 0, bytes(8)) + s.ok(3)),
    ], [{"req_path": "/1", "resp_body": "padded", "resp_body_size": 6}, {"req_path": "/3", "resp_body": "ok"}]


@case
def bodies_both_ways_with_trailers(c: Side, s: Side) -> tuple[list[Step], Records]:
    zipped = gzip.compress(b'{"password":"x"}', mtime=0)
    head = s.headers(1, (":status", "200"), ("content-type", "application/json"), ("content-encoding", "gzip"))
    return [
        (">", c.post(1, "/p?token=t", ("content-type", "text/plain")) + data(1, b"hel") + data(1, b"lo")),
        (">", c.headers(1, ("x-sum", "5"), end=True)),
        ("<", head + data(1, zipped) + s.headers(1, ("x-end", "1"), ("x-end", "2"), end=True)),
    ], [{
        "req_path": "/p?token=[redacted]", "req_body": "hello", "req_body_size": 5, "content_type": 1,
        "req_headers": '{":method":"POST",":scheme":"http",":authority":"x",":path":"/p?token=[redacted]",'
        '"content-type":"text/plain","x-sum":"5"}',
        "resp_body": '{"password":"[redacted]"}', "resp_body_size": len(zipped),
        "resp_headers": '{":status":"200","content-type":"application/json","content-encoding":"gzip",'
        '"x-end":["1","2"]}', "note": ""}]  # fmt: skip


@case
def interim_head_and_no_content(c: Side, s: Side) -> tuple[list[Step], Records]:
    return [
        (">", c.get(1, "/early") + c.get(3, "/h", method="HEAD") + c.get(5, "/n")),
        ("<", s.headers(1, (":status", "103"), ("link", "x")) + s.ok(1)),
        ("<", s.headers(3, (":status", "200"), ("content-length", "99"), end=True)),
        ("<", s.headers(5, (":status", "204"), end=True)),
    ], [
        {"req_path": "/early", "resp_status": 200, "resp_body": "ok"},
        {"req_method": "HEAD", "resp_status": 200, "resp_body": "", "resp_body_size": 0},
        {"resp_status": 204, "resp_body": "", "resp_body_size": 0},
    ]


@case
def server_push(c: Side, s: Side) -> tuple[list[Step], Records]:
    return [
        (">", c.get(1, "/page")),
        ("<", s.promise(1, 2, *request("/style")) + s.ok(1) + s.ok(2, b"a{}", "text/css")),
    ], [{"req_path": "/page"}, {"req_path": "/style", "req_method": "GET", "resp_body": "a{}", "note": ""}]


@case
def reset_by_the_server(c: Side, s: Side) -> tuple[list[Step], Records]:
    head = s.headers(3, (":status", "200"), ("content-type", "text/plain"))
    return [
        (">", c.get(1, "/aside") + c.get(3, "/half")),
        ("<", reset(1, 7) + head + data(3, b"ha") + reset(3, 2)),
    ], [
        {"req_path": "/aside", "resp_status": None, "resp_message": "RST_STREAM from server: REFUSED_STREAM",
         "latency": None, "note": "no_response"},
        {"req_path": "/half", "resp_status": 200, "resp_body": "ha", "resp_body_size": 2, "note": "",
         "resp_message": "RST_STREAM from server: INTERNAL_ERROR"},
    ]  # fmt: skip


@case
def reset_by_the_client(c: Side, s: Side) -> tuple[list[Step], Records]:
    head = s.headers(1, (":status", "200"), ("content-type", "text/plain"))
    return [
        (">", c.get(1, "/cancelled") + c.get(3, "/done")),
        ("<", head + data(1, b"ha") + s.ok(3)),
        (">", reset(1, 8) + reset(3, 8)),
        ("<", data(1, b"too late", True)),
        (">", c.get(5, "/next")),
        ("<", s.ok(5)),
    ], [
        {"req_path": "/cancelled", "resp_body": "ha", "resp_message": "RST_STREAM from client: CANCEL", "note": ""},
        {"req_path": "/done", "resp_body": "ok", "resp_message": ""},
        {"req_path": "/next"},
    ]


@case
def goaway_names_what_was_not_looked_at(c: Side, s: Side) -> tuple[list[Step], Records]:
    return [
        (">", c.get(1, "/1") + c.get(3, "/3")),
        ("<", goaway(1, 0xB, b"calm") + s.ok(1)),
    ], [
        {"req_path": "/1", "resp_status": 200},
        {"req_path": "/3", "note": "no_response", "resp_message": "GOAWAY from server: ENHANCE_YOUR_CALM (calm)"},
    ]


@case
def response_before_the_end_of_the_request(c: Side, s: Side) -> tuple[list[Step], Records]:
    refused = s.headers(1, (":status", "413"), end=True) + reset(1, 0)
    return [
        (">", c.post(1, "/big") + data(1, b"x" * 10)),
        ("<", refused),
        (">", c.get(3)),
        ("<", s.ok(3)),
    ], [
        {"req_path": "/big", "resp_status": 413, "req_body_size": 10, "note": "", "resp_message": ""},
        {"req_path": "/a"},
    ]


@case
def tunnel(c: Side, s: Side) -> tuple[list[Step], Records]:
    ask = c.headers(1, *request("/chat", "CONNECT"), (":protocol", "websocket"))
    return [
        (">", ask),
        ("<", s.headers(1, (":status", "200"))),
        (">", data(1, b"\x81\x85frames") + c.get(3)),
        ("<", data(1, b"\x81\2hi") + s.ok(3) + data(1, b"", True)),
    ], [
        {
            "req_method": "CONNECT",
            "req_path": "/chat",
            "resp_status": 200,
            "req_body": "",
            "resp_body_size": 0,
            "note": "",
        },
        {"req_path": "/a"},
    ]


@case
def never_answered(c: Side, s: Side) -> tuple[list[Step], Records]:
    half = s.headers(3, (":status", "200"), ("content-type", "text/plain")) + data(3, b"ha")
    return [(">", c.get(1, "/1") + c.get(3, "/3")), ("<", half)], [
        {"req_path": "/1", "resp_status": None, "resp_headers": None, "resp_message": None, "note": "no_response"},
        {"req_path": "/3", "resp_status": 200, "resp_body": "ha", "note": "truncated"},
    ]


@case
def unary_call(c: Side, s: Side) -> tuple[list[Step], Records]:
    return [(">", c.call(1, b"\x0a\x02hi\x10\x07")), ("<", s.answer(1, b"\x08\x01")), ("<", b"")], [{
        "content_type": 2, "req_path": "/s.S/M", "req_body": '{"1":"hi","2":7}', "req_body_size": 11, "resp_status": 200,
        "resp_message": "OK", "resp_body": '{"1":1}', "resp_body_size": 7, "latency": 1_000_000, "note": "",
        "resp_headers": '{":status":"200","content-type":"application/grpc","grpc-status":"0"}'}]  # fmt: skip


@case
def streaming_call(c: Side, s: Side) -> tuple[list[Step], Records]:
    first = s.headers(1, (":status", "200"), ("content-type", "application/grpc+proto"))
    return [
        (">", c.headers(1, *request("/s.S/Talk", "POST"), ("content-type", "application/grpc"))),
        (">", data(1, message(b"\x08\x01") + message(b""))),
        ("<", first + data(1, message(b"\x08\x02")[:3])),
        (">", data(1, message(b"\x08\x03"), True)),
        ("<", data(1, message(b"\x08\x02")[3:])),
        ("<", s.headers(1, ("grpc-status", "5"), ("grpc-message", "no %C3%A9"), end=True)),
    ], [{
        "req_body": '{"1":1}\n{}\n{"1":3}', "resp_body": '{"1":2}', "resp_message": "NOT_FOUND: no é", "latency": 5_000_000,
    }]  # fmt: skip


@case
def trailers_only_and_cancelled(c: Side, s: Side) -> tuple[list[Step], Records]:
    only = (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "12"), ("grpc-message", "what?")
    return [
        (">", c.call(1) + c.call(3)),
        ("<", s.headers(1, *only, end=True)),
        (">", reset(3, 8)),
        ("<", s.ok(9)[:0]),
    ], [
        {"resp_message": "UNIMPLEMENTED: what?", "resp_status": 200, "resp_body": "", "latency": 1_000_000},
        {"resp_status": None, "resp_message": "RST_STREAM from client: CANCEL", "note": "no_response"},
    ]


@case
def compressed_messages(c: Side, s: Side) -> tuple[list[Step], Records]:
    zipped = gzip.compress(b"\x0a\x05hello", mtime=0)
    head = c.headers(1, *request("/s.S/M", "POST"), ("content-type", "application/grpc"), ("grpc-encoding", "gzip"))
    return [
        (">", head + data(1, message(zipped, True) + message(b"\x08\x05"), True)),
        ("<", s.answer(1, b"\x08\x01", status="77")),
    ], [{"req_body": '{"1":"hello"}\n{"1":5}', "resp_message": "status 77"}]


@case
def frames_nobody_knows(c: Side, s: Side) -> tuple[list[Step], Records]:
    return [
        (">", frame(0xFA, 0, 1, b"?") + frame(0x10, 0, 0, b"prio") + c.get(1)),
        ("<", frame(0xFA, 0, 0) + s.ok(1)),
    ], [{"req_path": "/a", "resp_body": "ok"}]


@case
def table_size_changes(c: Side, s: Side) -> tuple[list[Step], Records]:
    c.encoder.header_table_size = 0
    first = c.get(1, "/1")
    c.encoder.header_table_size = 4096
    return [("<", settings((1, 0), (5, 20000))), (">", first + c.get(3, "/3") + c.get(5, "/3")), ("<", s.ok(1) + s.ok(3) + s.ok(5))], [
        {"req_path": "/1"}, {"req_path": "/3"}, {"req_path": "/3"}]  # fmt: skip


UPGRADE = b"GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def upgrade(granted: bool) -> tuple[list[Step], Records]:
    c, s = Side(), Side()
    if not granted:
        no = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nno"
        return [(">", UPGRADE), ("<", no)], [{"major_version": 1, "resp_body": "no"}]
    return [
        (">", UPGRADE),
        ("<", SWITCH + settings() + s.ok(1, b"one")),
        (">", PREFACE + settings() + c.get(3)),
        ("<", s.ok(3)),
    ], [
        {
            "major_version": 2,
            "req_path": "/up",
            "req_method": "GET",
            "resp_status": 200,
            "resp_body": "one",
            "note": "",
        },
        {"major_version": 2, "req_path": "/a", "resp_body": "ok"},
    ]


CASES["upgrade granted"] = upgrade(True)
CASES["upgrade refused"] = upgrade(False)


@case
def flood_of_continuations(c: Side, s: Side) -> tuple[list[Step], Records]:
    flood = frame(HEADERS, 0, 1, c.block(*request("/1"))) + frame(CONTINUATION, 0, 1, b"") * 2000
    return [(">", flood + frame(CONTINUATION, END_HEADERS, 1, b"") + c.get(3))], [
        {"req_path": "/1", "note": "no_response,truncated"},
        {"req_path": "/a", "req_headers": '{":method":"GET",":scheme":"http","?63":null,":path":"/a"}'},
    ]
