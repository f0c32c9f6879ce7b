"""What status codes mean."""

from http import HTTPStatus

from pxcap.plugins.http.reasons import REASONS

RENAMED = {413, 414, 416, 418, 422}  # by RFC 9110, which not every Python knows


def test_reasons_are_those_of_the_standard_library() -> None:
    theirs = {status.value: status.phrase for status in HTTPStatus if status not in RENAMED}
    assert {code: REASONS.get(code) for code in theirs} == theirs
