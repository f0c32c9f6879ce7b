"""Where secrets stand in commands and replies. User names are kept.

Source: the command reference of Redis 7 (AUTH, HELLO, ACL SETUSER, CONFIG SET, MIGRATE, SENTINEL SET).
"""

import json
import re

from pxcap.core.text import REDACTED, quote, to_json

SECRET_COMMANDS = frozenset({"ACL", "AUTH", "CONFIG", "HELLO", "MIGRATE", "SENTINEL", "SLOWLOG"})

_SETTINGS = frozenset(
    {"requirepass", "masterauth", "auth-pass", "sentinel-pass", "tls-key-file-pass", "tls-client-key-file-pass"}
)
_PASSWORD_MARKS = ("<", ">", "#", "!")  # of ACL rules
_ACL_PASSWORD = re.compile(r"(?<= )[#<>!]\S+")


def redact_args(cmd: str, args: list[str]) -> list[str]:
    """The arguments of `cmd` (upper case, without the command itself) with secrets replaced."""
    if cmd == "AUTH":
        return [REDACTED] * len(args) if len(args) < 2 else [args[0], *[REDACTED] * (len(args) - 1)]
    if cmd == "HELLO":
        return _hide_after(args, 0, {"AUTH": 1})
    if cmd == "MIGRATE":
        return _hide_after(args, 5, {"AUTH": 0, "AUTH2": 1})
    if cmd == "ACL" and args and args[0].upper() == "SETUSER":
        return args[:2] + [a[0] + REDACTED if a.startswith(_PASSWORD_MARKS) else a for a in args[2:]]
    if cmd in ("CONFIG", "SENTINEL"):
        return [REDACTED if i and args[i - 1].lower() in _SETTINGS else a for i, a in enumerate(args)]
    return args


def _hide_after(args: list[str], start: int, options: dict[str, int]) -> list[str]:
    """Hide the word after each option from `start` on, past as many words (user names) as the option's number."""
    out = list(args)
    i = start
    while i < len(out):
        word = out[i].upper()
        if word == "KEYS":
            break
        skip = options.get(word)
        if skip is not None:
            i += skip + 1
            if i < len(out):
                out[i] = REDACTED
        i += 1
    return out


def redact_unparsed(words: list[str]) -> list[str]:
    """The words of something that is no command; nothing behind a word that announces secrets is kept."""
    if words and words[0].upper() in SECRET_COMMANDS:
        return words[:1] + [REDACTED] * (len(words) > 1)
    return words


def has_secret_reply(cmd: str, args: list[str]) -> bool:
    """Whether the reply to a command can hold passwords or their hashes."""
    sub = args[0].upper() if args else ""
    return (cmd, sub) in {
        ("CONFIG", "GET"),
        ("SENTINEL", "CONFIG"),
        ("ACL", "LIST"),
        ("ACL", "GETUSER"),
        ("ACL", "GENPASS"),
        ("SLOWLOG", "GET"),
    }


def redact_reply(cmd: str | None, text: str) -> str:
    """A reply as stored (`cmd` is None when its request was lost) with the secrets it may hold replaced."""
    if text[:1] not in ("[", "{"):
        return REDACTED if cmd == "ACL" else text
    try:
        return to_json(_redact_tree(json.loads(text)))
    except ValueError:  # not JSON after all: a string that starts with a bracket
        return text


def suspicious(text: str) -> bool:
    """Whether a reply of unknown meaning names a secret setting."""
    return '"requirepass"' in text or '"masterauth"' in text or '"passwords"' in text


def _redact_tree(node: object, depth: int = 0) -> object:
    if isinstance(node, dict):
        return {k: _secret_value(k, v, depth) for k, v in node.items()}
    if isinstance(node, list):
        if depth and node and isinstance(node[0], str) and node[0].upper() in SECRET_COMMANDS:  # SLOWLOG
            return [node[0], *redact_args(node[0].upper(), [str(a) for a in node[1:]])]
        return [_secret_value(node[i - 1] if i else None, v, depth) for i, v in enumerate(node)]
    if isinstance(node, str):
        return _ACL_PASSWORD.sub(lambda m: m.group()[0] + REDACTED, node) if node.startswith("user ") else node
    return node


def _secret_value(name: object, value: object, depth: int) -> object:
    if isinstance(name, str):
        if name == "passwords" and isinstance(value, list):
            return [REDACTED] * len(value)
        if name.lower() in _SETTINGS and isinstance(value, str):
            return REDACTED if value else value
    return _redact_tree(value, depth + 1)


def redact_line(words: list[str], text: str) -> str:
    """A MONITOR line: `words` are the command it shows, `text` is the line."""
    if not words or words[0].upper() not in SECRET_COMMANDS:
        return text
    args = redact_args(words[0].upper(), words[1:])
    if args == words[1:]:
        return text
    return text[: text.index("] ") + 2] + " ".join(quote(w) for w in (words[0], *args))
