"""An engine costs its own imports only."""

import pytest

from tests.doubles.loaded import loaded_by


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("showcam.store.sqlite", {"boto3", "botocore", "flask", "requests"}),
        ("showcam.store.dynamodb", {"sqlite3", "boto3", "flask", "requests"}),
        ("showcam.store.ports", {"sqlite3", "boto3", "botocore", "cryptography"}),
        ("showcam.accounts.links", {"sqlite3", "botocore", "flask", "authlib"}),
    ],
)
def test_what_an_import_brings(module: str, never: set[str]) -> None:
    assert loaded_by(module) & never == set()
