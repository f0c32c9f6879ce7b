"""`pxcap capture`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pxcap.cli.options import (
    BODY_LIMIT,
    DEFAULT_STORE,
    BodyLimitOption,
    DecodeAsOption,
    Format,
    GiveOption,
    NoRedactOption,
    OnlyOption,
    OutputOption,
    StoreOption,
    WorkersOption,
    run_options,
)


class Source(StrEnum):
    """Where live bytes come from."""

    AUTO = "auto"
    BPF = "bpf"
    PACKET = "packet"


def capture(
    source: Annotated[
        Source,
        typer.Option(
            "--source",
            help="bpf: the kernel's sockets, with the process; packet: network interfaces; auto: bpf where it works.",
        ),
    ] = Source.AUTO,
    port: Annotated[
        list[str] | None,
        typer.Option("--port", "-p", metavar="PORT[,...]", help="Only connections with this port at either end."),
    ] = None,
    pid: Annotated[
        list[int] | None,
        typer.Option("--pid", min=1, metavar="PID", help="Only this process and its children; repeatable. (bpf)"),
    ] = None,
    command: Annotated[
        list[str] | None,
        typer.Option(
            "--command", metavar="NAME", help="Only processes of this name, now or later, and their children. (bpf)"
        ),
    ] = None,
    container: Annotated[
        list[str] | None,
        typer.Option("--container", metavar="ID", help="Only containers whose id, pod or runtime this is. (bpf)"),
    ] = None,
    interface: Annotated[
        list[str] | None,
        typer.Option("--interface", "-i", metavar="NAME", help="Only this interface; repeatable. (packet)"),
    ] = None,
    expression: Annotated[
        str, typer.Option("--filter", metavar="EXPRESSION", help="What to capture, as for tcpdump. (packet)")
    ] = "",
    netns: Annotated[
        str, typer.Option("--netns", metavar="NAME", help="Network namespace, as `ip netns` lists. (packet)")
    ] = "",
    tls: Annotated[
        bool,
        typer.Option("--tls", help="Read inside TLS, of the processes chosen by --pid, --command, --container. (bpf)"),
    ] = False,
    duration: Annotated[str, typer.Option("--duration", metavar="TIME", help="Stop after 90s, 5m, 1h30m.")] = "",
    write: Annotated[
        Path | None, typer.Option("--write", "-w", metavar="FILE", help="Write what is seen to a pcapng file, too.")
    ] = None,
    only: OnlyOption = "",
    decode_as: DecodeAsOption = None,
    body_limit: BodyLimitOption = BODY_LIMIT,
    give: GiveOption = None,
    no_redact: NoRedactOption = False,
    ring: Annotated[
        int,
        typer.Option(
            "--ring", min=1, max=1024, metavar="MIB", help="Memory the kernel keeps for what is not read yet."
        ),
    ] = 32,
    buffer: Annotated[
        str, typer.Option("--buffer", metavar="SIZE", help="Memory for records while the store is slow or away.")
    ] = "64MB",
    cpu_limit: Annotated[
        str, typer.Option("--cpu-limit", metavar="CORES", help="Leave out connections to stay within, such as 50%.")
    ] = "",
    memory_limit: Annotated[
        str, typer.Option("--memory-limit", metavar="SIZE", help="The same for memory, such as 300MB.")
    ] = "",
    workers: WorkersOption = 1,
    store: StoreOption = DEFAULT_STORE,
    output: OutputOption = Format.TABLE,
) -> None:
    """Capture live traffic and store every request with its response, until Ctrl-C.

    Nothing has to be changed in, or told to, the services. Prints records, errors and bytes lost of each table in the end.

    Example: sudo pxcap capture --port 5432,6379 --duration 1m

    Example: sudo pxcap capture --command nginx --tls
    """
    from pxcap.cli.live import Wishes, run
    from pxcap.cli.quantities import LEAST_MEMORY, cores, size
    from pxcap.cli.quantities import duration as seconds
    from pxcap.core.registry import load_registry

    registry = load_registry()
    wishes = Wishes(
        source=source.value,
        ports=_ports(port or ()),
        pids=tuple(pid or ()),
        commands=_named(command, "--command"),
        containers=_named(container, "--container"),
        interfaces=tuple(interface or ()),
        expression=expression,
        netns=netns or None,
        tls=tls,
        ring_mib=ring,
        write=write,
        duration=seconds(duration, "--duration") if duration else None,
        buffer=size(buffer, "--buffer"),
        cpu_limit=cores(cpu_limit, "--cpu-limit") if cpu_limit else None,
        memory_limit=size(memory_limit, "--memory-limit", LEAST_MEMORY) if memory_limit else None,
        workers=workers,
    )
    run(wishes, registry, run_options(registry, only, decode_as, body_limit, give, no_redact), store, output)


def _named(given: "list[str] | None", option: str) -> tuple[str, ...]:
    """The names of all options: an empty one, as from a variable that is not set, must not mean everything.

    Raises:
        UsageError: One is empty.
    """
    from pxcap.core.errors import UsageError

    if not all(name.strip() for name in given or ()):
        raise UsageError(f"{option} '': expected a name", "leave it out to capture of all processes")
    return tuple(given or ())


def _ports(given: "list[str] | tuple[str, ...]") -> frozenset[int]:
    """The ports of all options.

    Raises:
        UsageError: One is no port.
    """
    from pxcap.core.errors import UsageError

    ports: set[int] = set()
    for text in ",".join(given).split(",") if given else ():
        if not (text.strip().isdecimal() and 0 < int(text) < 65536):
            raise UsageError(f"--port {text!r}: expected a port, 1 to 65535", "such as --port 5432,6379")
        ports.add(int(text))
    return frozenset(ports)
