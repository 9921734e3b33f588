"""Servers to go out to."""

from tests.doubles.vendor_fixtures import authority, vendors  # noqa: F401 - fixtures
