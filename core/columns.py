"""Columns and tables as data: what a protocol declares, and what a store makes tables from."""

from dataclasses import dataclass
from enum import Enum


class ColumnType(Enum):
    """How a value is stored. The Python value of a row is what stands behind each."""

    INT64 = "INT64"  # int or None
    INT = "INT"  # int or None, fits 32 bits
    TEXT = "TEXT"  # str without NUL characters, or None
    JSON = "JSON"  # str holding one JSON value, or None
    BOOL = "BOOL"  # bool or None; in hot loops 0 and 1, which SQLite's driver takes twice as fast


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `unit` is "ns" (duration), "ns since epoch", "bytes" or empty; `meaning` is a sentence for people."""

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the store: every column in row order, and other names under which it can be read."""

    name: str
    columns: tuple[Column, ...]
    meaning: str
    aliases: tuple[str, ...] = ()


_T = ColumnType
ADDRESS_COLUMNS: tuple[Column, ...] = (
    Column("upid", _T.TEXT, "Process as node:pid:start; empty when read from packets."),
    Column("remote_addr", _T.TEXT, "Address of the other side; from packets: the client."),
    Column("remote_port", _T.INT, "Port of the other side."),
    Column("local_addr", _T.TEXT, "Address of this side; from packets: the server."),
    Column("local_port", _T.INT, "Port of this side."),
    Column("trace_role", _T.INT, "Role of this side: 1 client, 2 server, 4 unknown."),
)
LEADING_COLUMNS: tuple[Column, ...] = (
    Column("time_", _T.INT64, "When the request began (its first byte).", "ns since epoch"),
    *ADDRESS_COLUMNS,
    Column("encrypted", _T.BOOL, "Seen through TLS."),
)
TRAILING_COLUMNS: tuple[Column, ...] = (
    Column(
        "latency", _T.INT64, "From the first byte of the request to the response; NULL when either is missing.", "ns"
    ),
    Column(
        "note",
        _T.TEXT,
        "Empty for a clean record, else why it is doubtful, comma separated:"
        " no_request, no_response, gap, midstream, truncated, guessed.",
    ),
)
CONN_STATS = Table(
    "conn_stats",
    (
        Column("time_", _T.INT64, "When these totals were taken: the last packet seen.", "ns since epoch"),
        *ADDRESS_COLUMNS,
        Column("addr_family", _T.INT, "2 IPv4, 10 IPv6."),
        Column("protocol", _T.TEXT, "Protocol recognised on the connections; empty when none was."),
        Column("ssl", _T.BOOL, "Seen through TLS."),
        Column("conn_open", _T.INT64, "Connections opened."),
        Column("conn_close", _T.INT64, "Connections closed."),
        Column("conn_active", _T.INT64, "Connections still open."),
        Column("bytes_sent", _T.INT64, "Payload sent by this side.", "bytes"),
        Column("bytes_recv", _T.INT64, "Payload received by this side.", "bytes"),
        Column("retransmits", _T.INT64, "Segments that repeated bytes already seen."),
        Column("bytes_lost", _T.INT64, "Payload the capture did not hold.", "bytes"),
        Column("parse_errors", _T.INT64, "Places where the bytes were not the protocol."),
        Column("records", _T.INT64, "Records made."),
        Column(
            "rtt", _T.INT64, "Round-trip time, the mean of the connections' smoothed ones; NULL when not known.", "ns"
        ),
        Column(
            "first_time",
            _T.INT64,
            "When the first of these totals were taken; rows with another one are of another count.",
            "ns since epoch",
        ),
    ),
    "Totals by process, peer and protocol, since the capture began. The port that differs for every connection is 0: from "
    "packets and at a server the remote one, at a client the local one.",
)
PROCESSES = Table(
    "processes",
    (
        Column("time_", _T.INT64, "When the process started.", "ns since epoch"),
        Column("upid", _T.TEXT, "Process as node:pid:start; the key to upid in every other table."),
        Column("pid", _T.INT, "Process number, as the machine itself counts (not the container)."),
        Column("ppid", _T.INT, "Process number of the parent when this one was first seen."),
        Column("comm", _T.TEXT, "Short name the kernel knows it by, at most 15 bytes."),
        Column("cmdline", _T.TEXT, "Command line, secrets left out and cut when long; empty for a kernel thread."),
        Column("exe", _T.TEXT, "Path of the program file, as the process itself sees it; empty when not readable."),
        Column("uid", _T.INT64, "Effective user number."),
        Column("user", _T.TEXT, "Name of that user on this machine, else the number."),
        Column("container_id", _T.TEXT, "Container, 64 hexadecimal digits; empty outside one."),
        Column("container_runtime", _T.TEXT, "docker, containerd, cri-o or podman; empty when not known."),
        Column("pod_uid", _T.TEXT, "Kubernetes pod; empty outside one."),
        Column("node", _T.TEXT, "Host name of the machine."),
    ),
    "Processes whose traffic was captured.",
)
CONNECTIONS = Table(
    "connections",
    (
        Column("time_", _T.INT64, "When it was opened or, with opened false, first seen.", "ns since epoch"),
        *ADDRESS_COLUMNS,
        Column("transport", _T.TEXT, "tcp or udp."),
        Column("protocol", _T.TEXT, "Protocol recognised; empty when none was."),
        Column("encrypted", _T.BOOL, "Seen through TLS."),
        Column("opened", _T.BOOL, "Its beginning was seen; false for one older than the capture."),
        Column("closed_time", _T.INT64, "When it was closed; NULL when that was not seen.", "ns since epoch"),
        Column("bytes_sent", _T.INT64, "Payload sent by this side.", "bytes"),
        Column("bytes_recv", _T.INT64, "Payload received by this side.", "bytes"),
        Column("bytes_lost", _T.INT64, "Payload the capture did not hold.", "bytes"),
        Column("records", _T.INT64, "Records made."),
        Column("retransmits", _T.INT64, "Segments this side sent again; NULL when not known."),
        Column("rtt", _T.INT64, "Round-trip time, smoothed, as the kernel last had it; NULL when not known.", "ns"),
        Column("netns", _T.INT64, "Network namespace, the inode of /proc/PID/ns/net; 0 when not known."),
    ),
    "Connections one by one, as live capture saw them.",
)
