"""The media process's trust in others: TLS authorities, and sources on this machine. Standard library only."""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """A TLS context with the system's authorities and one more. Takes 20 ms."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


@dataclass(frozen=True, slots=True)
class OnLoopback:
    """Which sources may live on this machine: all, or those at a "host:port" of `vendors` and nowhere else."""

    every: bool = False
    vendors: frozenset[str] = frozenset()

    def has(self, hosts: Iterable[str]) -> bool:
        return self.every or self.vendors.issuperset(hosts)
