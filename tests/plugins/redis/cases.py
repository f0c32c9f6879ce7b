"""Exchanges and the records they make: (command, arguments, reply, note), an error with a minus sign in front."""

from tests.plugins.redis.exchange import Short, Step, command

Case = tuple[list[Step], list[Short]]

GET = command("GET", "k")
VALUE = b"$1\r\nv\r\n"
GOT: Short = ("GET", '["k"]', "v", "")


def value(reply: bytes, text: str) -> Case:
    """A reply alone, after a command, and its text."""
    return [(">", GET), ("<", reply), (">", GET), ("<", VALUE)], [("GET", '["k"]', text, ""), GOT]


def lines(*items: bytes) -> bytes:
    return b"".join(item + b"\r\n" for item in items)


REPLIES: dict[str, Case] = {
    "status": value(b"+OK\r\n", "OK"),
    "empty status": value(b"+\r\n", ""),
    "error": value(b"-ERR no\r\n", "-ERR no"),
    "integer": value(b":42\r\n", "42"),
    "negative integer": value(b":-2\r\n", "-2"),
    "string": value(b"$5\r\nhe\r\no\r\n", "he\r\no"),
    "empty string": value(b"$0\r\n\r\n", ""),
    "binary string": value(b"$3\r\n\x00\xff\x7f\r\n", "\\x00\\xff\x7f"),
    "null string": value(b"$-1\r\n", "null"),
    "null array": value(b"*-1\r\n", "null"),
    "empty array": value(b"*0\r\n", "[]"),
    "array": value(b"*2\r\n$1\r\na\r\n$2\r\nb\x7f\r\n", '["a","b\x7f"]'),
    "array with all types": value(b"*5\r\n:1\r\n$-1\r\n+a\r\n-E b\r\n*1\r\n$1\r\nx\r\n", '[1,null,"a","E b",["x"]]'),
    "array of odd numbers": value(b"*3\r\n:+5\r\n:007\r\n,.5\r\n", '["+5","007",".5"]'),
    "escapes in an array": value(b'*2\r\n$2\r\n"\\\r\n$2\r\n\x00\n\r\n', '["\\"\\\\","\\\\x00\\n"]'),
    "null": value(b"_\r\n", "null"),
    "double": value(b",1.5e3\r\n", "1.5e3"),
    "infinity": value(b",-inf\r\n", "-inf"),
    "doubles in an array": value(b"*4\r\n,1\r\n,inf\r\n,nan\r\n,1.5E-3\r\n", '[1,"inf","nan",1.5E-3]'),
    "true": value(b"#t\r\n", "true"),
    "bulk error": value(b"!5\r\nERR x\r\n", "-ERR x"),
    "verbatim": value(b"=8\r\ntxt:abcd\r\n", "abcd"),
    "big number": value(b"(-" + b"9" * 40 + b"\r\n", "-" + "9" * 40),
    "map": value(b"%2\r\n$1\r\na\r\n:1\r\n:2\r\n~1\r\n#f\r\n", '{"a":1,"2":[false]}'),
    "map with a map as key": value(b"%1\r\n%1\r\n+a\r\n+b\r\n_\r\n", '{"{\\"a\\":\\"b\\"}":null}'),
    "empty map and set": value(b"*2\r\n%0\r\n~0\r\n", "[{},[]]"),
    "attribute": value(b"|1\r\n+ttl\r\n*1\r\n:5\r\n+OK\r\n", "OK"),
    "attribute inside": value(b"*2\r\n|1\r\n+a\r\n|1\r\n+b\r\n+c\r\n+d\r\n:1\r\n:2\r\n", "[1,2]"),
    "empty attribute": value(b"|0\r\n:1\r\n", "1"),
    "streamed string": value(b"$?\r\n;2\r\nab\r\n;3\r\ncde\r\n;0\r\n", "abcde"),
    "streamed array": value(b"*?\r\n:1\r\n*?\r\n.\r\n$?\r\n;1\r\nx\r\n;0\r\n.\r\n", '[1,[],"x"]'),
    "streamed map and set": value(b"%?\r\n+a\r\n~?\r\n:1\r\n.\r\n.\r\n", '{"a":[1]}'),
    "nested as deep as is read": value(b"*1\r\n" * 127 + b"*0\r\n", "[" * 128 + "]" * 128),
}

REQUESTS: dict[str, Case] = {
    "lower case": ([(">", command("get", "k")), ("<", VALUE)], [GOT]),
    "no arguments": ([(">", command("PING")), ("<", b"+PONG\r\n")], [("PING", "[]", "PONG", "")]),
    "many arguments": (
        [(">", command("DEL", *"abcdefghijkl")), ("<", b":12\r\n")],
        [("DEL", '["a","b","c","d","e","f","g","h","i","j","k","l"]', "12", "")],
    ),
    "binary arguments": (
        [(">", command("SET", b"\x7f", b"\x00\xff") + command("GET", b"\xfe")), ("<", b"+OK\r\n" + VALUE)],
        [("SET", '["\x7f","\\\\x00\\\\xff"]', "OK", ""), ("GET", '["\\\\xfe"]', "v", "")],
    ),
    "line ends in arguments": (
        [(">", command("SET", "a\r\n*1\r\n", "\r\n")), ("<", b"+OK\r\n")],
        [("SET", '["a\\r\\n*1\\r\\n","\\r\\n"]', "OK", "")],
    ),
    "empty command": ([(">", command("")), ("<", b"-ERR unknown\r\n")], [("", "[]", "-ERR unknown", "")]),
    "long command": ([(">", command("x" * 70)), ("<", b"-E\r\n")], [("X" * 64 + "...", "[]", "-E", "")]),
    "nothing": ([(">", b"*0\r\n\r\n*-1\r\n\n" + GET), ("<", VALUE)], [GOT]),
    "inline": (
        [(">", b"set k 'it\\'s' \"a\\x41\\n\"\nGET k\r\n"), ("<", b"+OK\r\n" + VALUE)],
        [("SET", '["k","it\'s","aA\\n"]', "OK", ""), GOT],
    ),
    "unbalanced quotes": (
        [(">", b'SET k "v\r\n'), ("<", b"-ERR Protocol error: unbalanced quotes in request\r\n")],
        [("?", '["SET","k"]', "-ERR Protocol error: unbalanced quotes in request", "")],
    ),
    "bad length": (
        [(">", b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$-5\r\n"), ("<", b"-ERR Protocol error: invalid bulk length\r\n")],
        [("?", '["SET","k"]', "-ERR Protocol error: invalid bulk length", "")],
    ),
    "malformed but not complained of": (
        [(">", b"*1\r\n:5\r\n" + GET), ("<", VALUE)],
        [GOT],
    ),
    "pipelined": (
        [(">", GET * 3 + command("INCR", "n")), ("<", VALUE), ("<", b"$-1\r\n$1\r\nw\r\n:1\r\n")],
        [GOT, ("GET", '["k"]', "null", ""), ("GET", '["k"]', "w", ""), ("INCR", '["n"]', "1", "")],
    ),
    "transaction": (
        [(">", command("MULTI") + GET + command("EXEC")), ("<", b"+OK\r\n+QUEUED\r\n*1\r\n$1\r\nv\r\n")],
        [("MULTI", "[]", "OK", ""), ("GET", '["k"]', "QUEUED", ""), ("EXEC", "[]", '["v"]', "")],
    ),
    "never answered": (
        [(">", GET), ("<", VALUE), (">", GET)],
        [GOT, ("GET", '["k"]', None, "no_response")],
    ),
    "answer to nothing": (
        [("<", b"-ERR max number of clients reached\r\n")],
        [(None, None, "-ERR max number of clients reached", "no_request")],
    ),
    "cut off at the end": (
        [(">", GET + command("SET", "k", "value")[:-4]), ("<", b"$5\r\nval")],
        [
            ("GET", '["k"]', "val...(5 bytes)", "truncated"),
            ("SET", '["k","val...(5 bytes)"]', None, "truncated,no_response"),
        ],
    ),
}

SUBSCRIBE = command("SUBSCRIBE", "a", "b")
CONFIRMED = lines(b"*3", b"$9", b"subscribe", b"$1", b"a", b":1") + lines(
    b"*3", b"$9", b"subscribe", b"$1", b"b", b":2"
)
MESSAGE = lines(b"*3", b"$7", b"message", b"$1", b"a", b"$2", b"hi")
SUBSCRIBED: Short = ("SUBSCRIBE", '["a","b"]', '[["subscribe","a",1],["subscribe","b",2]]', "")
PUSHED: Short = ("MESSAGE", None, '["message","a","hi"]', "")
NOT_ALLOWED = b"-ERR Can't execute 'get': only (P|S)SUBSCRIBE are allowed in this context\r\n"
MONITOR_LINE = b'+1700000000.000001 [0 192.0.2.9:40000] "AUTH" "s3cret"\r\n'

MODES: dict[str, Case] = {
    "subscribed": (
        [
            (">", SUBSCRIBE),
            ("<", CONFIRMED + MESSAGE),
            (">", command("PING")),
            ("<", MESSAGE + b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
        ],
        [SUBSCRIBED, PUSHED, PUSHED, ("PING", "[]", '["pong",""]', "")],
    ),
    "not allowed while subscribed": (
        [(">", SUBSCRIBE), ("<", CONFIRMED), (">", GET), ("<", MESSAGE + NOT_ALLOWED)],
        [SUBSCRIBED, PUSHED, ("GET", '["k"]', NOT_ALLOWED.decode().strip(), "")],
    ),
    "looks like a message": (
        [(">", GET), ("<", MESSAGE)],
        [("GET", '["k"]', '["message","a","hi"]', "")],
    ),
    "unsubscribe from all": (
        [
            (">", SUBSCRIBE + command("UNSUBSCRIBE") + GET),
            ("<", CONFIRMED + CONFIRMED.replace(b"$9\r\ns", b"$11\r\nuns").replace(b":2", b":0") + VALUE),
        ],
        [SUBSCRIBED, ("UNSUBSCRIBE", "[]", '[["unsubscribe","a",1],["unsubscribe","b",0]]', ""), GOT],
    ),
    "unsubscribe from nothing": (
        [(">", command("PUNSUBSCRIBE")), ("<", b"*3\r\n$12\r\npunsubscribe\r\n$-1\r\n:0\r\n")],
        [("PUNSUBSCRIBE", "[]", '["punsubscribe",null,0]', "")],
    ),
    "subscription refused": (
        [(">", SUBSCRIBE + GET), ("<", b"-NOPERM no\r\n" + VALUE)],
        [("SUBSCRIBE", '["a","b"]', "-NOPERM no", ""), GOT],
    ),
    "half confirmed": (
        [(">", SUBSCRIBE), ("<", CONFIRMED[: len(CONFIRMED) // 2])],
        [("SUBSCRIBE", '["a","b"]', '["subscribe","a",1]', "no_response")],
    ),
    "unsubscribed by the server": (
        [
            (">", command("SSUBSCRIBE", "s")),
            (
                "<",
                lines(
                    b"*3", b"$10", b"ssubscribe", b"$1", b"s", b":1", b"*3", b"$12", b"sunsubscribe", b"$1", b"s", b":0"
                ),
            ),
            (">", GET),
            ("<", MESSAGE),
        ],
        [
            ("SSUBSCRIBE", '["s"]', '["ssubscribe","s",1]', ""),
            ("SUNSUBSCRIBE", None, '["sunsubscribe","s",0]', ""),
            ("GET", '["k"]', '["message","a","hi"]', ""),
        ],
    ),
    "pushes of RESP3": (
        [
            (">", SUBSCRIBE + GET),
            ("<", (CONFIRMED + MESSAGE).replace(b"*", b">") + b">2\r\n+invalidate\r\n*1\r\n+k\r\n" + VALUE),
            (">", GET),
            ("<", b">1\r\n:5\r\n" + MESSAGE),
        ],
        [
            SUBSCRIBED,
            PUSHED,
            ("INVALIDATE", None, '["invalidate",["k"]]', ""),
            GOT,
            ("PUSH", None, "[5]", ""),
            ("GET", '["k"]', '["message","a","hi"]', ""),
        ],
    ),
    "monitor": (
        [(">", command("MONITOR")), ("<", b"+OK\r\n" + MONITOR_LINE), (">", command("RESET")), ("<", b"+RESET\r\n")],
        [
            ("MONITOR", "[]", "OK", ""),
            ("MONITOR", None, '1700000000.000001 [0 192.0.2.9:40000] "AUTH" "[redacted]"', ""),
            ("RESET", "[]", "RESET", ""),
        ],
    ),
    "replies off": (
        [
            (">", command("CLIENT", "REPLY", "OFF") + GET + command("CLIENT", "REPLY", "ON") + GET),
            ("<", b"+OK\r\n" + VALUE),
        ],
        [
            ("CLIENT", '["REPLY","OFF"]', None, ""),
            ("GET", '["k"]', None, ""),
            ("CLIENT", '["REPLY","ON"]', "OK", ""),
            GOT,
        ],
    ),
    "reply skipped": (
        [(">", command("CLIENT", "REPLY", "SKIP") + command("SET", "k", "v") + GET), ("<", VALUE)],
        [("CLIENT", '["REPLY","SKIP"]', None, ""), ("SET", '["k","v"]', None, ""), GOT],
    ),
    "replication": (
        [
            (">", command("PSYNC", "?", "-1")),
            ("<", b"\n+CONTINUE abc\r\n"),
            ("<", GET),
            (">", command("REPLCONF", "ACK", "1")),
        ],
        [("PSYNC", '["?","-1"]', "CONTINUE abc", "")],
    ),
    "old replication": (
        [(">", command("SYNC")), ("<", b"$18\r\nREDIS0010\r\n\xff")],
        [("SYNC", "[]", "snapshot of 18 bytes", "")],
    ),
    "replication refused": (
        [(">", command("PSYNC", "?", "-1")), ("<", b"-NOPERM no\r\n"), (">", GET), ("<", VALUE)],
        [("PSYNC", '["?","-1"]', "-NOPERM no", ""), GOT],
    ),
}

LONG = command("SET", "k", "x" * 100)
LOSS: dict[str, Case] = {
    "of a reply, and then a whole exchange": (
        [("<gap", 100), (">", GET), ("<", VALUE), ("<", VALUE)],
        [GOT, (None, None, "v", "no_request")],
    ),
    "inside an argument": (
        [(">", LONG[:50]), (">gap", 20), (">", LONG[70:] + GET), ("<", b"+OK\r\n" + VALUE)],
        [("SET", '["k","' + "x" * 24 + '...(100 bytes)"]', "OK", "gap"), GOT],
    ),
    "to the end of an argument": (
        [(">", LONG[:50]), (">gap", len(LONG) - 50), ("<", b"+OK\r\n"), (">", GET), ("<", VALUE)],
        [("SET", '["k","' + "x" * 24 + '...(100 bytes)"]', "OK", "gap"), GOT],
    ),
    "only the line end of an argument": (
        [(">", LONG[:-2]), (">gap", 2), (">", GET), ("<", b"+OK\r\n" + VALUE)],
        [("SET", '["k","' + "x" * 100 + '"]', "OK", ""), GOT],
    ),
    "a header": (
        [(">", LONG[:21]), (">gap", 4), (">", LONG[25:]), ("<", b"+OK\r\n"), (">", GET), ("<", VALUE)],
        [("SET", '["k"]', "OK", "gap"), GOT],
    ),
    "the command": (
        [(">", LONG[:9]), (">gap", 3), (">", LONG[12:]), ("<", b"+OK\r\n"), (">", GET), ("<", VALUE)],
        [("?", '["[redacted]","[redacted]"]', "OK", "gap"), GOT],
    ),
    "a whole request": (
        [(">", GET), ("<", VALUE), (">gap", 20), ("<", b":1\r\n"), (">", GET), ("<", VALUE)],
        [GOT, (None, None, "1", "no_request"), GOT],
    ),
    "a whole reply": (
        [(">", GET), ("<gap", 5), (">", GET), ("<", VALUE), (">", GET), ("<", VALUE)],
        [("GET", '["k"]', None, "no_response"), GOT, GOT],
    ),
    "inside a reply": (
        [(">", GET), ("<", b"$9\r\nabc"), ("<gap", 3), ("<", b"ghi\r\n"), (">", GET), ("<", VALUE)],
        [("GET", '["k"]', "abc...(9 bytes)", "gap"), GOT],
    ),
    "inside a list": (
        [(">", GET), ("<", b"*3\r\n$3\r\nabc\r\n$3\r\nd"), ("<gap", 2), ("<", b"\r\n:3\r\n"), (">", GET), ("<", VALUE)],
        [("GET", '["k"]', '["abc","d...(3 bytes)",3]', "gap"), GOT],
    ),
    "the structure of a list": (
        [(">", GET), ("<", b"*4\r\n*2\r\n+a\r\n"), ("<gap", 9), ("<", b"+x\r\n$3\r\nabc\r\n"), (">", GET), ("<", VALUE)],
        [("GET", '["k"]', '[["a","..."],"..."]', "gap"), GOT],
    ),
    "the end of an error": (
        [(">", GET), ("<", b"-ERR unkn"), ("<cut", 9), (">", GET), ("<", VALUE)],
        [("GET", '["k"]', "-ERR unkn...", "truncated"), GOT],
    ),
    "in a pipeline": (
        [(">", GET + command("GET", "l")[:-4]), (">gap", 8), (">", b"\n$1\r\nm\r\n" + GET), ("<", lines(b":1", b":2", b":3", b":4"))],
        [
            ("GET", '["k"]', "1", ""),
            ("GET", "[]", "2", "gap"),
            (None, None, "3", "no_request"),
            ("GET", '["k"]', "4", ""),
        ],
    ),
    "of an inline command": (
        [(">", b"GET k\r\n"), ("<", VALUE), (">", b"INC"), (">gap", 3), (">", b"\r\n"), ("<", b":1\r\n"), (">", b"GET k\n"), ("<", VALUE)],
        [GOT, (None, None, "1", "no_request"), GOT],
    ),
    "of a confirmation": (
        [(">", SUBSCRIBE), ("<", CONFIRMED[:20]), ("<gap", len(CONFIRMED) - 20), (">", command("PING")), ("<", MESSAGE + b"*2\r\n$4\r\npong\r\n$0\r\n\r\n")],
        [("SUBSCRIBE", '["a","b"]', '["subscribe","..."]', "gap,no_response"), PUSHED, ("PING", "[]", '["pong",""]', "")],
    ),
    "a subscription": (
        [(">gap", len(SUBSCRIBE)), ("<", CONFIRMED + MESSAGE)],
        [
            ("SUBSCRIBE", None, '["subscribe","a",1]', "no_request"),
            ("SUBSCRIBE", None, '["subscribe","b",2]', "no_request"),
            PUSHED,
        ],
    ),
    "after which the server says nonsense": (
        [(">", GET), ("<", b"?\r\n"), (">", GET), ("<", VALUE)],
        [("GET", '["k"]', None, "no_response"), GOT],
    ),
}  # fmt: skip

MIDSTREAM: dict[str, Case] = {
    "inside a value": (
        [(">", b"rest\r\n"), ("<", b"+OK\r\n"), (">", GET), ("<", VALUE)],
        [(None, None, "OK", "no_request,midstream"), GOT],
    ),
    "inside a pipeline": (
        [(">", b"lue\r\n" + GET), ("<", b":1\r\n" + VALUE), (">", GET), ("<", VALUE)],
        [(None, None, "1", "no_request"), GOT, GOT],
    ),
    "subscribed": ([("<", MESSAGE * 2)], [PUSHED, PUSHED]),
    "monitoring": (
        [("<", b'40000] "GET" "k"\r\n' + MONITOR_LINE)],
        [("MONITOR", None, '1700000000.000001 [0 192.0.2.9:40000] "AUTH" "[redacted]"', "")],
    ),
    "unsubscribing": (
        [
            (">", command("UNSUBSCRIBE")),
            ("<", CONFIRMED.replace(b"$9\r\ns", b"$11\r\nuns").replace(b":2", b":3")),
            (">", command("PING")),
            ("<", b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
        ],
        [
            ("UNSUBSCRIBE", "[]", '[["unsubscribe","a",1],["unsubscribe","b",3]]', ""),
            ("PING", "[]", '["pong",""]', ""),
        ],
    ),
    "replicating": ([(">", command("REPLCONF", "ACK", "5")), ("<", GET)], []),
}

BEGUN_STEPS = [steps for steps, _ in (REPLIES | REQUESTS | MODES | LOSS).values()]
