"""What the judge remembers of the gate: on the same cameras alone, and never without bound."""

from collections.abc import Callable, Mapping

import pytest

from showcam.drivers.camera import STALE_S, Refusal, StreamRequest, Video
from showcam.engine.grants import Claims
from showcam.registry.gate.gate import not_found
from showcam.registry.readings.households import Reading
from showcam.registry.readings.judge import MOST, Verdicts
from showcam.registry.readings.readings import Readings
from showcam.registry.readings.vendor_calls import Breaker
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import camera


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
        full[(str(number), "alexa", (), False)] = (None, not_found())
    assert verdicts.on(home.source.id, reading) == {}


@pytest.mark.parametrize(
    ("measured", "reason"),
    [(Video("h265", 1920, 1080), "not_playable"), (Video("h264", 3840, 2160), "beyond_displays")],
)
def test_a_picture_that_no_display_plays_is_tried_again_after_a_day(
    make_home: Callable[..., Household], clock: Clock, measured: Video, reason: str
) -> None:
    home = make_home(cameras=[camera("Garden", video=Video())])
    seen = Claims(home.account.id, home.link.id, home.id("Garden"), "hls", "alexa", 0, "n")
    home.questions.learn(seen, measured.width, measured.height, codec=measured.codec)
    began = clock.now
    answers = []
    for seconds in (0, STALE_S / 2, STALE_S, STALE_S + 1):
        clock.now = began + seconds  # the vendor lists the camera as before each time
        opened = home.registry.open_stream(home.link, seen.camera, StreamRequest("alexa", ("hls",)))
        answers.append(opened.reason if isinstance(opened, Refusal) else "shown")
    assert answers == [reason, reason, reason, "shown"]
