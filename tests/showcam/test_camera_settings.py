"""`showcam cameras`: what it says of a camera's settings, and of a change that the camera does not show yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.app.cli import camera_tables as tables
from showcam.app.cli.camera_settings import change_preference, change_setting
from showcam.app.cli.named_camera import NamedCamera
from showcam.app.compose.command import Household as Opened
from showcam.drivers.settings import BadValue
from showcam.registry.gate.gate import overruled
from showcam.registry.preferences import Preferences
from showcam.registry.readings.judge import Rules
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera

SHORT = Rules(request_s=0.8, owner_s=0.3, read_back_s=0.01)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    made = household(tmp_path, rules=SHORT)
    yield made
    made.store.close()


def lines(home: Household) -> dict[str, str]:
    """The line of each setting, by its name."""
    garden = home.id("Garden")
    views = home.owner.settings(home.account.id, garden)
    assert isinstance(views, dict)
    listed = home.owner.cameras(home.account.id).cameras
    camera = next(camera for camera in listed if camera.id == garden)
    shown = tables.shown(camera, views, Preferences(), home.owner.awaited(home.account.id), verbose=False)
    return {line.split()[0]: line for line in shown}


def test_arming_and_the_phones_mute_say_what_they_are(home: Household) -> None:
    home.driver.change("Garden", alarm_notification="on")
    home.driver.others |= {"phone_mute": "off", "user_guide": "https://support.ezviz.com/c3tn"}
    shown = lines(home)
    assert "arms detection" in shown["alarm_notification"]
    assert "this account's phones stay silent" in shown["phone_mute"]
    assert "https://support.ezviz.com/c3tn  (read only)" in shown["user_guide"]


@pytest.mark.parametrize(("lags", "shows"), [(False, True), (True, False)])
def test_a_change_that_the_camera_does_not_show_yet_is_distinguished(home: Household, lags: bool, shows: bool) -> None:
    home.driver.lags = lags
    garden = next(camera for camera in home.owner.cameras(home.account.id).cameras if camera.name == "Garden")
    opened = Opened(home.account.id, home.owner, home.store, "demo@example.com")
    assert change_setting(NamedCamera(opened, garden), "audio", "off", yes=False) is shows
    assert ("off was asked for" in lines(home)["audio"]) is lags


@pytest.mark.parametrize(
    ("value", "kept", "says"),
    [
        ("Back garden", "Back garden", "Garden is in the room Back garden."),
        ("nothing", "", "Garden is in no room."),
    ],
)
def test_the_room_of_a_camera(
    home: Household, value: str, kept: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    garden = next(camera for camera in home.owner.cameras(home.account.id).cameras if camera.name == "Garden")
    opened = Opened(home.account.id, home.owner, home.store, "demo@example.com")
    change_preference(NamedCamera(opened, garden), "room", value, yes=False)
    assert home.owner.preferences(home.account.id, garden.id).room == kept
    assert says in capsys.readouterr().out


# a setting, a value, how it is kept, and a text of what is printed
RINGS: list[tuple[str, str, object, str]] = [
    ("motion_rings", "no", "no", "motion_rings is no."),
    ("motion_rings", "motion", "motion", "Cats and cars ring too"),
    ("motion_rings", "person", "person", "Garden does not report persons"),
    ("ring_pause_s", "0", 0, "ring_pause_s is 0."),
    ("ring_pause_s", "3600", 3600, "within half a minute"),
]


@pytest.mark.parametrize(("setting", "value", "kept", "says"), RINGS)
def test_what_rings(
    home: Household, setting: str, value: str, kept: object, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    garden = next(camera for camera in home.owner.cameras(home.account.id).cameras if camera.name == "Garden")
    opened = Opened(home.account.id, home.owner, home.store, "demo@example.com")
    change_preference(NamedCamera(opened, garden), setting, value, yes=False)
    assert getattr(home.owner.preferences(home.account.id, garden.id), setting) == kept
    assert says in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("motion_rings", "yes"),
        ("motion_rings", ""),
        ("motion_rings", "cats"),
        ("ring_pause_s", "-1"),
        ("ring_pause_s", "3601"),
        ("ring_pause_s", "1.5"),
        ("ring_pause_s", "²"),
        ("ring_pause_s", "9" * 5000),
        ("ring_pause_s", ""),
    ],
)
def test_what_can_not_ring_so_is_refused(home: Household, setting: str, value: str) -> None:
    garden = next(camera for camera in home.owner.cameras(home.account.id).cameras if camera.name == "Garden")
    opened = Opened(home.account.id, home.owner, home.store, "demo@example.com")
    with pytest.raises(BadValue, match=setting):
        change_preference(NamedCamera(opened, garden), setting, value, yes=False)
    assert home.owner.preferences(home.account.id, garden.id) == Preferences()


@pytest.mark.parametrize(("battery", "commands"), [(None, ['showcam cameras code "Garden"']), (60, [])])
def test_no_command_asks_for_the_code_of_a_camera_on_battery(battery: int | None, commands: list[str]) -> None:
    garden = camera("Garden", ways=(), battery=battery)
    for reason in ("no_way", "not_agreed"):
        verdicts = {"alexa": overruled(reason, garden)}
        assert tables.listed_facts((garden, verdicts), {}, {})["mends"] == commands


def test_an_account_without_cameras_says_where_to_look() -> None:
    [line] = tables.listed([], {})
    assert "If the EZVIZ app has it under that name" in line
    assert "Slow red: no network" in line
