"""A certificate of one's own, and a capture that reads inside TLS."""

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from bench.servers import path_of
from tests.live.conftest import need
from tests.live.watch import Live, capturing

from pxcap.bpf.features import features

Read = Callable[..., AbstractContextManager[Live]]


@dataclass(frozen=True)
class Certificate:
    """Files that anybody may read: it is good for this test alone."""

    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For localhost and 127.0.0.1, signed by itself."""
    need("openssl")
    folder = tmp_path_factory.mktemp("certificate")
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    command = [
        path_of("openssl"),
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-out", str(made.certificate), "-keyout", str(made.key)]
    subprocess.run(command, check=True, capture_output=True)
    return made


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Capture a port with `--tls`, of these commands or processes."""
    if missing := [feature.detail for feature in features(["uprobes"]) if not feature.ok]:
        pytest.skip(missing[0])
    return partial(reading, tmp_path)


def reading(folder: Path, port: int, *options: str) -> AbstractContextManager[Live]:
    """As for `read`; options such as --command."""
    return capturing("bpf", folder, "--tls", "--port", str(port), *options)
