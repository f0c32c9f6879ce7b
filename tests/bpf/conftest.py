"""What tests of the kernel share: whether it can be asked at all."""

import functools

import pytest

from pxcap.bpf.features import FOR_BPF, features, why_not_bpf


@functools.cache
def _why_not() -> str | None:
    return why_not_bpf(features(FOR_BPF))


@pytest.fixture(scope="module")
def kernel() -> None:
    """Skip, with the reason, where sockets cannot be captured."""
    if why := _why_not():
        pytest.skip(why)
