"""Byte layout and limits of DNS (RFC 1035, section 4). All integers are big-endian."""

from construct import Int8ub, Int16ub, Int32ub, Struct

from pxcap.core.layout import layout

UNICAST, MDNS, LLMNR = "", "mdns", "llmnr"  # which of the three services a message belongs to
PORT, MDNS_PORT, LLMNR_PORT = 53, 5353, 5355
MDNS_GROUPS = frozenset({"224.0.0.251", "ff02::fb"})  # RFC 6762, section 3
LLMNR_GROUPS = frozenset({"224.0.0.252", "ff02::1:3"})  # RFC 4795, section 2

# RFC 1035, section 4.1.1; AD and CD: RFC 4035, section 3
HEADER = layout(
    Struct(
        "ident" / Int16ub,
        "flags" / Int16ub,
        "queries" / Int16ub,
        "answers" / Int16ub,
        "authority" / Int16ub,
        "additional" / Int16ub,
    ),
    "dns header",
)
HEADER_SIZE = 12

# Section 4.1.2, behind the name; the top bit of the class asks for a unicast answer in mDNS (RFC 6762, section 5.4)
QUESTION = layout(Struct("qtype" / Int16ub, "qclass" / Int16ub), "dns question")
QUESTION_SIZE = 4

# Section 4.1.3, behind the name; the top bit of the class is cache-flush in mDNS (RFC 6762, section 10.2)
RECORD = layout(Struct("rtype" / Int16ub, "rclass" / Int16ub, "ttl" / Int32ub, "size" / Int16ub), "dns record")
RECORD_SIZE = 10

# RFC 6891, section 6.1.2
OPTION = layout(Struct("code" / Int16ub, "size" / Int16ub), "edns option")

# RFC 7871, section 6
SUBNET = layout(Struct("family" / Int16ub, "source" / Int8ub, "scope" / Int8ub), "edns client subnet")

# Section 3.3.13, behind the two names
SOA_NUMBERS = layout(
    Struct("serial" / Int32ub, "refresh" / Int32ub, "retry" / Int32ub, "expire" / Int32ub, "minimum" / Int32ub),
    "dns soa numbers",
)
SOA_NUMBERS_SIZE = 20

# RFC 2782, in front of the target
SRV_NUMBERS = layout(Struct("priority" / Int16ub, "weight" / Int16ub, "port" / Int16ub), "dns srv numbers")
SRV_NUMBERS_SIZE = 6

QR, AA, TC, RD, RA, Z, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
OPCODE_BITS = 0x7800

MAX_NAME = 255  # section 2.3.4, as on the wire, the root's length byte included
MAX_JUMPS = 127  # a name of 255 bytes has no more labels, and a pointer in front of each is the most that makes sense
SMALLEST_QUESTION = 5  # root name, type, class
SMALLEST_RECORD = 11  # root name, fixed part, no data

PREFIX_SIZE = 2  # of a message over TCP (section 4.2.2)
