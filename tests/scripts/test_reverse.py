import socket

import pytest

from pxcap.scripts.reverse import ReverseDns, reverse_dns


def test_reverse_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostbyaddr", lambda address: ("known.example", [], [address]))
    assert reverse_dns("192.0.2.1") == "known.example"

    def unknown(address: str) -> None:
        raise socket.herror(1, "Unknown host")

    monkeypatch.setattr(socket, "gethostbyaddr", unknown)
    assert reverse_dns("192.0.2.1") == ""


def test_an_address_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def name(address: str) -> tuple[str, list[str], list[str]]:
        asked.append(address)
        return f"host-{address[-1]}.example", [], [address]

    monkeypatch.setattr(socket, "gethostbyaddr", name)
    dns = ReverseDns(3600.0)
    assert [dns.begin()(f"192.0.2.{n}") for n in (1, 2, 1)] == ["host-1.example", "host-2.example", "host-1.example"]
    assert asked == ["192.0.2.1", "192.0.2.2"]
    over = ReverseDns(0.0).begin()
    assert over("192.0.2.3") == ""
    assert len(asked) == 2
