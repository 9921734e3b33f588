"""An engine costs its own imports only."""

import pytest

from tests.doubles.loaded import loaded_by


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("store.sqlite", {"boto3", "botocore", "flask", "requests"}),
        ("store.dynamodb", {"sqlite3", "boto3", "flask", "requests"}),
        ("store.ports", {"sqlite3", "boto3", "botocore", "cryptography"}),
        ("accounts.links", {"sqlite3", "botocore", "flask", "authlib"}),
    ],
)
def test_what_an_import_brings(module: str, never: set[str]) -> None:
    assert loaded_by(module) & never == set()
