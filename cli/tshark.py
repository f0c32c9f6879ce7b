"""Runs tshark over a capture and gives what it dissected, message by message."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any
from xml.etree import ElementTree

from pxcap.core.comparison import Message
from pxcap.core.errors import PxcapError

Ends = tuple[str, int, str, int]  # source address and port, destination address and port
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd]")  # characters that XML 1.0 does not know (section 2.2)


def find_tshark() -> str:
    """Path of the program.

    Raises:
        PxcapError: It is not installed.
    """
    path = shutil.which("tshark")
    if path is None:
        raise PxcapError("tshark is not installed", "sudo apt-get install tshark")
    return path


def messages(path: str, layers: Sequence[str], decode_as: Sequence[str]) -> Iterator[tuple[Ends, Message]]:
    """Every message of the `layers`, with its ends; `to_server` is left for the caller to decide.

    Args:
        path: The capture; only files, no standard input.
        layers: tshark's names of protocols.
        decode_as: What to take ports for, as in tshark's -d.

    Raises:
        PxcapError: tshark is not installed, cannot read the file, or prints what cannot be read.
    """
    command = [find_tshark(), "-n", "-r", path, "-T", "pdml", "-J", " ".join(("ip", "ipv6", "tcp", "udp", *layers))]
    for rule in decode_as:
        command += ["-d", rule]
    command += ["-Y", " or ".join(layers)]
    with TemporaryFile() as said, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as process:
        assert process.stdout is not None
        parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser(("end",))
        try:
            for line in process.stdout:
                parser.feed(_NO_XML.sub("?", line.decode("utf-8", "replace")))
                yield from _messages(parser, set(layers))
        except ElementTree.ParseError as err:
            raise PxcapError(f"{path}: tshark's output cannot be read: {err}") from err
        finally:
            process.stdout.close()
            process.terminate() if process.poll() is None else None
        status = process.wait()
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").splitlines()
    if status and lines:
        raise PxcapError(f"tshark: {lines[-1]}")


def _messages(parser: "ElementTree.XMLPullParser[Any]", layers: set[str]) -> Iterator[tuple[Ends, Message]]:
    for event in parser.read_events():
        element = event[-1]
        if isinstance(element, ElementTree.Element) and element.tag == "packet":
            yield from _of_packet(element, layers)
            element.clear()


def _of_packet(packet: ElementTree.Element, layers: set[str]) -> Iterator[tuple[Ends, Message]]:
    number, time = 0, 0
    addresses, ports = ("", ""), (0, 0)
    for layer in packet.findall("proto"):
        name = layer.get("name", "")
        if name == "geninfo":
            number = int(_shown(layer, "num"))
            seconds, _, fraction = _attribute(layer, "timestamp", "value").partition(".")
            time = int(seconds) * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))
        elif name in ("ip", "ipv6"):
            addresses = (_shown(layer, f"{name}.src"), _shown(layer, f"{name}.dst"))
        elif name in ("tcp", "udp"):
            ports = (int(_shown(layer, f"{name}.srcport")), int(_shown(layer, f"{name}.dstport")))
        elif name in layers:
            fields = tuple(
                (one.get("name", ""), one.get("show") or _label(one), one.get("value", ""))
                for one in layer.iter("field")
            )
            yield (addresses[0], ports[0], addresses[1], ports[1]), Message(number, time, False, name, fields)


def _shown(layer: ElementTree.Element, name: str) -> str:
    return _attribute(layer, name, "show")


def _attribute(layer: ElementTree.Element, name: str, attribute: str) -> str:
    return next((field.get(attribute, "") for field in layer.iter("field") if field.get("name") == name), "")


def _label(field: ElementTree.Element) -> str:
    """The text of a field that has no value, such as a heading; an empty value stays empty."""
    return "" if field.get("value") else field.get("showname", "")
