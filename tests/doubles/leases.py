"""What a driver lent for a source, which a test gives back to it."""

from showcam.engine.source import SourceSpec


def lent(spec: SourceSpec) -> str:
    assert spec.lease is not None
    return spec.lease.lent
