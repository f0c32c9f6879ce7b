"""Exchanges as data: what was sent, and the columns of each record that the case is about."""

import json
from typing import Any

from tests.plugins.http.exchange import Step

from pxcap.core.protocol import TRUNCATED

Cases = dict[str, tuple[list[Step], list[dict[str, Any]]]]

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
UPGRADE = b"GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
EXPECT = b"POST /up HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n"


def chunked(*parts: bytes, head: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n") -> bytes:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


REQUESTS: Cases = {
    "pipelined": ([(">", GET + HEAD + POST + b"hello"), ("<", OK + OK[:-2] + NO_CONTENT)], [
        {"req_method": "GET", "resp_body": "ok"}, {"req_method": "HEAD", "resp_body": "", "resp_body_size": 0},
        {"req_method": "POST", "req_body": "hello", "resp_status": 204, "resp_body": ""}]),
    "method nobody registered": ([(">", b"BREW /pot HTTP/1.1\r\n\r\n"), ("<", OK)], [{"req_method": "BREW"}]),
    "method in lower case": ([(">", b"get / HTTP/1.1\r\n\r\n"), ("<", OK)], [{"req_method": "get"}]),
    "chunked request": ([(">", b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        ("<", OK)], [{"req_body": "hello", "req_body_size": 5}]),
    "conflicting lengths: up to the next request": ([(">", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nabc" + GET),
        ("<", OK + OK)], [{"req_body": "abc", "req_body_size": 3}, {"req_path": "/a"}]),
    "CONNECT granted": ([(">", b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"), (">", b"\x16\x03\x01GET / HTTP/1.1\r\n"),
        ("<", b"HTTP/1.1 200 Connection established\r\n\r\n"), ("<", OK)],
        [{"req_method": "CONNECT", "req_path": "h:443", "resp_status": 200, "resp_body": ""}]),
    "CONNECT refused": ([(">", b"CONNECT h:443 HTTP/1.1\r\n\r\n" + GET), ("<", OK.replace(b"200 OK", b"403 No")),
        ("<", OK)], [{"resp_status": 403, "resp_body": "ok"}, {"req_method": "GET", "resp_body": "ok"}]),
    "upgrade granted": ([(">", UPGRADE), (">", b"\x81\x85GET / HTTP/1.1\r\n\r\n"),
        ("<", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi"), (">", GET), ("<", OK)],
        [{"req_path": "/ws", "resp_status": 101, "resp_message": "Switching Protocols", "note": ""}]),
    "upgrade ignored": ([(">", UPGRADE + GET), ("<", OK + NO_CONTENT)],
        [{"req_path": "/ws", "resp_status": 200}, {"req_path": "/a", "resp_status": 204}]),
    "upgrade never answered, requests behind": ([(">", UPGRADE + GET)],
        [{"req_path": "/ws", "note": "no_response"}, {"req_path": "/a", "note": "no_response"}]),
    "upgrade never answered, frames behind": ([(">", UPGRADE + b"\x81\x05hello")], [{"note": "no_response"}]),
    "expect, continue": ([(">", EXPECT), ("<", b"HTTP/1.1 100 Continue\r\n\r\n"), (">", b"hello"), ("<", OK)],
        [{"req_body": "hello", "resp_status": 200, "latency": 3_000_000}]),
    "expect, refused, not sent": ([(">", EXPECT), ("<", OK.replace(b"200 OK", b"417 No")), (">", GET), ("<", OK)], [
        {"req_path": "/up", "req_body": "", "req_body_size": 0, "resp_status": 417, "note": ""}, {"req_path": "/a"}]),
    "expect, refused, sent all the same": ([(">", EXPECT), ("<", OK.replace(b"200 OK", b"413 No")), (">", b"hello" + GET),
        ("<", OK)], [{"req_body": "hello", "resp_status": 413, "note": ""}, {"req_path": "/a"}]),
    "expect, refused, over": ([(">", EXPECT), ("<", OK)], [{"req_body": "", "req_body_size": 0, "note": ""}]),
    "response before the end of the request": ([(">", POST + b"he"), ("<", OK), (">", b"llo" + GET), ("<", OK)],
        [{"req_body": "hello", "latency": 1_000_000, "note": ""}, {"req_path": "/a"}]),
    "absolute, authority and asterisk form": ([(">", b"GET http://u:p@h/p?q HTTP/1.1\r\n\r\nOPTIONS * HTTP/1.1\r\n\r\n"),
        ("<", OK + OK)], [{"req_path": "http://[redacted]@h/p?q"}, {"req_path": "*"}]),
    "spaces in the target": ([(">", b"GET /a b  c HTTP/1.1\r\n\r\n"), ("<", OK)], [{"req_path": "/a b  c"}]),
    "a request never answered": ([(">", GET)], [{"resp_status": None, "resp_headers": None, "resp_body": None,
        "resp_message": None, "resp_body_size": None, "latency": None, "note": "no_response"}]),
    "garbage, then a request": ([(">", b"\x00\x01 nonsense\r\nHost: x\r\n\r\n" + GET),
        ("<", OK.replace(b"200 OK", b"400 Bad")), ("<", OK)],
        [{"resp_status": 400, "req_method": None, "note": "no_request"}, {"req_path": "/a", "resp_status": 200}]),
    "cut in a request head": ([(">", GET[:-4])], [{"req_path": "/a", "req_headers": "{}", "req_body": None,
        "note": "no_response,truncated"}]),
    "the HTTP/2 preface": ([(">", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")], []),
}  # fmt: skip

RESPONSES: Cases = {
    "get": ([(">", GET), ("<", OK)], [{
        "time_": 1_000_000, "major_version": 1, "minor_version": 1, "content_type": 0, "req_headers": '{"Host":"x"}',
        "req_method": "GET", "req_path": "/a", "req_body": "", "req_body_size": 0,
        "resp_headers": '{"Content-Type":"text/plain","Content-Length":"2"}', "resp_status": 200, "resp_message": "OK",
        "resp_body": "ok", "resp_body_size": 2, "latency": 1_000_000, "note": ""}]),
    "HTTP/1.0": ([(">", b"GET / HTTP/1.0\r\n\r\n"), ("<", b"HTTP/1.1 200 OK\r\n\r\nold"), ("<close",)],
        [{"minor_version": 0, "req_headers": "{}", "resp_headers": "{}", "resp_body": "old", "note": ""}]),
    "keep-alive": ([(">", GET), ("<", OK), (">", GET), ("<", OK)], [{"time_": 1_000_000}, {"time_": 3_000_000}]),
    "not modified": ([(">", GET), ("<", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"), (">", GET),
        ("<", OK)], [{"resp_status": 304, "resp_body": "", "resp_body_size": 0}, {"resp_status": 200}]),
    "100, 102 and 103 are not the response": ([(">", GET), ("<", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ("<", b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), ("<", OK)],
        [{"resp_status": 200, "latency": 3_000_000}]),
    "chunked with extension and trailers": ([(">", GET + GET), ("<", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
        b"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;name=v\r\nfoo\r\n 00A ; q=\"\"\r\n0123456789\r\n"
        b"0\r\nX-Sum: 1\r\n\r\n" + NO_CONTENT)],
        [{"resp_body": "foo0123456789", "resp_body_size": 13}, {"resp_status": 204}]),
    "chunks beat a length": ([(">", GET), ("<", chunked(b"abc", head=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"
        b"Content-Type: text/plain\r\n") + b""), (">", GET), ("<", OK)], [{"resp_body": "abc"}, {"resp_body": "ok"}]),
    "chunks with bare line feeds": ([(">", GET), ("<", b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nhi\n0\n\n"),
        (">", GET), ("<", OK)], [{"resp_body": "hi"}, {"resp_body": "ok"}]),
    "broken chunks": ([(">", GET + GET), ("<", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked"
        b"\r\n\r\n2\r\nhi\r\nzz\r\n" + OK), (">", GET), ("<", OK)],
        [{"resp_body": "hi", "note": "truncated"}, {"note": ""}, {"note": "", "resp_body": "ok"}]),
    "until the connection ends": ([(">", GET), ("<", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>"),
        ("<", b"x"), ("<close",)], [{"resp_body": "<p>x", "resp_body_size": 4, "note": ""}]),
    "equal lengths twice": ([(">", GET), ("<", OK.replace(b": 2\r\n", b": 2, 2\r\nContent-Length: 2\r\n")), (">", GET),
        ("<", OK)], [{"resp_body": "ok"}, {"resp_body": "ok"}]),
    "conflicting lengths: up to the next response": ([(">", GET + GET),
        ("<", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 9\r\n\r\nfive!" + OK)],
        [{"resp_body": "five!", "resp_body_size": 5}, {"resp_body": "ok"}]),
    "folded header, odd white space, empty value": ([(">", b"\r\n\r\nGET /a HTTP/1.1\r\nA: b\r\n \tc\r\nE:\r\nF : \t g \r\n\r\n"),
        ("<", OK)], [{"req_headers": '{"A":"b c","E":"","F":"g"}'}]),
    "bare line feeds": ([(">", b"GET /a HTTP/1.1\nHost: x\n\nGET /b HTTP/1.1\r\nHost: y\r\n\n"), ("<",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nokHTTP/1.1 204\n\n")], [{"req_path": "/a", "resp_body": "ok"},
        {"req_path": "/b", "resp_status": 204, "resp_message": ""}]),
    "repeated headers": ([(">", b"GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\na: 3\r\n\r\n"), ("<", OK)],
        [{"req_headers": '{"A":["1","3"],"B":"2"}'}]),
    "header bytes that are not UTF-8": ([(">", b'GET /\xe9"\x00 HTTP/1.1\r\nX: "\xff\\\x00\r\n\r\n'), ("<", OK)],
        [{"req_path": '/\\xe9"\\x00', "req_headers": json.dumps({"X": '"\\xff\\\\x00'}, separators=(",", ":"))}]),
    "a response to nothing": ([("<", OK)], [{"time_": 1_000_000, "req_method": None, "req_headers": None, "req_path": None,
        "req_body": None, "req_body_size": None, "minor_version": 1, "latency": None, "note": "no_request"}]),
    "answers to unseen HEAD": ([("<", OK[:-2] + OK[:-2]), ("<", OK)], [{"resp_body_size": 0}, {"resp_body_size": 0},
        {"resp_body": "ok"}]),
    "garbage, then a response": ([(">", GET), ("<", b"nonsense\r\n" + OK)], [{"resp_body": "ok", "note": ""}]),
    "a header line that is none": ([(">", b"GET /a HTTP/1.1\r\nnonsense\r\nHost: x\r\n\r\n"), ("<", OK)],
        [{"req_headers": '{"Host":"x"}', "note": ""}]),
    "cut in a response body": ([(">", GET), ("<", OK[:-1])], [{"resp_body": "o", "resp_body_size": 1, "note": "truncated"}]),
}  # fmt: skip

LOSS: Cases = {
    "gap in a body of known length": ([(">", GET), ("<", OK.replace(b": 2", b": 9") + b"cd"), ("<gap", 3), ("<", b"hi" + OK),
        (">", GET)], [{"resp_body": "okcd", "resp_body_size": 9, "note": "gap"}, {"note": "no_request"},
        {"note": "no_response"}]),
    "snap length in a request body": ([(">", POST + b"he"), (">gap", 3, TRUNCATED), ("<", OK), (">", GET), ("<", OK)],
        [{"req_body": "he", "req_body_size": 5, "note": "truncated"}, {"req_path": "/a", "note": ""}]),
    "gap in a body until the end": ([(">", GET), ("<", b"HTTP/1.1 200 OK\r\n\r\nab"), ("<gap", 10), ("<", b"cd"),
        ("<close",)], [{"resp_body": "ab", "resp_body_size": 14, "note": "gap"}]),
    "gap in chunks": ([(">", GET), ("<", chunked(b"abcdef")[:-12]), ("<gap", 8), ("<", b"\r\n\r\n"), (">", GET), ("<", OK),
        (">", GET), ("<", OK)], [{"resp_status": 200, "note": "gap"}, {"note": ""}, {"note": ""}]),
    "gap inside one chunk": ([(">", GET), ("<", chunked(b"abcdef")[:-11]), ("<gap", 2), ("<", b"ef\r\n0\r\n\r\n"), (">", GET),
        ("<", OK)], [{"resp_body": "ab", "resp_body_size": 6, "note": "gap"}, {"note": ""}]),
    "gap in a head": ([(">", GET), ("<", OK[:45]), ("<gap", 40), (">", GET), ("<", OK), (">", GET), ("<", OK)],
        [{"resp_status": 200, "resp_headers": '{"Content-Type":"text/plain"}', "resp_body": None, "note": "gap"},
        {"note": "", "resp_body": "ok"}, {"note": "", "resp_body": "ok"}]),
    "gap over a whole response": ([(">", GET), ("<gap", 90), (">", HEAD), ("<", OK[:-2]), (">", GET), ("<", OK)], [
        {"req_path": "/a", "note": "no_response"}, {"req_method": "HEAD", "resp_status": 200, "note": ""}, {"note": ""}]),
    "gap over a whole request": ([(">", GET), ("<", OK), (">gap", 29), ("<", OK[:-2]), (">", GET), ("<", OK), (">", GET),
        ("<", OK)], [{"note": ""}, {"note": "no_request"}, {"note": ""}, {"note": ""}]),
    "a response lost, then the next request": ([(">", GET), (">", b"PUT /b HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
        ("<gap", 70), (">gap", 90), ("<", NO_CONTENT), (">", GET), ("<", OK)],
        [{"note": "no_response"}, {"note": "no_response"}, {"note": "no_request"}, {"note": ""}]),
    "HEAD lost, and what followed its answer": ([(">", GET), ("<", OK), (">gap", 29), ("<", OK[:-2]), ("<gap", 50), ("<", OK)],
        [{"note": ""}, {"note": "no_request", "resp_body_size": 0}, {"note": "no_request", "resp_body": "ok"}]),
    "part of a body lost, its request unknown": ([("<", OK.replace(b": 2", b": 9")[:-2]), ("<gap", 4), ("<", b"abcde" + OK)],
        [{"note": "no_request,gap", "resp_body": "", "resp_body_size": 9}, {"resp_body": "ok"}]),
    "gap behind a refused expectation": ([(">", EXPECT), ("<", OK.replace(b"200 OK", b"417 No")), (">", b"GET /los"),
        (">gap", 40), ("<", OK), (">", GET), ("<", OK)], [{"req_path": "/up", "req_body_size": 0, "note": ""},
        {"req_path": "/los", "note": "gap"}, {"req_path": "/a", "note": ""}]),
    "every packet cut": ([(">", b"GET /long/path/that/is/cut/sho"), (">gap", 99, TRUNCATED), ("<", b"HTTP/1.1 200 OK\r\nServer: ng"),
        ("<gap", 99, TRUNCATED), (">", b"POST /next HTTP/1.1\r\nHost: h"), (">gap", 9, TRUNCATED),
        ("<", b"HTTP/1.1 404 Not Fou"), ("<gap", 9, TRUNCATED)],
        [{"req_path": "/long/path/that/is/cut/sho", "resp_status": 200, "resp_message": "OK", "note": "truncated"},
        {"req_method": "POST", "req_path": "/next", "resp_status": 404, "resp_body_size": None, "note": "truncated"}]),
}  # fmt: skip

MIDSTREAM: Cases = {
    "at the start of a request": ([(">", GET), ("<", OK), (">", GET), ("<", OK)], [{"note": ""}, {"note": ""}]),
    "inside a response": ([("<", b"tail of a body\r\n"), (">", GET), ("<", OK), (">", GET), ("<", OK)],
        [{"note": ""}, {"note": ""}]),
    "inside a request": ([(">", b"-Agent: x\r\n\r\n"), ("<", OK), (">", GET), ("<", OK)],
        [{"note": "no_request"}, {"note": ""}]),
    "a tail and a start together": ([(">", b"tail" + GET), ("<", b"tail" + OK)], [{"note": "", "resp_body": "ok"}]),
    "a method nobody registered": ([(">", b"BREW /a HTTP/1.1\r\n\r\n"), ("<", OK)], [{"req_method": "BREW"}]),
}  # fmt: skip


def check(records: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    assert [{name: record[name] for name in want} for record, want in zip(records, wanted, strict=True)] == wanted
