"""Listeners that were really started, beside one another on one store, before the simulated EZVIZ's broker."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

import pytest

from scripts.deploy_local.emulator import Emulator
from showcam.app import keys
from showcam.app.aws import boto
from showcam.app.compose.ground import drivers, open_store
from showcam.app.process.settings_sources import load
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver
from showcam.drivers.vendor import SignedIn
from showcam.registry.watch.share import KIND
from showcam.store.outbox import Settled
from showcam.store.processes import Processes
from showcam.store.records import Account
from tests.doubles.aws import ROOT, Cloud
from tests.doubles.forked_process import ForkedProcess
from tests.doubles.household import new_link
from tests.doubles.program import AS_INSTALLED
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.process

PASSWORD = "showcam-demo"
# a user of each household, and a camera
USERS = {
    "demo@example.com": "Pond",
    "other@example.com": "Study",
    "real@example.com": "Driveway",
    "family@example.com": "Workshop",  # real@example.com sees it, too
}


class Town:
    """A vendor, and a store with a household for each of USERS, all of them with a link that is reported to."""

    def __init__(self, folder: Path, stack: ExitStack, table: Mapping[str, str] = MappingProxyType({})) -> None:
        self.folder, self.stack = folder, stack
        self.vendor = SimulatorProcess(folder)
        stack.callback(self.vendor.stop)
        self.environ = AS_INSTALLED | {
            "SHOWCAM_DATA": str(folder / "data"),
            "SHOWCAM_REQUEST_S": "30",  # a busy machine is not what is tested
            "SHOWCAM_CA_FILE": str(self.vendor.ca),
            "SHOWCAM_EZVIZ_AT": self.vendor.hosts,
            **table,
        }
        settings = load(environ={name: text for name, text in self.environ.items() if name.startswith("SHOWCAM_")})
        self.store = open_store(settings, keys.of(settings))
        stack.callback(self.store.close)
        driver = drivers(settings, self.store)["ezviz"]
        assert isinstance(driver, EzvizDriver)
        self.accounts = {user: self._household(driver, user) for user in USERS}

    def _household(self, driver: EzvizDriver, user: str) -> Account:
        account = sessions.add_owner(self.store, user)
        (source,) = self.store.sources(account.id)
        verdict = driver.sign_in(user, PASSWORD, LONG_S)
        assert isinstance(verdict, SignedIn)
        driver.sessions.signed_in(source, user, verdict.session)
        self.link(account)
        return account

    def link(self, account: Account) -> None:
        """Adds a link, and the first report to its assistant."""
        link, now = new_link(account, "alexa", None, "en"), time.time()
        self.store.add_link(link)
        self.store.look(account.id, now, link.id)
        claim = self.store.claim(account.id, link.id, now, now + LONG_S, 10)
        assert claim is not None
        assert self.store.settle(claim, Settled(now, claim.rows, told=b"{}", what="2 listed"))

    def listener(self) -> ForkedProcess:
        environ, log = self.environ | {"PATH": os.environ["PATH"]}, self.folder / "listeners.log"
        process = ForkedProcess(["showcam", "worker", "--listen"], environ, self.folder, log)

        def end() -> None:
            process.kill()
            process.wait()

        self.stack.callback(end)
        return process

    def living(self) -> list[str]:
        return sorted(process.id for process in Processes(self.store, KIND).reporting() if not process.draining)

    def move(self, user: str) -> None:
        """Somebody moves before the camera of the user, and the vendor pushes that."""
        self.vendor.control(self.serial(user), motion=True)

    def serial(self, user: str) -> str:
        return self.vendor.serial(USERS[user])

    def heard(self, user: str, since: float, kind: str = "motion") -> int:
        """How often that happened at the user's cameras, as the store has it."""
        found = self.store.happenings(self.accounts[user].id, since)
        return sum(happening.kind == kind for happening in found)

    def told(self, user: str, kind: str) -> list[float]:
        """When what happened that waits to be reported to the household's one assistant."""
        rows = self.store.waiting(time.time() + LONG_S, self.accounts[user].id)
        return [row.at for row in rows if row.kind == kind]

    def until_heard(self, user: str) -> float:
        """Moves until it is heard, and returns the time of the first move."""
        began = time.time()

        def heard() -> bool:
            self.move(user)
            time.sleep(0.5)
            return self.heard(user, began) > 0

        until(heard)
        return began


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with ExitStack() as stack:
        yield Town(tmp_path, stack)


@pytest.mark.proves(
    "while two of three listeners are killed one after the other, a move at each household is heard, and is reported"
    " once; a press while nobody listens rings once, too",
    leans_on="double: EZVIZ's broker",
)
def test_households_move_to_the_listeners_that_are_left(town: Town) -> None:
    processes = [town.listener() for _ in range(3)]
    until(lambda: len(town.living()) == 3)
    for user in USERS:
        town.until_heard(user)
        assert len(town.told(user, "motion")) == 1, user
    presses: list[float] = []
    for process in processes[:2]:
        process.kill()
        process.wait()
        presses.append(time.time())
        town.vendor.control(town.vendor.serial("Front Door"), press=True)
        # the vendor has whole seconds
        until(lambda: town.heard("demo@example.com", presses[-1] - 1.0, "doorbell") == 1)
        for user in USERS:
            town.until_heard(user)
    rings = town.told("demo@example.com", "doorbell")
    assert [press for press in presses if sum(abs(ring - press) < 2.0 for ring in rings) > 1] == []
    assert processes[2].poll() is None


@pytest.mark.proves(
    "a household that is deleted while it is listened to is left within seconds, and nothing of it is reported",
    leans_on="double: EZVIZ's broker",
)
def test_a_household_that_is_deleted_is_left_and_the_others_go_on(town: Town) -> None:
    user, other = "demo@example.com", "other@example.com"
    town.listener()
    town.until_heard(user)
    assert town.store.drop_household(town.accounts[user].id)

    def is_left() -> bool:
        began = time.time()
        town.move(user)
        town.until_heard(other)
        return town.heard(user, began) == 0

    until(is_left)
    assert town.told(user, "motion") == []


@pytest.fixture(params=["sqlite", "dynamodb"])
def stored(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """The town on an owner's disk, and on AWS as an emulator serves it."""
    with ExitStack() as stack:
        table: dict[str, str] = {}
        if request.param == "dynamodb":
            (tmp_path / "aws").mkdir()
            emulator = Emulator(tmp_path / "aws")
            stack.callback(emulator.stop)
            cloud = Cloud(emulator.client)
            cloud.table("showcam-whole")
            table = emulator.environ | {
                "SHOWCAM_STORE": "dynamodb",
                "SHOWCAM_TABLE": "showcam-whole",
                "SHOWCAM_KEYS_SECRET": cloud.secret("keys", {"root": ROOT}),
                "SHOWCAM_PICTURES": "vendor",
            }
            for name, text in emulator.environ.items():
                monkeypatch.setenv(name, text)
            boto.client.cache_clear()
            stack.callback(boto.client.cache_clear)
        yield Town(tmp_path, stack, table)


@pytest.mark.proves(
    "listeners hear and write on AWS's table as on an owner's disk; those of one that ends move to another",
    leans_on="double: EZVIZ's broker, and AWS by ministack",
)
def test_a_listener_that_is_told_to_end_leaves_its_households_to_the_other(stored: Town) -> None:
    town = stored
    first = town.listener()
    until(lambda: len(town.living()) == 1)
    town.until_heard("other@example.com")
    town.listener()
    until(lambda: len(town.living()) == 2)
    first.send_signal(signal.SIGTERM)
    assert first.wait(LONG_S) == 0
    until(lambda: len(town.living()) == 1)
    town.until_heard("other@example.com")
    town.until_heard("demo@example.com")
