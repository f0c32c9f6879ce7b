"""What values of a script can be: a data type decides how they are computed, a semantic type how they are shown.

The names are Pixie's (its documentation, "Semantic types").
"""

from dataclasses import dataclass
from enum import StrEnum


class Data(StrEnum):
    """Data types."""

    BOOLEAN = "BOOLEAN"
    INT64 = "INT64"
    FLOAT64 = "FLOAT64"
    STRING = "STRING"  # also JSON and upids
    TIME64NS = "TIME64NS"  # ns since the epoch


class Semantic(StrEnum):
    """Semantic types; NONE where there is nothing to say."""

    NONE = ""
    UPID = "UPID"
    POD = "Pod"
    SERVICE = "Service"
    NAMESPACE = "Namespace"
    NODE = "Node"
    CONTAINER = "Container"
    IP_ADDRESS = "IPAddress"
    PORT = "Port"
    BYTES = "Bytes"
    DURATION_NS = "DurationNanos"
    TIME_NS = "Time"
    PERCENT = "Percent"
    QUANTILES = "Quantiles"
    DURATION_QUANTILES = "DurationQuantiles"
    THROUGHPUT_PER_NS = "ThroughputPerNs"
    THROUGHPUT_BYTES_PER_NS = "ThroughputBytesPerNs"
    HTTP_METHOD = "HTTPReqMethod"
    HTTP_STATUS = "HTTPRespStatus"
    JSON = "JSON"
    SCRIPT_REFERENCE = "ScriptReference"


@dataclass(frozen=True, slots=True)
class Type:
    """A data type with its meaning."""

    data: Data
    semantic: Semantic = Semantic.NONE


BOOLEAN, INT64, FLOAT64 = Type(Data.BOOLEAN), Type(Data.INT64), Type(Data.FLOAT64)
STRING, TIME = Type(Data.STRING), Type(Data.TIME64NS, Semantic.TIME_NS)


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a frame."""

    name: str
    type: Type


Schema = tuple[Field, ...]
