"""Object ids of the built-in types that are decoded, and their names.

Source: `src/include/catalog/pg_type.dat` of PostgreSQL 18: these numbers never change between versions.
"""

BOOL, BYTEA, CHAR, NAME, INT8, INT2, INT4, TEXT, OID, JSON, XML = 16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142
CIDR, FLOAT4, FLOAT8, MACADDR, MONEY, INET, BPCHAR, VARCHAR = 650, 700, 701, 829, 790, 869, 1042, 1043
DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL, TIMETZ, BIT, VARBIT = 1082, 1083, 1114, 1184, 1186, 1266, 1560, 1562
NUMERIC, REGPROC, XID, UNKNOWN, UUID, JSONB, JSONPATH, XID8 = 1700, 24, 28, 705, 2950, 3802, 4072, 5069

NAMES = {
    0: "unspecified",
    BOOL: "bool",
    BYTEA: "bytea",
    CHAR: "char",
    NAME: "name",
    INT8: "int8",
    INT2: "int2",
    REGPROC: "regproc",
    INT4: "int4",
    TEXT: "text",
    OID: "oid",
    XID: "xid",
    JSON: "json",
    XML: "xml",
    CIDR: "cidr",
    FLOAT4: "float4",
    FLOAT8: "float8",
    UNKNOWN: "unknown",
    MONEY: "money",
    MACADDR: "macaddr",
    INET: "inet",
    BPCHAR: "bpchar",
    VARCHAR: "varchar",
    DATE: "date",
    TIME: "time",
    TIMESTAMP: "timestamp",
    TIMESTAMPTZ: "timestamptz",
    INTERVAL: "interval",
    TIMETZ: "timetz",
    BIT: "bit",
    VARBIT: "varbit",
    NUMERIC: "numeric",
    2278: "void",
    2249: "record",
    UUID: "uuid",
    JSONB: "jsonb",
    JSONPATH: "jsonpath",
    XID8: "xid8",
}
ARRAYS = {
    143: XML,
    199: JSON,
    651: CIDR,
    791: MONEY,
    1000: BOOL,
    1001: BYTEA,
    1002: CHAR,
    1003: NAME,
    1005: INT2,
    1007: INT4,
    1008: REGPROC,
    1009: TEXT,
    1011: XID,
    1014: BPCHAR,
    1015: VARCHAR,
    1016: INT8,
    1021: FLOAT4,
    1022: FLOAT8,
    1028: OID,
    1040: MACADDR,
    1041: INET,
    1115: TIMESTAMP,
    1182: DATE,
    1183: TIME,
    1185: TIMESTAMPTZ,
    1187: INTERVAL,
    1231: NUMERIC,
    1270: TIMETZ,
    1561: BIT,
    1563: VARBIT,
    2951: UUID,
    3807: JSONB,
}
"""Array type to the type of its elements."""


def type_name(oid: int) -> str:
    """Name of a type; arrays as `int4[]`, others by number."""
    name = NAMES.get(oid)
    if name is None:
        element = ARRAYS.get(oid)
        name = f"{NAMES.get(element, element)}[]" if element is not None else f"oid {oid}"
    return name
