"""What the doctor says of who may sign in."""

import pytest

from showcam.accounts import households
from showcam.accounts.owner_users import OwnerUsers
from showcam.app.doctor.households import sign_in
from showcam.store.sqlite import SqliteStore


def furnish(store: SqliteStore, *kinds: str) -> None:
    for number, kind in enumerate(kinds):
        if kind == "vendor":
            households.add(store, "ezviz", f"user{number}@example.com", b"{}")
            continue
        account = households.add_of_lan(store)
        if kind == "password":
            OwnerUsers(store).set(account.id, f"user{number}", "barn door and two geese")


@pytest.mark.parametrize(
    ("kinds", "anyone", "state", "says"),
    [
        ((), False, "wrong", "there is no household yet"),
        ((), True, "ok", "everybody with an EZVIZ account; 0 households by an EZVIZ account"),
        (("vendor",), False, "ok", "1 household by an EZVIZ account, 0 households by a password for showcam"),
        (("password",), False, "ok", "0 households by an EZVIZ account, 1 household by a password for showcam"),
        (("vendor", "password", "vendor"), False, "ok", "2 households by an EZVIZ account, 1 household by a password"),
        (("closed",), False, "wrong", "1 household with neither an EZVIZ account nor a password"),
        (("vendor", "closed", "closed"), False, "wrong", "2 households with neither"),
    ],
)
def test_who_may_sign_in(store: SqliteStore, kinds: tuple[str, ...], anyone: bool, state: str, says: str) -> None:
    furnish(store, *kinds)
    finding = sign_in(store, anyone=anyone)
    assert (finding.state, finding.text.startswith(says)) == (state, True), finding.text
    assert bool(finding.mend) is (state == "wrong")
