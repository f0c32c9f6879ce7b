"""What is needed to read the messages of an API and version, looked up once a request."""

from dataclasses import dataclass

from pxcap.plugins.kafka.compiler import Reader, reader
from pxcap.plugins.kafka.definitions import APIS, fields, flexible, known
from pxcap.plugins.kafka.types import Field
from pxcap.plugins.kafka.wire import API_VERSIONS, FETCH, PRODUCE

_MAX_LAYOUTS = 4096
_UNIQUE = frozenset({PRODUCE, FETCH, 78})  # their messages hardly ever come twice


@dataclass(frozen=True, slots=True)
class Layout:
    """One API in one version.

    Attributes:
        key, version: Which.
        name: Of the API; empty when it is not known.
        request, response: Compiled readers; None when the layout is not known.
        compact_head: The request header ends in tagged fields.
        compact_answer: The response header does; that of ApiVersions never (KIP-511).
        repeats: Equal messages are likely, so that remembering the text pays.
    """

    key: int
    version: int
    name: str
    request: Reader | None
    response: Reader | None
    compact_head: bool
    compact_answer: bool
    repeats: bool

    def fields(self, response: bool) -> tuple[Field, ...]:
        """The fields of a direction, for the slow reader."""
        return fields(self.key, self.version, response)

    @property
    def compact(self) -> bool:
        """Of a flexible version."""
        return flexible(self.key, self.version)


class _Layouts(dict[tuple[int, int], Layout]):
    def __missing__(self, which: tuple[int, int]) -> Layout:
        key, version = which
        api = APIS.get(key)
        name = api.name if api else ""
        compact = api is not None and version >= api.flexible
        if known(key, version):
            made = Layout(
                key,
                version,
                name,
                reader(key, version, False),
                reader(key, version, True),
                compact,
                compact and key != API_VERSIONS,
                key not in _UNIQUE,
            )
        else:
            made = Layout(key, version, name, None, None, compact, compact and key != API_VERSIONS, False)
        if len(self) >= _MAX_LAYOUTS:
            self.clear()
        self[which] = made
        return made


LAYOUTS = _Layouts()
"""Layout by (API key, version)."""
