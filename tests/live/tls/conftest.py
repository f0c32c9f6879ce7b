"""A certificate of one's own, and a capture that reads inside TLS."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from bench.servers import path_of
from tests.live.conftest import need
from tests.live.watch import Live, capturing, why_not

from pxcap.bpf.features import features

Read = Callable[..., AbstractContextManager[Live]]


@dataclass(frozen=True)
class Certificate:
    """Files in a folder that every user may enter."""

    certificate: Path
    key: Path

    def key_of(self, user: str) -> Path:
        """The key, owned by a user, where there is one of that name and this one may give files away."""
        copy = self.key.with_name(f"{user}.pem")
        shutil.copy(self.key, copy)
        copy.chmod(0o600)
        if os.geteuid() == 0 and user in {entry.pw_name for entry in pwd.getpwall()}:
            shutil.chown(copy, user)
        return copy


@pytest.fixture(scope="session")
def certificate() -> Iterator[Certificate]:
    """For localhost and 127.0.0.1, signed by itself."""
    need("openssl")
    with tempfile.TemporaryDirectory(prefix="pxcap-certificate-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield made_in(folder)


def made_in(folder: Path) -> Certificate:
    """A new certificate."""
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


@pytest.fixture(scope="session")
def probes() -> None:
    """Skip, with the reason, where nothing can be read inside TLS."""
    if missing := [feature.detail for feature in features(["uprobes"]) if not feature.ok]:
        pytest.skip(missing[0])
    if why := why_not("bpf"):
        pytest.skip(why)


@pytest.fixture
def read(probes: None, tmp_path: Path) -> Read:
    """Capture ports with `--tls`, of these commands or processes."""
    return partial(reading, tmp_path)


def reading(folder: Path, *options: str, ports: Iterable[int]) -> AbstractContextManager[Live]:
    """As for `read`; options such as --command."""
    return capturing("bpf", folder, "--tls", "--port", ",".join(map(str, ports)), *options)
