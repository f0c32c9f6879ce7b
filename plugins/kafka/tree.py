"""What the slow reader has read of a message so far, to be told as JSON at any time."""

from pxcap.plugins.kafka.records import MessageSet


class Object:
    """A struct while it is read: keys and values in wire order; a value is text, an Object or an Array."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: list[tuple[str, Node]] = []

    def text(self) -> str:
        """As JSON."""
        return "{" + ",".join(f'"{name}":{node_text(value)}' for name, value in self.items) + "}"


class Array:
    """An array while it is read; `more` elements are not kept."""

    __slots__ = ("items", "more")

    def __init__(self) -> None:
        self.items: list[Node] = []
        self.more = 0

    def text(self) -> str:
        """As JSON; elements that are not kept are told by a last string."""
        shown = [node_text(item) for item in self.items]
        if self.more:
            shown.append(f'"...({self.more} more)"')
        return f"[{','.join(shown)}]"


Node = str | Object | Array | MessageSet


def node_text(node: Node) -> str:
    """A value as JSON."""
    return node if isinstance(node, str) else node.text()
