"""A table that throttles, a function killed between two writes: the next reading writes what one could not."""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from scripts.deploy_local.emulator import Emulator
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.readings.changes import Change
from showcam.store.dynamodb import DynamoStore
from showcam.store.ports import StoreUnavailable
from showcam.store.sealing import Sealer
from tests.doubles.aws_wire import AwsWire
from tests.doubles.clock import Clock
from tests.doubles.dynamodb_table import create_table
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera

NEW = camera("Pond", "F00000002")


@dataclass
class Function:
    """A household on a table behind a wire, each of whose readings may meet another environment."""

    home: Household
    wire: AwsWire
    clock: Clock

    def environment(self, published: list[Change] | None = None) -> Adapter:
        home = self.home
        made = adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, home.rules, self.clock)
        made.changes.subscribe((published if published is not None else []).append)
        return made

    def names(self, adapter: Adapter) -> list[str]:
        return [listed_camera.name for listed_camera in adapter.owner.cameras(self.home.account.id).cameras]

    def found(self, serial: str) -> list[str]:
        """The households that the webhook would bring a message of this device to."""
        return self.environment().noticing.accounts_with(serial)


@pytest.fixture
def function(aws: Emulator, tmp_path: Any, clock: Clock) -> Iterator[Callable[[], Function]]:
    wire, table = AwsWire(aws.url), f"showcam-{secrets.token_hex(4)}"
    create_table(aws.client("dynamodb"), table)
    sealer = Sealer([("test", secrets.token_bytes(32))])

    def make() -> Function:
        store = DynamoStore(wire.client(), table, sealer)
        user = f"{secrets.token_hex(4)}@example.com"
        home = household(tmp_path, store=store, user=user, cameras=[camera("Garden", "F00000001")], clock=clock)
        return Function(home, wire, clock)

    yield make
    wire.close()


def first_reading(function: Function) -> None:
    """Nothing is known of the household yet."""
    function.home.driver.set([camera("Garden", "F00000001"), NEW])


def another_camera(function: Function) -> None:
    """The list is stored, and the vendor has one more camera since."""
    function.names(function.environment())
    first_reading(function)
    function.clock.now += 5


@pytest.mark.parametrize("arrange", [first_reading, another_camera])
def test_killed_after_any_write_a_household_is_found_by_its_devices(
    function: Callable[[], Function], arrange: Callable[[Function], None]
) -> None:
    made = function()
    arrange(made)
    made.wire.calls.clear()
    made.names(made.environment())
    count = made.wire.writes
    assert count >= 2
    for number in range(1, count + 1):
        made = function()
        arrange(made)
        made.wire.kill_after(number)
        with contextlib.suppress(StoreUnavailable):
            made.environment().noticing.refresh(made.home.account.id)
        made.wire.heal()
        made.clock.now += 5
        assert made.names(made.environment()) == ["Garden", "Pond"]
        assert made.home.account.id in made.found("F00000002")


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_a_table_that_throttles_costs_no_reading_and_the_next_one_publishes(
    function: Callable[[], Function], taken: int, caplog: pytest.LogCaptureFixture
) -> None:
    made = function()
    published: list[Change] = []
    one = made.environment(published)
    made.names(one)
    another_camera(made)
    made.wire.throttle_after(taken)
    assert made.names(one) == ["Garden", "Pond"]
    assert ("store" in [getattr(line, "reason", "") for line in caplog.records]) == (taken < 2)
    made.wire.heal()
    made.clock.now += 5
    assert made.names(one) == ["Garden", "Pond"]
    assert made.home.account.id in made.found("F00000002")
    assert [(change.kind, change.camera) for change in published] == [("added", made.home.id("Pond"))]
