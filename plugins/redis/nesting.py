"""An aggregate (array, set, map, push, attribute) while it is being read."""

from pxcap.core.text import quote
from pxcap.plugins.redis.render import more
from pxcap.plugins.redis.wire import MAP


class Frame:
    """One open aggregate.

    Attributes:
        kind: Type byte.
        want: Elements still to come (two for each entry of a map); -1 while streamed.
        parts: Elements as JSON; None when nothing of it is shown.
        more: Elements that are not kept.
    """

    __slots__ = ("kind", "more", "parts", "want")

    def __init__(self, kind: int, want: int, dark: bool) -> None:
        self.kind = kind
        self.want = want
        self.parts: list[str] | None = None if dark else []
        self.more = 0

    def add(self, json: str) -> None:
        """Append an element."""
        if self.parts is not None:
            self.parts.append(json)

    def render(self) -> str:
        """The aggregate as JSON: a map as an object, anything else as an array."""
        return self._render(more((self.more + 1) // 2 if self.kind == MAP else self.more) if self.more else "")

    def cut_off(self) -> str:
        """The same when its end is not known: `...` stands for what is missing."""
        return self._render("...")

    def _render(self, tail: str) -> str:
        parts = self.parts or []
        if self.kind != MAP:
            return "[" + ",".join([*parts, quote(tail)] if tail else parts) + "]"
        entries = [f"{_key(parts[i])}:{parts[i + 1]}" for i in range(0, len(parts) - 1, 2)]
        if tail:
            entries.append(f"{quote(tail)}:null")
        return "{" + ",".join(entries) + "}"


def _key(json: str) -> str:
    """An element as a JSON object's key, which must be a string."""
    return json if json.startswith('"') else quote(json)
