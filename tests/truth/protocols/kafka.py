"""What the truth of a Kafka capture wants as records.

Every request on the wire is one record, in the order of its connection: read by a second, simple reader, as the clients'
logs do not tell ports. What the clients logged of each request must be on the wire; what the application delivered and
was told (records, errors) must be in the records.
"""

import json
import re
import struct
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.truth import wire
from tests.truth.captures import Case, Op
from tests.truth.check import CALL, LEADING, SLACK, Record, Want, differs, noted, times

TABLE = "kafka_events"
NAMES = """
    Produce Fetch ListOffsets Metadata LeaderAndIsr StopReplica UpdateMetadata ControlledShutdown OffsetCommit
    OffsetFetch FindCoordinator JoinGroup Heartbeat LeaveGroup SyncGroup DescribeGroups ListGroups SaslHandshake
    ApiVersions CreateTopics DeleteTopics DeleteRecords InitProducerId OffsetForLeaderEpoch AddPartitionsToTxn
    AddOffsetsToTxn EndTxn WriteTxnMarkers TxnOffsetCommit DescribeAcls CreateAcls DeleteAcls DescribeConfigs
    AlterConfigs AlterReplicaLogDirs DescribeLogDirs SaslAuthenticate CreatePartitions CreateDelegationToken
    RenewDelegationToken ExpireDelegationToken DescribeDelegationToken DeleteGroups ElectLeaders
    IncrementalAlterConfigs AlterPartitionReassignments ListPartitionReassignments OffsetDelete
"""
KEYS = {name: key for key, name in enumerate(NAMES.split())} | {
    "ApiVersion": 18,
    "Offset": 2,
    "DescribeCluster": 60,
    "ConsumerGroupHeartbeat": 68,
    "ConsumerGroupDescribe": 69,
}
KEYS |= {"GetTelemetrySubscriptions": 71, "PushTelemetry": 72}
_BROKER = re.compile(r":(\d+)/")
HEADER = struct.Struct(">ihhih")


@dataclass(slots=True)
class Command:
    """A request on the wire: what its header says, and what a variant left of it and of its response."""

    port: int
    server: int
    size: int
    key: int
    version: int
    ident: int
    client: str | None
    acks: int
    request: str
    response: str = "none"
    header: str = "whole"
    size_answered: int = -1
    op: Op | None = None


@dataclass(slots=True)
class Ledger:
    """What all records together must hold, asked for when the last one was seen."""

    case: Case
    left: int = 0
    produced: Counter[str] = field(default_factory=Counter)
    fetched: int = 0
    errors: list[tuple[float, int]] = field(default_factory=list)

    def enter(self, record: Record) -> list[str]:
        """Take a record in; the last one gets to hear what is missing."""
        self.left -= 1
        if record["error_code"]:
            self.errors.append((record["time_"] / 1e9, record["error_code"]))
        body, answer = json.loads(record["req_body"] or "{}"), json.loads(record["resp"] or "{}")
        if record["req_cmd"] == 0 and not record["error_code"]:
            for topic in body["topics"]:
                self.produced[topic["name"]] += sum(part["message_set"]["record_count"] for part in topic["partitions"])
        if record["req_cmd"] == 1:
            sets = [part["message_set"] for topic in answer.get("topics", ()) for part in topic["partitions"]]
            self.fetched += sum(one["record_count"] for one in sets if one)
        return [] if self.left else self._balance()

    def _balance(self) -> list[str]:
        wanted: Counter[str] = Counter()
        consumed = 0
        found = []
        for op in self.case.of("kafka"):
            if op.get("app") == "produce" and not op.get("error"):
                wanted[op["topic"]] += op["n"]
            if op.get("app") == "consume":
                consumed += op["n"]
            code = (op.get("error") or {}).get("code") or 0
            near = (
                {seen for time, seen in self.errors if op["t0"] - SLACK <= time <= op["t1"] + SLACK} if code else set()
            )
            if code > 0 and code not in near:
                found.append(f"no error {code} at op {op['seq']}")
        for topic, count in wanted.items():
            found += differs(f"records produced to {topic}", count, self.produced[topic])
        return found + [f"{self.fetched} records fetched, {consumed} consumed" for _ in (1,) if self.fetched < consumed]


def wants(case: Case) -> list[Want]:
    """Every request that was on the wire, and of which the capture shows something."""
    ops = [op for op in case.of("kafka") if op.get("wire") == "request" and op.get("captured") is not False]
    if not ops:
        return []
    commands = _commands(case) if case.name.startswith("kafka/") else list(map(_told, ops))
    found = [
        Want(TABLE, f"op {op['seq']} {op['api']}: not on the wire", same=lambda record: False)
        for op in ops
        if not _match(op, commands)
    ]
    ledger = Ledger(case) if not case.transform and any("app" in op for op in case.of("kafka")) else None
    seen = [command for command in commands if not command.request == command.response == "gone"]
    seen = [command for command in seen if command.request != "gone" or command.response != "none"]
    if ledger:
        ledger.left = len(seen)
    return found + [_want(case, command, ledger) for command in seen]


def _frames(data: bytes) -> list[tuple[int, int]]:
    found, at = [], 0
    while at + 4 <= len(data):
        end = at + 4 + struct.unpack_from(">i", data, at)[0]
        found.append((at, end))
        at = end
    return found


def _commands(case: Case) -> list[Command]:
    found = []
    servers = {packet.sport: packet.dport for packet in wire.packets(case.base)}
    for port, stream in wire.variant(case.base, case.meta, case.meta["server_ports"]).items():
        waiting: dict[int, list[Command]] = defaultdict(list)
        for start, end in _frames(stream.data[wire.CLIENT]):
            frame = stream.data[wire.CLIENT][start:end]
            size, key, version, ident, length = HEADER.unpack_from(frame)
            client = frame[14 : 14 + length].decode() if length >= 0 else None
            command = Command(
                port,
                servers[port],
                size,
                key,
                version,
                ident,
                client,
                _acks(frame),
                stream.state(wire.CLIENT, start, end),
            )
            command.header = stream.state(wire.CLIENT, start, start + 14 + max(length, 0))
            waiting[ident].append(command)
            found.append(command)
        for start, end in _frames(stream.data[wire.SERVER]):
            ident = struct.unpack_from(">i", stream.data[wire.SERVER], start + 4)[0]
            command = waiting[ident].pop(0)
            command.response = stream.state(wire.SERVER, start, end)
            command.size_answered = end - start - 8
    return found


def _told(op: Op) -> Command:
    """A request as only the client tells it, where there is no capture to look into."""
    key = KEYS[op["api"].removesuffix("Request")]
    return Command(op["lport"], op["rport"], 0, key, op["version"], op["corr_id"], op["client_id"], 1, "whole", "whole")


def _acks(frame: bytes) -> int:
    """The acks of a Produce request (v3 and later), else 1."""
    key, version = struct.unpack_from(">hh", frame, 4)
    if key != 0:
        return 1
    at = 14 + max(struct.unpack_from(">h", frame, 12)[0], 0)
    if version >= 9:
        at += 1
        at += 1 + max(frame[at] - 1, 0)
    else:
        at += 2 + max(struct.unpack_from(">h", frame, at)[0], 0)
    return int(struct.unpack_from(">h", frame, at)[0])


def _match(op: Op, commands: list[Command]) -> bool:
    """Give the op its request: the first that is what the client says and was not given away."""
    key = KEYS[op["api"].removesuffix("Request")]
    ident = op["corr_id"] + (
        "api_key" in op
    )  # aiokafka's hook told the id before: it is raised when the request is sent
    for command in commands:
        if (
            command.op is None
            and (command.key, command.ident) == (key, ident)
            and op["version"] in (None, command.version)
            and op.get("lport") in (None, command.port)
            and _server(op) in (None, command.server)
            and op.get("request_bytes") in (None, command.size + 4)
            and ("instance" not in op or op["instance"].split("#")[0] == command.client)
            and (op.get("response_bytes") in (None, command.size_answered))
        ):
            command.op = op
            return True
    return False


def _server(op: Op) -> int | None:
    """The broker's port; None where the client calls a coordinator by its name."""
    named = _BROKER.search(op.get("broker", ""))
    port: int | None = op.get("rport") or (int(named[1]) if named else None)
    return port


def _want(case: Case, command: Command, ledger: Ledger | None) -> Want:
    whole = command.request == "whole" and command.response in ("whole", "none")

    def same(record: Record) -> bool:
        if record["req_cmd"] is None:
            answer = json.loads(record["resp"] or "{}")
            return command.header != "whole" and answer.get("correlation_id") == command.ident
        if command.request == "gone":
            return False
        header = (record["req_cmd"], record["api_version"], record["client_id"])
        return header == (command.key, command.version, command.client)

    def problems(record: Record) -> list[str]:
        op = command.op or {}
        found = times(case, op, record) if "lport" in op else []
        found += differs("local_port", case.ports.get(command.server, command.server), record["local_port"])
        if command.response == "none" or command.acks == 0:  # these brokers answer acks=0 too, which no client hears
            found += differs("note", "" if command.acks == 0 else "no_response", record["note"])
            found += differs("resp", None, record["resp"])
        else:
            found += noted(whole, not case.transform, record)
        if command.response == "gone":
            found += differs("resp", None, record["resp"])
        elif command.response == "whole" and whole and command.acks:
            found += _answer_problems(record)
        if command.acks == 0:
            found += differs("acks", 0, json.loads(record["req_body"])["acks"])
        return found + (ledger.enter(record) if ledger else [])

    what = f"request {command.ident} key {command.key} v{command.version} of {command.client}"
    return Want(TABLE, what, command.port, same, problems, optional=not whole and command.header != "whole")


def _answer_problems(record: Record) -> list[str]:
    """The error code is one that the response holds, and none when it holds none; a latency is there."""
    if record["resp"] is None:
        return ["no resp"]
    codes = _codes(json.loads(record["resp"]))
    found = [f"error_code {record['error_code']} of {codes}"] if record["error_code"] not in (codes or {0}) else []
    if record["latency"] is None or not record["req_body"]:
        found.append("latency or req_body is missing")
    return found


def _codes(value: Any) -> set[int]:
    """Every error code in a response that is not 0."""
    if isinstance(value, list):
        return {code for item in value for code in _codes(item)}
    if isinstance(value, dict):
        inner = {code for item in value.values() for code in _codes(item)}
        return inner | {item for name, item in value.items() if name.endswith("error_code") and item}
    return set()


_OP: Op = CALL | {
    "wire": "request", "api": "HeartbeatRequest", "version": 1, "corr_id": 5, "lport": 7, "rport": 80, "client_id": "c",
    "seq": 1, "proto": "kafka",
}  # fmt: skip
_RECORD: Record = LEADING | {
    "table": TABLE,
    "req_cmd": 12,
    "client_id": "c",
    "req_body": '{"group_id":"g"}',
    "resp": '{"throttle_time_ms":0,"error_code":27,"error_name":"REBALANCE_IN_PROGRESS"}',
    "api_version": 1,
    "error_code": 27,
}
FOLDERS = ("kafka",)
HANDMADE = (_OP, _RECORD)
DOCTORED: tuple[Record, ...] = (
    {"req_cmd": 13},
    {"api_version": 2},
    {"client_id": "d"},
    {"error_code": 0},
    {"resp": None},
    {"latency": None},
)
