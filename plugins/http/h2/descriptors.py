"""The types of gRPC services, from a set of descriptors that the person gave (`protoc --descriptor_set_out`)."""

from functools import lru_cache
from typing import Any

from pxcap.core.protocol import Settings

NAME = "descriptors"
MAX_METHODS = 4096  # looked up and remembered

_Classes = tuple[Any, Any]  # of a method's request and response messages


class Types:
    """Messages by method.

    Raises:
        ValueError: The bytes are no FileDescriptorSet, or one that lacks what its files import.
    """

    def __init__(self, data: bytes) -> None:
        from google.protobuf import descriptor_pb2, descriptor_pool  # type: ignore[import-untyped]
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

        self._pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet()
        try:
            files.ParseFromString(data)
        except DecodeError:
            raise ValueError("is no FileDescriptorSet") from None
        if not files.file:
            raise ValueError("is a FileDescriptorSet without files, or none")
        waiting = {file.name: file for file in files.file}
        while waiting:
            ready = [file for file in waiting.values() if not waiting.keys() & set(file.dependency)]
            for file in ready or list(waiting.values())[:1]:
                del waiting[file.name]
                try:
                    self._pool.Add(file)
                    self._pool.FindFileByName(file.name)
                except (TypeError, KeyError) as err:
                    raise ValueError(f"lacks a file that {file.name} imports ({str(err).splitlines()[0]})") from None
        self._methods: dict[str, _Classes | None] = {}

    def named(self, path: str, asked: bool, data: bytes) -> str | None:
        """A message as JSON with its fields' names; None when its type is not among those given, or does not fit."""
        from google.protobuf import json_format
        from google.protobuf.message import DecodeError

        found = self._method(path)
        if found is None:
            return None
        message = found[0 if asked else 1]()
        try:
            message.ParseFromString(data)
            if data and not message.ListFields():  # nothing but fields of some other type
                return None
            text: str = json_format.MessageToJson(
                message, preserving_proto_field_name=True, indent=None, ensure_ascii=False, descriptor_pool=self._pool
            )
        except (DecodeError, json_format.Error, ValueError, TypeError, RecursionError):
            return None
        return text.replace("\0", "\\x00")

    def _method(self, path: str) -> _Classes | None:
        if path in self._methods:
            return self._methods[path]
        found = self._find(path)
        if len(self._methods) >= MAX_METHODS:
            self._methods.clear()
        self._methods[path] = found
        return found

    def _find(self, path: str) -> _Classes | None:
        from google.protobuf import message_factory

        service, _, name = path.lstrip("/").partition("/")
        try:
            method: Any = self._pool.FindServiceByName(service).methods_by_name[name]
        except KeyError:
            return None
        classes = message_factory.GetMessageClass
        return classes(method.input_type), classes(method.output_type)


@lru_cache(maxsize=8)
def _types(data: bytes) -> Types | None:
    try:
        return Types(data)
    except ValueError:
        return None


def types_of(settings: Settings) -> Types | None:
    """The types the person gave; None when none were, or what was given is of no use."""
    data = settings.files.get(f"http.{NAME}")
    return _types(data) if data else None


def why_unusable(data: bytes) -> str:
    """Why a file cannot be used as a set of descriptors; empty when it can."""
    try:
        Types(data)
    except ValueError as err:
        return str(err)
    return ""
