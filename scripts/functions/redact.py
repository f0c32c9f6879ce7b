"""Personal data taken out of text, as well as patterns can tell: never rely on it alone.

What looks like a number of a kind is checked as that kind is: cards and phones by Luhn's sum (ISO/IEC 7812-1), accounts by
country, length and remainder (ISO 13616), addresses by reading them.
"""

import ipaddress
import re
from collections.abc import Callable

from pxcap.scripts.functions.arrays import distinct
from pxcap.scripts.functions.base import Function, Overload, S

# Length of an account number by country: ISO 13616, IBAN registry.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU XK", 21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST", 26: "IS TR", 27: "FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB PL SV", 29: "BR EG PS QA UA",
        30: "JO KW MU", 31: "MT SC", 32: "LC",
    }.items()
    for country in countries.split()
}  # fmt: skip
_OCTET = r"(?:25[0-5]|2[0-4]\d|[01]?\d{1,2})"


def _digits(text: str) -> str:
    return text.replace(" ", "").replace("-", "")


def _luhn(text: str) -> bool:
    total = 0
    for at, digit in enumerate(reversed(_digits(text))):
        value = int(digit) * (1 + at % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _ssn(text: str) -> bool:
    area, group, serial = re.split(r"[ -]+", text)
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def _always(_: str) -> bool:
    return True


def _iban(text: str) -> str:
    """Takes the numbers out itself: only the country tells where one ends."""
    done: list[str] = []
    at = 0
    for match in _IBAN_START.finditer(text):
        if match.start() < at:
            continue
        length = _IBAN_LENGTHS.get(match[0][:2].upper(), 0)
        whole = ""
        end = match.start()
        while end < len(text) and len(whole) < length:
            if text[end].isascii() and text[end].isalnum():
                whole += text[end]
            elif text[end] not in " -":
                break
            end += 1
        following = text[end : end + 1]
        if not length or len(whole) < length or (following.isascii() and following.isalnum()):
            continue
        if int("".join(str(int(one, 36)) for one in whole[4:] + whole[:4])) % 97 == 1:
            done += [text[at : match.start()], "<REDACTED_IBAN>"]
            at = end
    return "".join(done) + text[at:]


_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ -]?\d{2}(?=[ -]?[A-Za-z0-9])", re.ASCII)
_Rule = tuple[str, str, re.Pattern[str], Callable[[str], bool]]
_RULES: tuple[_Rule, ...] = (  # in this order: an address may be part of what comes before it
    (
        "email",
        "EMAIL",
        re.compile(r"[0-9A-Za-z!#$%&'*+/=?^_`{|}~.-]{1,64}(?:@|%40)(?:[A-Za-z0-9-]{1,63}\.){0,8}[A-Za-z0-9-]{1,63}"),
        _always,
    ),
    (
        "ipv6",
        "IPV6",
        re.compile(
            rf"(?<![\w:.])(?=[\da-fA-F]{{0,4}}:)(?:[\da-fA-F:]{{2,30}}:{_OCTET}(?:\.{_OCTET}){{3}}|[\da-fA-F:]{{2,39}})"
            r"(?![\w:]|\.\d)",
            re.ASCII,
        ),
        _ipv6,
    ),
    ("ipv4", "IPV4", re.compile(rf"(?<![\d.]){_OCTET}(?:\.{_OCTET}){{3}}(?!\d|\.\d)", re.ASCII), _always),
    ("mac_addr", "MAC_ADDR", re.compile(r"(?<![\w:-])(?:[\da-fA-F]{2}[-:]){5}[\da-fA-F]{2}(?![\w:-])", re.ASCII), _always),
    ("imei", "IMEI", re.compile(r"(?<![\d-])\d{2}-\d{6}-\d{6}-(?:\d{2}|\d)(?![\d-])", re.ASCII), lambda text: text[-3] == "-" or _luhn(text)),
    ("cc_number", "CC_NUMBER", re.compile(r"(?<!\d)\d(?:[ -]{0,2}\d){12,18}(?!\d)", re.ASCII), _luhn),
    ("ssn", "SSN", re.compile(r"(?<!\d)\d{3}[ -]{1,3}\d{2}[ -]{1,3}\d{4}(?!\d)", re.ASCII), _ssn),
)  # fmt: skip


def _apply(rule: _Rule, text: str) -> str:
    _, tag, pattern, valid = rule
    return pattern.sub(lambda match: f"<REDACTED_{tag}>" if valid(match[0]) else match[0], text)


def redact(text: str) -> str:
    """The text with everything known to be personal replaced by `<REDACTED_KIND>`."""
    if not re.search(r"[0-9@:-]", text):
        return text
    text = _iban(text)
    for rule in _RULES:
        text = _apply(rule, text)
    return text


def _one(rule: _Rule) -> Function:
    return Function(
        f"redact_{rule[0]}",
        f"The text with <REDACTED_{rule[1]}> for what looks like one.",
        (Overload((S,), S),),
        arrow=distinct(lambda text: _apply(rule, text), S),
    )


FUNCTIONS = (
    Function(
        "redact_pii_best_effort",
        "The text with e-mail, IP and MAC addresses, numbers of cards, accounts, phones and social security taken out.",
        (Overload((S,), S),),
        arrow=distinct(redact, S),
    ),
    Function("redact_iban", "The text with <REDACTED_IBAN> for account numbers.", (Overload((S,), S),), arrow=distinct(_iban, S)),
    *(_one(rule) for rule in _RULES),
)  # fmt: skip
