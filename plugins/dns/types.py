"""Names of the numbers in DNS messages, as presentation format has them."""

from functools import lru_cache

import dns.rdataclass
import dns.rdatatype

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, OPT = 1, 2, 5, 6, 12, 15, 16, 28, 33, 41
NB, NBSTAT = 32, 33  # of NetBIOS (RFC 1002, section 4.2.1.2), which borrows the layout of DNS
IN, CH, HS, NONE, ANY = 1, 3, 4, 254, 255
CLASSES = frozenset({IN, CH, HS, NONE, ANY})

QUERY, IQUERY, STATUS, NOTIFY, UPDATE, DSO = 0, 1, 2, 4, 5, 6
OPCODES = {QUERY: "QUERY", IQUERY: "IQUERY", STATUS: "STATUS", NOTIFY: "NOTIFY", UPDATE: "UPDATE", DSO: "DSO"}

# IANA "DNS RCODEs"; 16 and 23 need the eight upper bits in OPT (RFC 6891, section 6.1.3; RFC 7873, section 5.2.3).
# 17 to 22 belong into TSIG and TKEY records, not into a header.
_PLAIN_RCODES = (
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
    "DSOTYPENI",
)
RCODES = {**dict(enumerate(_PLAIN_RCODES)), 16: "BADVERS", 23: "BADCOOKIE"}


@lru_cache(maxsize=1024)
def type_name(number: int) -> str:
    """A record type as text; TYPE65280 for one without a name (RFC 3597, section 5)."""
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


@lru_cache(maxsize=1024)
def class_name(number: int) -> str:
    """A class as text; CLASS42 for one without a name (RFC 3597, section 5)."""
    return dns.rdataclass.to_text(dns.rdataclass.RdataClass.make(number))


def rcode_name(number: int) -> str:
    """A response code, 0..4095, as text; RCODE12 for one without a name."""
    return RCODES.get(number) or f"RCODE{number}"
