"""Requests that wait for their response."""

from pxcap.plugins.kafka.fast import Like

Request = tuple[int, int, int | None, str | None, bytes | None, int, str | Like | None, str]
"""(time of its first byte, API key, version, client id, frame, where its body begins in the frame, the body as JSON, note).

A frame is rendered when its response comes: until then its bytes are the smallest form; what it is like stands in place of
the body's JSON if that is known. A request that was rendered on its way has no frame. A raw SASL token has no version."""
