"""An owner's user at showcam itself: which may be set, which password fits, and what checking one costs."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from argon2 import extract_parameters

from showcam.accounts import owner_users
from showcam.accounts.owner_users import BadUser, Busy, Cost, OwnerUsers, Passwords
from showcam.store.ports import Inconsistent, Store
from showcam.store.records import Account
from tests.doubles import records as a

ROOT = Path(__file__).parents[2]
NAME, PASSWORD = "kari", "barn door and two geese"
CHEAP = Cost(memory_kib=64, passes=1)


@pytest.fixture
def account(store: Store) -> Account:
    account = a.account()
    store.add_account(account)
    return account


@pytest.fixture
def users(store: Store) -> OwnerUsers:
    return OwnerUsers(store, Passwords(CHEAP))


@pytest.mark.parametrize(
    ("name", "password", "fits"),
    [
        (NAME, PASSWORD, True),
        (" Kari ", PASSWORD, True),  # the name as people write it
        (NAME, PASSWORD.upper(), False),
        (NAME, PASSWORD + " ", False),
        (NAME, "", False),
        (NAME, "\x00\ud800", False),
        ("ola", PASSWORD, False),
        ("", PASSWORD, False),
    ],
)
def test_which_name_and_password_fit(users: OwnerUsers, account: Account, name: str, password: str, fits: bool) -> None:
    users.set(account.id, NAME, PASSWORD)
    found = users.find(name)
    assert (found.account if found else "") == (account.id if name.strip().casefold() == NAME else "")
    assert users.fits(found, password) is fits


def test_a_password_fits_however_a_keyboard_composes_its_letters(users: OwnerUsers, account: Account) -> None:
    users.set(account.id, "blåbær", "bl\u00e5b\u00e6r i skogen")
    assert users.fits(users.find("blåbær"), "bla\u030ab\u00e6r i skogen")


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("k", PASSWORD, "2 to 100"),
        ("  ", PASSWORD, "2 to 100"),
        ("k" * 101, PASSWORD, "2 to 100"),
        ("ka\nri", PASSWORD, "one line"),
        (NAME, "x" * 9, "10 to 200"),
        (NAME, "", "10 to 200"),
        (NAME, "x" * 201, "10 to 200"),
        (NAME, "aaaaaaaaaaaa", "guessed"),
        ("kari nordmann", "Kari Nordmann", "guessed"),
    ],
)
def test_what_can_not_be_set(
    store: Store, users: OwnerUsers, account: Account, name: str, password: str, says: str
) -> None:
    with pytest.raises(BadUser, match=says):
        users.set(account.id, name, password)
    assert not store.has_owner_users()


def test_a_name_is_of_one_household(store: Store, users: OwnerUsers, account: Account) -> None:
    users.set(account.id, NAME, PASSWORD)
    other = a.account()
    store.add_account(other)
    with pytest.raises(BadUser, match="another household"):
        users.set(other.id, "KARI", PASSWORD)
    with pytest.raises(Inconsistent):
        users.set("nobody", "ola", PASSWORD)
    assert (users.name_of(account.id), users.name_of(other.id), users.name_of("nobody")) == (NAME, "", "")


def test_neither_name_nor_password_is_readable_in_the_row(store: Store, users: OwnerUsers, account: Account) -> None:
    users.set(account.id, NAME, PASSWORD)
    user = store.owner_user(account.id)
    assert user is not None
    assert NAME not in user.key
    assert PASSWORD.encode() not in user.data
    assert b"$argon2id$" in user.data
    assert "argon2" not in repr(owner_users._stored(user))


def test_a_hash_of_another_cost_is_renewed_when_its_password_is_known(store: Store, account: Account) -> None:
    before, after = OwnerUsers(store, Passwords(CHEAP)), OwnerUsers(store, Passwords(Cost(128, 2)))
    before.set(account.id, NAME, PASSWORD)
    assert not after.fits(after.find(NAME), "another password")
    assert cost(store, account) == (64, 1)
    assert after.fits(after.find(NAME), PASSWORD)
    assert cost(store, account) == (128, 2)
    assert after.fits(after.find(NAME), PASSWORD)


def test_a_renewed_hash_does_not_undo_a_new_password(store: Store, account: Account) -> None:
    before, after = OwnerUsers(store, Passwords(CHEAP)), OwnerUsers(store, Passwords(Cost(128, 2)))
    before.set(account.id, NAME, PASSWORD)
    read_earlier = after.find(NAME)
    before.set(account.id, NAME, "a password set meanwhile")
    assert after.fits(read_earlier, PASSWORD)  # as it was when it was read
    assert after.fits(after.find(NAME), "a password set meanwhile")
    assert not after.fits(after.find(NAME), PASSWORD)


def cost(store: Store, account: Account) -> tuple[int, int]:
    user = store.owner_user(account.id)
    assert user is not None
    found = extract_parameters(owner_users._stored(user).hash)
    return found.memory_cost, found.time_cost


def test_the_cost_is_at_least_owasp_s(store: Store, account: Account) -> None:
    OwnerUsers(store).set(account.id, NAME, PASSWORD)
    memory_kib, passes = cost(store, account)
    assert memory_kib >= 19_456
    assert passes >= 2


def test_a_name_that_nobody_has_costs_as_much_as_one_that_is_known(account: Account, store: Store) -> None:
    """Compared by the hashes that are made, since times say little on a busy machine."""
    passwords = Counting()
    users = OwnerUsers(store, passwords)
    users.set(account.id, NAME, PASSWORD)
    users.fits(None, "warm")  # the hash that stands in for a missing one is made once
    counts = []
    for name in (NAME, "ola"):
        passwords.compared.clear()
        users.fits(users.find(name), "a wrong password")
        counts.append([extract_parameters(kept) for kept in passwords.compared])
    assert counts[0] == counts[1]
    assert len(counts[0]) == 1


class Counting(Passwords):
    """Records with which hashes passwords were compared."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.compared: list[str] = []

    def _verify(self, kept: str, password: str) -> bool:
        self.compared.append(kept)
        return super()._verify(kept, password)


def test_no_more_hashes_are_made_at_once_than_there_is_memory_for() -> None:
    passwords = Passwords(CHEAP, at_once=2, wait_s=0.05)
    with passwords._room(), passwords._room(), pytest.raises(Busy):
        passwords.fits(PASSWORD, None)
    assert not passwords.fits(PASSWORD, None)


HASHED = """
import threading
from showcam.accounts.owner_users import Busy, Passwords

def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) // 1024

passwords = Passwords(at_once=2, wait_s=60)
kept, before = passwords.hash("p"), resident()
threads = [threading.Thread(target=passwords.fits, args=("q", kept)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(resident() - before)
"""


def test_the_memory_of_hashes_goes_back_to_the_system() -> None:
    """Of blocks up to 32 MiB glibc keeps one for each thread that ever had one."""
    done = subprocess.run([sys.executable, "-c", HASHED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 10  # MiB


def test_who_waits_for_memory_gets_it_when_it_is_free() -> None:
    passwords = Passwords(CHEAP, at_once=1, wait_s=30)
    kept, found = passwords.hash(PASSWORD), []
    with passwords._room():
        waiting = threading.Thread(target=lambda: found.append(passwords.fits(PASSWORD, kept)))
        waiting.start()
        assert not found
    waiting.join(30)
    assert found == [True]
