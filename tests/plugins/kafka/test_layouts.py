from pxcap.plugins.kafka.layouts import LAYOUTS


def test_a_known_version() -> None:
    layout = LAYOUTS[0, 9]
    assert (layout.name, layout.compact_head, layout.compact_answer, layout.repeats) == ("Produce", True, True, False)
    assert layout.request is not None
    assert layout.compact
    assert layout.fields(True)[0].name == "topics"
    assert LAYOUTS[12, 0].repeats


def test_api_versions_always_answers_with_the_first_header() -> None:
    assert LAYOUTS[18, 3].compact_head
    assert not LAYOUTS[18, 3].compact_answer


def test_unknown_versions_and_apis_have_a_header() -> None:
    later, other = LAYOUTS[3, 50], LAYOUTS[400, 0]
    assert (later.name, later.request, later.compact_head) == ("Metadata", None, True)
    assert (other.name, other.response, other.compact_head) == ("", None, False)
