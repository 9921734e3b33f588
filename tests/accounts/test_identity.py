"""Ids that are stable and disclose nothing."""

import re

import pytest

from showcam.store import records as identity

SALT = b"\x01" * 16


def test_random_ids_differ_and_fit_everywhere() -> None:
    ids = {identity.new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[a-z2-7]{16}", random_id) for random_id in ids)


@pytest.mark.parametrize(
    ("salt", "space", "serial", "channel", "same"),
    [
        (SALT, "ezviz", "bd1234567", 1, True),  # vendors write serials in either case
        (b"\x02" * 16, "ezviz", "BD1234567", 1, False),
        (SALT, "lan", "BD1234567", 1, False),
        (SALT, "ezviz", "BD1234568", 1, False),
        (SALT, "ezviz", "BD1234567", 2, False),
        (SALT, "ezviz", "BD123456", 71, False),
    ],
)
def test_a_camera_keeps_its_id(salt: bytes, space: str, serial: str, channel: int, same: bool) -> None:
    one = identity.camera_id(SALT, "ezviz", "BD1234567", 1)
    assert re.fullmatch(r"ezviz-[a-z2-7]{20}", one)
    assert (identity.camera_id(salt, space, serial, channel) == one) is same


@pytest.mark.parametrize(
    ("salt", "kind", "user", "same"),
    [
        ("s", "ezviz", " OLA@example.com", True),
        ("t", "ezviz", "ola@example.com", False),
        ("s", "lan", "ola@example.com", False),
        ("s", "ezviz", "ola@example.co", False),
    ],
)
def test_a_vendor_user_is_known_again(salt: str, kind: str, user: str, same: bool) -> None:
    one = identity.vendor_key("s", "ezviz", "ola@example.com")
    assert "ola" not in one
    assert (identity.vendor_key(salt, kind, user) == one) is same
