import json

from pxcap.plugins.kafka.records import MessageSet
from pxcap.plugins.kafka.tree import Array, Object, node_text


def test_what_is_half_read_is_json_already() -> None:
    root, inner, items = Object(), Object(), Array()
    root.items += [("a", "1"), ("inner", inner), ("items", items), ("set", MessageSet(0, [0]))]
    items.items += [inner, '"x"']
    items.more = 3
    found = json.loads(node_text(root))
    assert list(found) == ["a", "inner", "items", "set"]
    assert found["items"] == [{}, "x", "...(3 more)"]
    assert found["set"] == {"size": 0, "record_count": 0, "record_batches": []}
    inner.items.append(("b", "null"))
    assert json.loads(root.text())["items"][0] == {"b": None}
