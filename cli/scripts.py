"""The built-in scripts: what each shows, its arguments, and the query behind it.

Names and arguments are those of Pixie's scripts of the same name. A script is data; one query over the store is all it
can be, which a script engine will widen.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from typing import Any

from pxcap.core.columns import ColumnType
from pxcap.core.errors import UsageError
from pxcap.core.protocol import ProtocolSpec

LIMIT = "max_num_records"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a script.

    Attributes:
        name: As typed behind `--`.
        type: "text", "integer" (0 or more) or "time" (see `parse_time`).
        default: As it would be typed.
        meaning: A sentence for people.
        alias: Another name for it, empty for none.
    """

    name: str
    type: str
    default: str
    meaning: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """One script.

    Attributes:
        name: Such as `px/http_data`.
        summary: A sentence.
        sql: The query, for every store; each argument stands in it as `:name` (see `parameters`).
        first: Columns to keep longest when a terminal is too narrow, best first.
        arguments: In order.
    """

    name: str
    summary: str
    sql: str
    first: tuple[str, ...]
    arguments: tuple[Argument, ...] = ()


_SERVER_ADDR = "CASE WHEN trace_role = 1 THEN remote_addr ELSE local_addr END"
_SERVER_PORT = "CASE WHEN trace_role = 1 THEN remote_port ELSE local_port END"
_DATA = f"""
SELECT * FROM (
  SELECT {{columns}}
  FROM (
    SELECT *,
      CASE WHEN trace_role = 1 THEN local_addr ELSE remote_addr END AS source,
      CASE WHEN replace({_SERVER_ADDR}, ':', '') = {_SERVER_ADDR}
        THEN {_SERVER_ADDR} ELSE '[' || {_SERVER_ADDR} || ']' END || ':' || CAST({_SERVER_PORT} AS TEXT) AS destination
    FROM {{table}}
  ) AS records
  WHERE (:source_filter = '' OR replace(source, :source_filter, '') <> source)
    AND (:destination_filter = '' OR replace(destination, :destination_filter, '') <> destination)
    AND time_ >= CASE WHEN :start_time < 0 THEN (SELECT max(time_) FROM {{table}}) + :start_time ELSE :start_time END
  ORDER BY time_ DESC
  LIMIT :max_num_records
) AS newest
ORDER BY time_
"""
_SCHEMAS = """
SELECT table_name, column_name, type AS column_type, unit AS column_unit, meaning AS column_desc
FROM pxcap_schema
WHERE column_name <> ''
ORDER BY table_name, position
"""
_DATA_ARGUMENTS = (
    Argument(
        "start_time",
        "time",
        "",
        "Where to start: -5m, -2h, -1d before the newest record; a date and time in UTC, such as 2026-11-23 10:31:15;"
        " nanoseconds since the epoch; empty for everything.",
        alias="start",
    ),
    Argument("source_filter", "text", "", "Part of the 'source' column."),
    Argument("destination_filter", "text", "", "Part of the 'destination' column."),
    Argument(LIMIT, "integer", "1000", "Show at most so many, the newest; 0 for all.", alias="num_head"),
)

BUILT_IN: dict[str, Script] = {
    script.name: script
    for script in (
        Script(
            "px/dns_data",
            "DNS queries and what was answered.",
            _DATA.format(
                table="dns_events",
                columns="time_, source, destination, latency, qname, qtype, rcode, transport,"
                " req_header, req_body, resp_header, resp_body, note",
            ),
            ("qname", "rcode", "latency", "time_", "qtype", "source", "destination"),
            _DATA_ARGUMENTS,
        ),
        Script(
            "px/http_data",
            "HTTP requests and their responses.",
            _DATA.format(
                table="http_events",
                columns="time_, source, destination, latency, major_version, req_path, req_method, req_headers, req_body,"
                " req_body_size, resp_status, resp_message, resp_headers, resp_body, resp_body_size, note",
            ),
            ("req_method", "req_path", "resp_status", "latency", "time_", "destination", "source", "resp_body_size"),
            _DATA_ARGUMENTS,
        ),
        Script(
            "px/redis_data",
            "Redis commands and their replies.",
            _DATA.format(
                table="redis_events",
                columns="time_, source, destination, remote_port, req_cmd, req_args, resp, resp_error, latency, note",
            ),
            ("req_cmd", "req_args", "resp", "latency", "time_", "source"),
            _DATA_ARGUMENTS,
        ),
        Script(
            "px/schemas",
            "Every table of the store with its columns.",
            _SCHEMAS,
            ("table_name", "column_name", "column_type", "column_desc"),
        ),
    )
}

_UNITS_OF_TIME = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_RELATIVE = re.compile(r"-(\d{1,12})(ms|s|m|h|d)")
_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")
_MAX_INT = 2**63 - 1


@cache
def all_scripts() -> dict[str, Script]:
    """Every script by name: the built-in ones, and for every other protocol one that shows its records."""
    from pxcap.core.registry import load_registry

    found = {script.name: script for script in map(data_script, load_registry().protocols)} | BUILT_IN
    return dict(sorted(found.items()))


def data_script(spec: ProtocolSpec) -> Script:
    """The script that shows a protocol's records with all its columns."""
    own = [column.name for column in spec.columns]
    short = [column.name for column in spec.columns if column.type is not ColumnType.JSON]
    columns = ", ".join(("time_", "source", "destination", "latency", *own, "note"))
    return Script(
        f"px/{spec.name}_data",
        f"{spec.summary}: requests and their responses.",
        _DATA.format(table=spec.table, columns=columns),
        (*short[:3], "latency", "time_", *short[3:], "destination", "source"),
        _DATA_ARGUMENTS,
    )


def find_script(name: str) -> Script:
    """The script of that name.

    Raises:
        UsageError: There is none; the hint names what comes near.
    """
    if script := BUILT_IN.get(name) or all_scripts().get(name):
        return script
    short = {known.rpartition("/")[2]: known for known in all_scripts()}
    near = get_close_matches(name, all_scripts(), cutoff=0.5) or [
        short[match] for match in get_close_matches(name, short)
    ]
    hint = f"did you mean {' or '.join(near)}?" if near else "pxcap script list names them all"
    raise UsageError(f"no script is named {name!r}", hint)


def parse_arguments(script: Script, words: Sequence[str]) -> dict[str, Any]:
    """The script's arguments from `--name value` and `--name=value`, defaults filled in.

    Returns:
        By argument name: str, or int; a time as `parse_time` gives it.

    Raises:
        UsageError: An argument the script does not have, or a value that does not fit.
    """
    given = _pair(script, words)
    return {
        argument.name: _parse(argument, given.get(argument.name, argument.default)) for argument in script.arguments
    }


def limit_of(values: Mapping[str, Any]) -> int:
    """How many records may be shown at most; 0 for all."""
    return int(values.get(LIMIT, 0))


def parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the query wants them: one record more than is shown, to know whether there are more."""
    return {name: (value or _MAX_INT - 1) + 1 if name == LIMIT else value for name, value in values.items()}


def parse_time(text: str) -> int:
    """A start time: ns since the epoch; negative when relative to the newest record; 0 for everything when empty.

    Raises:
        UsageError: It is none of the forms named in the argument's meaning.
    """
    if not text:
        return 0
    if match := _RELATIVE.fullmatch(text):
        return -min(int(match[1]) * _UNITS_OF_TIME[match[2]], _MAX_INT)
    if text.isascii() and text.isdigit():
        return min(int(text), _MAX_INT)
    for form in _FORMATS:
        try:
            moment = datetime.strptime(text.rstrip("Z").replace("T", " "), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return round(moment.timestamp() * 10**6) * 1000
    raise UsageError(f"start_time is {text!r}, expected -5m, 2026-11-23 10:31:15 or nanoseconds since the epoch")


def _pair(script: Script, words: Sequence[str]) -> dict[str, str]:
    names = {name: argument.name for argument in script.arguments for name in (argument.name, argument.alias) if name}
    given: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        known = names.get(name.replace("-", "_"))
        if not word.startswith("--") or known is None:
            takes = ", ".join(f"--{argument.name}" for argument in script.arguments) or "no arguments"
            raise UsageError(f"{script.name} has no argument {word!r}", f"it takes {takes}")
        if not equals:
            if not rest:
                raise UsageError(f"{word} needs a value", f"pxcap script show {script.name} describes it")
            value = rest.pop(0)
        given[known] = value
    return given


def _parse(argument: Argument, text: str) -> object:
    if argument.type == "time":
        return parse_time(text)
    if argument.type == "integer":
        if not (text.isascii() and text.isdigit()) or int(text) >= _MAX_INT:
            raise UsageError(f"{argument.name} is {text!r}, expected a whole number, 0 or more")
        return int(text)
    return text
