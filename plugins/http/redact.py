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
    rf'(\bname="{_NAMES}"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)(?:(?!\r?\n--).)*', re.IGNORECASE | re.DOTALL
)
_HINTS = ("ass", "ASS", "oken", "OKEN", "ecret", "ECRET", "ey", "EY", "pwd", "PWD", "uth", "UTH", "jwt", "sig", "SIG")


def redact_header(name: str, value: str) -> str:
    """The value of a header, or `REDACTED` when its name says that it is a secret."""
    if _HEADER.fullmatch(name):
        return REDACTED
    return redact_target(value) if name.lower() in _TARGET_HEADERS else value


def redact_target(target: str) -> str:
    """A request target or URL without the values of secret parameters and without user and password."""
    if "@" in target:
        target = _USERINFO.sub(rf"\1\2{REDACTED}@", target)
    return _QUERY.sub(rf"\1{REDACTED}", target) if "=" in target else target


def redact_body(text: str, kind: str) -> str:
    """A body's text without the values of secret fields; `kind` is "form", "json" or "multipart"."""
    if not any(hint in text for hint in _HINTS):
        return text
    if kind == "form":
        return _FORM.sub(rf"\1{REDACTED}", text)
    if kind == "json":
        text = _JSON.sub(rf'\1"{REDACTED}"', text)
        return _CAMEL.sub(rf'\1"{REDACTED}"', text)
    return _PART.sub(rf"\1{REDACTED}", text)
