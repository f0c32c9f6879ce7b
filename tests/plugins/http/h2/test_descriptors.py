"""Types of services, from what a person gave."""

from google.protobuf import descriptor_pb2

from pxcap.core.protocol import Settings
from pxcap.plugins.http.h2.descriptors import Types, types_of, why_unusable
from pxcap.plugins.http.plugin import HTTP


def described() -> descriptor_pb2.FileDescriptorSet:
    files = descriptor_pb2.FileDescriptorSet()
    imported = files.file.add(name="ask.proto", package="s", syntax="proto3")
    ask = imported.message_type.add(name="Ask")
    for number, name in enumerate(("name", "password"), 1):
        ask.field.add(name=name, number=number, type=9, label=1)
    file = files.file.add(name="s.proto", package="s", syntax="proto3", dependency=["ask.proto"])
    tell = file.message_type.add(name="Tell")
    tell.field.add(name="asks", number=5, type=11, label=3, type_name=".s.Ask")
    file.service.add(name="S").method.add(name="M", input_type=".s.Ask", output_type=".s.Tell")
    return files


SET = described().SerializeToString()


def test_by_name() -> None:
    types = Types(SET)
    assert types.named("/s.S/M", True, b"\x0a\x02hi") == '{"name": "hi"}'
    assert types.named("/s.S/M", False, b"\x2a\x04\x0a\x02hi") == '{"asks": [{"name": "hi"}]}'
    assert types.named("/s.S/M", True, b"\x0a\x01\xff") is None
    assert types.named("/s.S/N", True, b"") is None
    assert types.named("/no.Such/M", True, b"") is None


def test_the_order_of_the_files_does_not_matter() -> None:
    files = described()
    turned = descriptor_pb2.FileDescriptorSet(file=reversed(files.file))
    assert Types(turned.SerializeToString()).named("/s.S/M", True, b"") == "{}"


def test_what_cannot_be_used() -> None:
    assert why_unusable(SET) == ""
    assert why_unusable(b"\xff") == "is no FileDescriptorSet"
    assert "without files" in why_unusable(b"")
    alone = descriptor_pb2.FileDescriptorSet(file=[described().file[1]]).SerializeToString()
    assert why_unusable(alone).startswith("lacks a file that s.proto imports")


def test_they_are_asked_for_by_the_plugin_and_read_once() -> None:
    assert [file.name for file in HTTP.files] == ["descriptors"]
    assert types_of(Settings()) is None
    assert types_of(Settings(files={"http.descriptors": b"\xff"})) is None
    given = Settings(files={"http.descriptors": SET})
    assert types_of(given) is types_of(given)
