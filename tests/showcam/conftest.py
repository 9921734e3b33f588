"""Fixtures of the program's own tests."""

from tests.doubles.vendor_fixtures import authority, vendors  # noqa: F401 - fixtures
