"""What the judge remembers of the gate: on the same cameras alone, and never without bound."""

from collections.abc import Mapping

import pytest

from showcam.registry.gate.gate import not_found
from showcam.registry.readings.households import Reading
from showcam.registry.readings.judge import MOST, Verdicts
from showcam.registry.readings.readings import Readings
from showcam.registry.readings.vendor_calls import Breaker
from tests.doubles.household import Household


@pytest.fixture
def readings(home: Household) -> Readings:
    return Readings(home.store, {"ezviz": home.driver}, Breaker(), home.clock)


def read(home: Household, readings: Readings, purpose: str) -> Reading:
    return readings.read(home.account, home.source, 1.0, purpose=purpose)


def test_nothing_in_a_reading_can_be_changed(home: Household, readings: Readings) -> None:
    reading = read(home, readings, "first")
    for name in reading.__struct_fields__:
        value = getattr(reading, name)
        assert isinstance(value, Mapping) or hash(value) is not None, name
        assert not hasattr(value, "__setitem__"), name
    with pytest.raises(AttributeError):
        reading.as_of = 0.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "remembered"),
    [
        ("nothing", True),
        ("a camera is renamed", False),
        ("a camera's encryption goes on", False),
        ("the owner makes an exception", False),
    ],
)
def test_verdicts_are_remembered_while_the_cameras_stay_so(
    home: Household, readings: Readings, change: str, remembered: bool
) -> None:
    verdicts = Verdicts()
    first = verdicts.on(home.source.id, read(home, readings, "first"))
    match change:
        case "a camera is renamed":
            home.driver.change("Garden", name="Yard")
        case "a camera's encryption goes on":
            home.driver.change("Garden", encryption="on")
        case "the owner makes an exception":
            home.decide("Garage", "lan")
            readings.households.forget(home.account.id)

    again = verdicts.on(home.source.id, read(home, readings, "again"))

    assert (again is first) is remembered


def test_each_source_has_its_own(home: Household, readings: Readings) -> None:
    verdicts, reading = Verdicts(), read(home, readings, "first")
    assert verdicts.on("one", reading) is not verdicts.on("other", reading)


def test_more_than_there_may_be_are_forgotten_together(home: Household, readings: Readings) -> None:
    verdicts, reading = Verdicts(), read(home, readings, "first")
    full = verdicts.on(home.source.id, reading)
    for number in range(MOST):
        assert verdicts.on(home.source.id, reading) is full
        full[(str(number), "alexa", ())] = (None, not_found())
    assert verdicts.on(home.source.id, reading) == {}
