"""The JSON of INFO and CONNECT, as stored: in wire order, secrets hidden."""

import json

from pxcap.core.text import REDACTED, quote, to_json, to_text

SECRETS = frozenset({"pass", "password", "auth_token", "token", "sig", "proxy_sig", "jwt", "nkey", "seed"})
"""Options of CONNECT that prove who one is (client protocol reference, CONNECT); `user` is kept."""


def connect_body(text: bytes, redact: bool) -> tuple[str, dict[str, object] | None]:
    """The options of a CONNECT as JSON, and as read; what cannot be read is not shown, for it may hold a secret."""
    options = read_options(text)
    if options is None:
        return to_json({"options": REDACTED if redact else to_text(text)}), None
    shown = {key: REDACTED if redact and key.lower() in SECRETS and value else value for key, value in options.items()}
    return _render(shown), options


def info_body(text: bytes) -> tuple[str, dict[str, object] | None]:
    """The same for INFO; what cannot be read stands as text under `info`."""
    options = read_options(text)
    return ('{"info":' + quote(to_text(text)) + "}" if options is None else _render(options)), options


def read_options(text: bytes) -> dict[str, object] | None:
    """A JSON object, or None."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _render(value: object) -> str:
    """As JSON that every store takes: no NUL, and half a surrogate pair as the escape it came as."""
    return to_json(_without_nul(value)).encode("utf-8", "backslashreplace").decode()


def _without_nul(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\0", "\\x00")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    return value
