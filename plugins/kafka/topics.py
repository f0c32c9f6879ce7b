"""Names of topics that are spoken of by their ids: what a connection's Metadata said of them is put beside the id.

Newer versions of the commonest APIs name topics by id only. The ids are learnt as they come, from answers of this connection;
of a topic that it did not ask about, the id is all there is.
"""

import re

from pxcap.plugins.kafka.wire import FETCH, METADATA, OFFSET_COMMIT, OFFSET_FETCH, PRODUCE

_FIRST = {PRODUCE: 13, FETCH: 13, OFFSET_COMMIT: 10, OFFSET_FETCH: 10}  # versions whose topics have no name
_TOLD = 10  # first version of Metadata with ids
CONCERNED = frozenset({METADATA, *_FIRST})
"""APIs that name topics by id, or say which names the ids stand for."""

_MAX_TOPICS = 4096
_ID = r'"topic_id":"([\w-]{22})"'  # stands in no value: quotes are escaped there
_NAMED = re.compile(rf'"name":("(?:[^"\\]|\\.)*"),{_ID}', re.ASCII)
_ALONE = re.compile(_ID, re.ASCII)


class Topics:
    """The topics of one connection."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def seen(
        self, key: int, version: int | None, body: str | None, answer: str | None
    ) -> tuple[str | None, str | None]:
        """A request and its answer, of a concerned API, with the name in front of each id for which it is known."""
        if version is None:
            return body, answer
        if key != METADATA:
            return (self._with_names(body), self._with_names(answer)) if version >= _FIRST[key] else (body, answer)
        if version >= _TOLD and answer:
            self._learn(answer)
        return body, answer

    def _learn(self, answer: str) -> None:
        found = {ident: name for name, ident in _NAMED.findall(answer)}
        if len(self._names) + len(found) > _MAX_TOPICS:
            self._names.clear()
        self._names |= found

    def _with_names(self, text: str | None) -> str | None:
        return _ALONE.sub(self._with_name, text) if text and self._names else text

    def _with_name(self, found: re.Match[str]) -> str:
        name = self._names.get(found[1])
        return found[0] if name is None else f'"name":{name},{found[0]}'
