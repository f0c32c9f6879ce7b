"""A process's arguments as one line of text that is safe to store: secrets left out, length bounded.

People do pass passwords on command lines. Which argument is one can only be guessed, so the guess is generous: a value
is left out when its name says password, secret, token, key or credential (`--db-password X`, `PGPASSWORD=X`,
`-Dspring.datasource.password=X`, `?api_key=X`, `"token": "X"`), when it stands in a URL between user and host, in a
header that authenticates, or behind the option by which a well-known client takes it (`mysql -pX`, `curl -u USER:X`).
The same holds for a script that is one argument (`sh -c "mysql -pX"`).
"""

import re
import shlex

from pxcap.core.text import REDACTED, clip_text

LIMIT = 4096  # bytes of the line kept
_RAW_LIMIT = 65536  # bytes of arguments looked at

_SECRET = re.compile(
    r"passw(?:or)?d|passphrase|pass(?:in|out)$|requirepass|masterauth|(?:^|[-_.])(?:pass|pwd|pw|auth)$"
    r"|secrets?(?:$|[-_.])|token(?:$|[-_.])|credentials?(?:$|[-_.])"
    r"|(?:api|access|private|secret|account|encryption|signing|master)[-_.]?key$"
)
_HARMLESS = re.compile(r"[-_.](?:file|path|dir|fd|type|length|policy|id|name|env|ttl|url|uri|timeout|class|mode)$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
_ASSIGNMENT = re.compile(r"(-{0,2}[A-Za-z_][\w.-]*)=(.+)", re.DOTALL)
# Lookbehinds and limits keep these linear: arguments are another's bytes, and long.
_NAME = re.compile(r"""(?<![\w.-])([A-Za-z_-][\w.-]{0,80})\\?["']?\s{0,9}[=:]\s{0,9}""")
_VALUE = re.compile(r"""\\?"[^"]*"|'[^']*'|[^\s&;,"'{}\[\])]+""")
_URL = re.compile(r"(?<![\w+.-])([A-Za-z][\w+.-]{0,30}://[^\s/:@?#]{0,255}):[^\s/]*(?=@)")
_HEADER = re.compile(r"""((?:authorization|cookie)["']?\s{0,9}[:=]\s{0,9})[^"'\r\n]+""", re.IGNORECASE)
_USER = re.compile(r"([^:\s]+):.+", re.DOTALL)
_SHELL_WORDS = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*'|["'])+|\s+""")
_PLAIN_WORDS = re.compile(r"\S+|\s+")
_QUOTED = re.compile(r"""[\s"'\\]|^$""")

_ATTACHED, _NEXT, _AFTER_USER = 1, 2, 4  # how the secret stands: -pX; -p X; USER:X instead of X
_PROGRAMS: tuple[tuple[re.Pattern[str], dict[str, int]], ...] = (
    (re.compile(r"(?:mysql|mariadb)[\w-]*|mydumper|myloader"), {"-p": _ATTACHED}),
    (re.compile(r"mongo[a-z]*|cqlsh|sshpass"), {"-p": _ATTACHED | _NEXT}),
    (re.compile(r"(?:redis|valkey|keydb)-\w+"), {"-a": _NEXT}),
    (re.compile(r"ldap\w+"), {"-w": _ATTACHED | _NEXT}),
    (re.compile(r"mosquitto_\w+|sqlcmd|bcp"), {"-P": _ATTACHED | _NEXT}),
    (
        re.compile(r"curl|wget|https?|ab|etcdctl"),
        {"-u": _ATTACHED | _NEXT | _AFTER_USER, "-U": _ATTACHED | _NEXT | _AFTER_USER}
        | dict.fromkeys(("--user", "--proxy-user", "-a", "--auth", "-A"), _NEXT | _AFTER_USER),
    ),
)


def arguments(cmdline: bytes) -> list[bytes]:
    """The arguments in the content of a `/proc/PID/cmdline`; none for a kernel thread.

    A process may write there what it likes: one that wrote a title (`postgres: writer`) has it as its only argument.
    """
    return cmdline.rstrip(b"\0").split(b"\0") if cmdline.strip(b"\0") else []


def command_line(cmdline: bytes) -> str:
    """One line from the content of a `/proc/PID/cmdline`, secrets left out, at most `LIMIT` bytes.

    Arguments with spaces or quotes are quoted as for a shell, except a title that the process wrote itself.
    """
    argv = [str(argument, "utf-8", "surrogateescape") for argument in arguments(cmdline[:_RAW_LIMIT])]
    words = _clean(argv, 0)
    if len(words) > 1:
        words = [shlex.quote(word) if _QUOTED.search(word) else word for word in words]
    line = " ".join(" ".join(words).splitlines())
    return clip_text(line.encode("utf-8", "surrogateescape"), LIMIT)


def is_secret(name: str) -> bool:
    """Whether an option, variable or key of that name holds a secret."""
    name = _CAMEL.sub("-", name.lstrip("-")).lower()
    return bool(_SECRET.search(name)) and not _HARMLESS.search(name)


def _clean(words: list[str], depth: int) -> list[str]:
    """The words without their secrets; what one means depends on the program and the option before it."""
    cleaned: list[str] = []
    options: dict[str, int] = {}
    awaited = 0
    for word in words:
        if word.isspace():
            cleaned.append(word)
            continue
        options = _options_of(word) or options
        if awaited and not _stands_alone(word):
            cleaned.append(_hide(word, awaited))
            awaited = 0
        else:
            text, awaited = _word(word, options, depth)
            cleaned.append(text)
    return cleaned


def _word(word: str, options: dict[str, int], depth: int) -> tuple[str, int]:
    """The word without a secret of its own, and how the next word is one (0: it is not)."""
    if (how := options.get(word, 0)) & _NEXT:
        return word, how
    if (how := options.get(word[:2], 0)) & _ATTACHED and len(word) > 2:
        return word[:2] + _hide(word[2:], how), 0
    if _OPTION.fullmatch(word):
        return word, _NEXT if is_secret(word) else 0
    if match := _ASSIGNMENT.fullmatch(word):
        how = options.get(match[1], 0) or (_NEXT if is_secret(match[1]) else 0)
        if how:
            return f"{match[1]}={_hide(match[2], how)}", 0
    return _text(word, depth), 0


def _hide(word: str, how: int) -> str:
    return _USER.sub(rf"\1:{REDACTED}", word) if how & _AFTER_USER else REDACTED


def _stands_alone(word: str) -> bool:
    """Whether it is an option although a value was awaited; a password may begin with a hyphen, though."""
    return word.startswith("--") or (len(word) == 2 and word[0] == "-")


def _options_of(word: str) -> dict[str, int] | None:
    """The options that hold a secret for the program this word names, if it names one."""
    name = word.strip("\"'").rpartition("/")[2]
    return next((options for pattern, options in _PROGRAMS if pattern.fullmatch(name)), None)


def _text(text: str, depth: int) -> str:
    """Any text without the secrets in it: a script for a shell, a URL, a header, JSON, a connection string."""
    text = _HEADER.sub(rf"\1{REDACTED}", text)
    if depth < 2 and re.search(r"\s", text):  # a script, and a quoted script in it
        text = "".join(_clean((_PLAIN_WORDS if depth else _SHELL_WORDS).findall(text), depth + 1))
    return _hide_named(_URL.sub(rf"\1:{REDACTED}", text))


def _hide_named(text: str) -> str:
    """Hide the values whose names say that they are secret; a value may itself hold a name (`OPTS=-Dpassword=X`)."""
    pieces: list[str] = []
    position = 0
    for name in _NAME.finditer(text):
        if name.start() >= position and is_secret(name[1]) and (value := _VALUE.match(text, name.end())):
            pieces += (text[position : name.end()], REDACTED)
            position = value.end()
    return "".join([*pieces, text[position:]])
