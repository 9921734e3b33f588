"""What EZVIZ's driver lends, also in the words of the version before."""

import json

import pytest

from showcam.drivers.ezviz.pictures import Lent, LiveAddress, LocalKey, Opening, lease_of, read_lent
from showcam.store.records import Source

SOURCE = Source("s1", "a1", "ezviz", "v", 0.0)


@pytest.mark.parametrize(
    ("before", "lent"),
    [
        (json.dumps(["F1", 2, "9"]), LiveAddress("F1", 2, "9")),
        (f"opening {json.dumps([7, 'F1', 1, 'on off off'])}", Opening(7, "F1", 1, "on off off")),
        ("local F1", LocalKey("F1")),
    ],
)
def test_a_lease_is_read_as_it_was_written_now_and_by_the_version_before(before: str, lent: Lent) -> None:
    assert read_lent(before) == lent
    lease = lease_of(SOURCE, lent)
    assert (lease.source, read_lent(lease.lent)) == ("s1", lent)
