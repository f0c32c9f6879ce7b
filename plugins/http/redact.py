"""Secrets that HTTP carries in the open: credentials in headers, targets and login forms."""

import re

from pxcap.core.text import REDACTED

_NAMES = (
    r"(?:(?:[\w.-]*[_.-])?(?:access|refresh|id|auth|session|bearer|csrf|xsrf|security|api)[_-]?token|token"
    r"|(?:[\w.-]*[_-])?(?:password|passwd|passphrase|secret|api[_-]?key|apikey|private[_-]?key|signature)"
    r"|pass|pwd|secret[_-]?key|secret[_-]?access[_-]?key|new[_-]?password|auth|authorization|jwt|sig|x-amz-credential)"
)
_HEADER = re.compile(
    r"(?:.*[_-])?(?:authorization|cookie2?|token|secret|password|passwd|api[_-]?key|apikey|auth[_-]?key|subscription-key"
    r"|signature|credentials?|authentication-info|session[_-]?id)",
    re.IGNORECASE,
)
_TARGET_HEADERS = frozenset({"location", "referer", "content-location", "refresh"})
_QUERY = re.compile(rf"([?&;#]{_NAMES}=)[^&;#\s]*", re.IGNORECASE)
_FORM = re.compile(rf"((?:^|&){_NAMES}=)[^&]*", re.IGNORECASE)
_USERINFO = re.compile(r"(^|[^A-Za-z0-9])([A-Za-z][A-Za-z0-9+.-]*://)[^/?#@\s]+@")
_JSON = re.compile(rf'("{_NAMES}"\s*:\s*)(?:"(?:[^"\\]|\\.)*+"?|[^\s,}}\]"\[{{]+)', re.IGNORECASE)
_CAMEL = re.compile(r'("\w*(?:Password|Passwd|Secret|ApiKey|Token)"\s*:\s*)(?:"(?:[^"\\]|\\.)*+"?|[^\s,}\]"\[{]+)')
_PART = re.compile(
    rf'(\bname="{_NAMES}"[^\r\n]{{0,200}}(?:\r?\n[^\r\n]{{1,200}}){{0,4}}\r?\n\r?\n)(?:(?!\r?\n--).)*',
    re.IGNORECASE | re.DOTALL,
)


def is_secret_header(name: str) -> bool:
    """Whether the value of a header of that name is a secret."""
    return _HEADER.fullmatch(name) is not None


def is_target_header(name: str) -> bool:
    """Whether the value of a header of that name, in lower case, is a URL that may hold secrets."""
    return name in _TARGET_HEADERS


def redact_target(target: str) -> str:
    """A request target or URL without the values of secret parameters and without user and password."""
    if "@" in target:
        target = _USERINFO.sub(rf"\1\2{REDACTED}@", target)
    if "=" in target and _may_hold_secrets(target):
        target = _QUERY.sub(rf"\1{REDACTED}", target)
    return target


def redact_body(text: str, kind: str) -> str:
    """A body's text without the values of secret fields; `kind` is "form", "json" or "multipart"."""
    if not _may_hold_secrets(text):
        return text
    if kind == "form":
        return _FORM.sub(rf"\1{REDACTED}", text)
    if kind == "json":
        text = _JSON.sub(rf'\1"{REDACTED}"', text)
        return _CAMEL.sub(rf'\1"{REDACTED}"', text)
    return _PART.sub(rf"\1{REDACTED}", text)


def _may_hold_secrets(text: str) -> bool:
    """Whether a part of some secret's name is in the text: most texts end here, ten times as fast as by expression."""
    low = text.lower()
    return (
        "ey" in low or "ass" in low or "oken" in low or "ecret" in low or "pwd" in low or "uth" in low
        or "sig" in low or "jwt" in low or "cred" in low
    )  # fmt: skip
