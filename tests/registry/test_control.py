"""Changing a camera through the registry: what a voice may, what its owner may, and what is read back."""

from collections.abc import Callable
from typing import Any

import pytest

from showcam.drivers.camera import Camera, Flag, Refusal
from showcam.drivers.driver import Preset
from showcam.drivers.errors import DriverError, SetRefused, SignedOut, VendorBusy, VendorDown
from showcam.drivers.settings import BY_VOICE, NIGHT_VISION, Asked, BadValue, Step, night_choices
from showcam.registry.adapter import adapt
from showcam.registry.preferences import Preferences
from showcam.registry.readings.changes import with_awaited
from showcam.registry.readings.judge import Rules
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Happening
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import camera

pytestmark = pytest.mark.proves(
    "A change that EZVIZ's list shows late is reported as asked for, and never as refused",
    leans_on="double: EZVIZ's cloud",
    also=("tests/registry/test_ezviz_unkind.py",),
)

EVERYTHING = Preferences(voice_may=BY_VOICE)


@pytest.fixture
def home(make_home: Callable[..., Household]) -> Household:
    """One where nothing is waited for long."""
    return make_home(rules=Rules(request_s=0.8, owner_s=0.5, read_back_s=0.01))


@pytest.fixture
def garden(home: Household) -> str:
    """Its id. The camera has every setting, and everything is allowed."""
    everything = dict.fromkeys(("status_light", "alarm_notification", "offline_notification", "flip"), "off")
    home.driver.change("Garden", **everything, night_vision="smart", can_restart=True)
    its_id = home.id("Garden")
    home.owner.prefer(home.account.id, its_id, EVERYTHING)
    return its_id


@pytest.mark.parametrize(
    ("setting", "value", "field"),
    [
        ("audio", "off", "audio"),
        ("sleep", "on", "asleep"),
        ("status_light", "on", "status_light"),
        ("alarm_notification", "on", "alarm_notification"),
        ("offline_notification", "on", "offline_notification"),
        ("flip", "on", "flip"),
        ("night_vision", "colour", "night_vision"),
    ],
)
def test_a_voice_changes_what_it_may(home: Household, garden: str, setting: str, value: str, field: str) -> None:
    changed = home.registry.change(home.link, garden, setting, value)

    assert isinstance(changed, Camera)
    assert (changed.id, getattr(changed, field)) == (garden, value)
    assert home.driver.applied == [("Garden", setting, value, "")]
    assert getattr(home.registry.states(home.link, [garden])[garden].camera, field) == value


@pytest.mark.parametrize(("reads", "kind"), [({}, Camera), ({"date_format": "ymd"}, Asked)], ids=["none", "another"])
def test_what_no_way_reads_counts_as_taken(
    home: Household, garden: str, reads: dict[str, str], kind: type[Camera | Asked]
) -> None:
    home.driver.ignores_settings, home.driver.others = True, reads
    assert type(home.owner.change(home.account.id, garden, "date_format", "dmy")) is kind


@pytest.mark.parametrize(
    ("listed", "about", "expected"),
    [
        ("on", "garden", "unknown"),
        ("unknown", "garden", "unknown"),
        ("off", "garden", "off"),
        ("none", "garden", "none"),  # a model without Sleep Mode, whose shutter was opened
        ("on", "attic", "on"),
    ],
)
def test_what_was_asked_for_is_unknown_until_it_shows(listed: Flag, about: str, expected: str) -> None:
    shown = with_awaited(camera("Garden", id="garden", asleep=listed), {(about, "asleep"): "off"})
    assert (shown.asleep, shown.audio) == (expected, "on")


@pytest.mark.parametrize(
    ("now", "modes", "choices"),
    [
        ("smart", (), NIGHT_VISION),
        ("unknown", (), NIGHT_VISION),
        ("smart", ("black_and_white", "smart"), ("black_and_white", "smart")),
        ("smart", ("smart",), ()),
        ("none", (), ()),
    ],
)
def test_night_vision_is_offered_where_there_is_something_to_choose(
    now: str, modes: tuple[str, ...], choices: tuple[str, ...]
) -> None:
    assert night_choices(camera("Garden", night_vision=now, night_modes=modes)) == choices


@pytest.mark.parametrize("setting", ["audio", "sleep", "time_zone"])
def test_a_voice_changes_nothing_that_it_may_not(home: Household, setting: str) -> None:
    value = "+02:00" if setting == "time_zone" else "off"
    refused = home.registry.change(home.link, home.id("Nursery"), setting, value)

    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.camera, home.driver.applied) == ("voice_may_not", "Nursery", [])


def test_a_voice_changes_one_thing_when_one_is_ticked(home: Household) -> None:
    nursery = home.id("Nursery")
    home.owner.prefer(home.account.id, nursery, Preferences(voice_may=("audio",)))

    assert isinstance(home.registry.change(home.link, nursery, "audio", "on"), Camera)
    assert isinstance(home.registry.change(home.link, nursery, "sleep", "on"), Refusal)
    assert isinstance(home.registry.change(home.link, home.id("Garden"), "audio", "on"), Refusal)
    assert [applied[:3] for applied in home.driver.applied] == [("Nursery", "audio", "on")]


@pytest.mark.proves("No voice switches Image Encryption")
def test_encryption_never_goes_by_voice(home: Household, garden: str) -> None:
    with pytest.raises(BadValue, match="encryption"):
        home.owner.prefer(home.account.id, garden, Preferences(voice_may=("encryption",)))
    for value in ("on", "off"):
        refused = home.registry.change(home.link, garden, "encryption", value)
        assert isinstance(refused, Refusal)
        assert refused.reason == "encryption_by_voice"
    assert home.driver.applied == []


@pytest.mark.parametrize(
    ("setting", "value"), [("audio", "loud"), ("night_vision", "on"), ("wifi", "on"), ("colour", "red"), ("", "")]
)
def test_an_impossible_value_is_refused(home: Household, garden: str, setting: str, value: str) -> None:
    with pytest.raises(BadValue):
        home.registry.change(home.link, garden, setting, value)
    with pytest.raises(BadValue):
        home.owner.change(home.account.id, garden, setting, value)
    assert home.driver.calls["apply"] == 0


def test_a_setting_that_the_camera_lacks_is_refused(home: Household, garden: str) -> None:
    home.driver.change("Garden", flip="none", can_restart=False)
    home.owner.cameras(home.account.id)

    for refused in (home.registry.change(home.link, garden, "flip", "on"), home.registry.restart(home.link, garden)):
        assert isinstance(refused, Refusal)
        assert refused.reason == "not_this_way"
    assert home.driver.applied == []


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"set_error": SetRefused("not_taken")}, "not_set"),
        ({"set_error": SetRefused("unsupported")}, "not_this_way"),
        ({"set_error": SetRefused("not_permitted")}, "owners_alone"),
        ({"set_error": SetRefused("code_mailed")}, "not_set"),  # a voice brings no code
        ({"error": VendorDown()}, "vendor_down"),
        ({"error": VendorBusy()}, "vendor_busy"),
        ({"error": SignedOut()}, "signed_out"),
    ],
)
def test_a_change_that_does_not_come_about(home: Household, garden: str, how: dict[str, Any], reason: str) -> None:
    home.registry.states(home.link, [garden])
    for name, value in how.items():
        setattr(home.driver, name, value)

    refused = home.registry.change(home.link, garden, "audio", "off")

    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.camera) == (reason, "Garden")
    assert home.driver.calls["apply"] == 1  # sent once, whatever the result


class TestLag:
    """Vendors take a change at once, and list it some twenty seconds later."""

    def state(self, home: Household, camera_id: str) -> Camera:
        return home.registry.states(home.link, [camera_id])[camera_id].camera

    def test_it_is_asked_for_and_neither_what_was_nor_what_will_be_is_so(
        self, home: Household, garden: str, clock: Clock
    ) -> None:
        home.driver.lags = True
        changed = home.registry.change(home.link, garden, "audio", "off")

        assert isinstance(changed, Asked)
        assert (changed.camera.id, changed.camera.audio) == (garden, "off")
        assert (self.state(home, garden).audio, self.state(home, garden).asleep) == ("unknown", "off")
        assert self.state(home, home.id("Front Door")).audio == "on"
        home.driver.show()
        clock.now += 3
        assert self.state(home, garden).audio == "off"  # with the next query, not in a minute

    def test_what_never_comes_is_as_it_is_after_half_a_minute(self, home: Household, garden: str, clock: Clock) -> None:
        home.driver.ignores_settings = True
        assert isinstance(home.registry.change(home.link, garden, "flip", "on"), Asked)
        assert self.state(home, garden).flip == "unknown"
        clock.now += 31
        assert self.state(home, garden).flip == "off"

    def test_the_newest_change_of_a_setting_counts(self, home: Household, garden: str, clock: Clock) -> None:
        home.driver.lags = True
        for value in ("smart", "colour", "black_and_white"):
            clock.now += 0.1
            home.registry.change(home.link, garden, "night_vision", value)
        assert self.state(home, garden).night_vision == "unknown"
        home.driver.change("Garden", night_vision="black_and_white")
        assert home.registry.change(home.link, garden, "night_vision", "black_and_white")
        assert self.state(home, garden).night_vision == "black_and_white"

    def test_another_process_knows_what_was_asked_for(self, home: Household, garden: str, clock: Clock) -> None:
        other = adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, home.rules, clock)
        assert other.registry.states(home.link, [garden])[garden].camera.audio == "on"
        home.driver.lags = True
        assert isinstance(home.owner.change(home.account.id, garden, "audio", "off"), Asked)

        clock.now += 2
        assert other.registry.states(home.link, [garden])[garden].camera.audio == "unknown"
        home.driver.show()
        clock.now += 3
        assert other.registry.states(home.link, [garden])[garden].camera.audio == "off"

    def test_what_a_later_version_asked_for_is_passed_over(self, home: Household, garden: str, clock: Clock) -> None:
        for kind in ("asked", "asked/", "asked/zoom/2", "asked/id/x"):
            home.store.record_happening(home.account.id, Happening(garden, kind, clock.now), 0.0, None)
        assert self.state(home, garden).audio == "on"

    def test_a_store_that_fails_takes_nothing_back(
        self, home: Household, garden: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(account: str, happening: Happening, same_s: float, told: None) -> None:
            raise StoreUnavailable

        home.driver.lags = True
        monkeypatch.setattr(home.store, "record_happening", fail)
        assert isinstance(home.registry.change(home.link, garden, "audio", "off"), Asked)

    def test_a_reading_that_fails_takes_nothing_back(self, home: Household, garden: str) -> None:
        home.registry.states(home.link, [garden])
        home.driver.read_error = VendorDown()
        assert isinstance(home.registry.change(home.link, garden, "audio", "off"), Asked)
        assert home.driver.calls["apply"] == 1

    def test_who_has_no_patience_hears_it_at_once(self, make_home: Callable[..., Household]) -> None:
        home = make_home(rules=Rules(owner_s=60, read_back_s=0.01))
        home.driver.lags = True
        garage = home.id("Garage")
        asked = home.owner.change(home.account.id, garage, "encryption", "off", consent=True, patience_s=0.05)
        assert isinstance(asked, Asked)
        assert home.owner.awaited(home.account.id) == {(garage, "encryption"): "off"}

    def test_the_owner_hears_the_same(self, home: Household, garden: str) -> None:
        home.driver.lags = True
        for setting, value in (("audio", "off"), ("encryption", "on")):
            assert isinstance(home.owner.change(home.account.id, garden, setting, value), Asked)


def test_another_households_camera_is_not_found(home: Household, garden: str) -> None:
    none_of_them = home.another_link("google", cameras=())
    for refused, reason in (
        (home.registry.change(none_of_them, garden, "audio", "off"), "not_found"),
        (home.registry.restart(none_of_them, garden), "not_found"),
        (home.owner.change("nobody", garden, "audio", "off"), "signed_out"),
        (home.owner.settings("nobody", garden), "signed_out"),
        (home.owner.change(home.account.id, "ezviz-none", "audio", "off"), "not_found"),
    ):
        assert isinstance(refused, Refusal)
        assert refused.reason == reason
    assert home.driver.applied == []


def test_a_restart_is_sent_once(home: Household, garden: str) -> None:
    assert isinstance(home.registry.restart(home.link, garden), Camera)
    assert isinstance(home.owner.restart(home.account.id, garden), Camera)
    assert home.driver.applied == [("Garden", "restart", "", "")] * 2


def test_a_restart_by_voice_is_ticked_apart(home: Household, garden: str) -> None:
    home.owner.prefer(home.account.id, garden, Preferences(voice_may=("audio",)))
    refused = home.registry.restart(home.link, garden)
    assert isinstance(refused, Refusal)
    assert refused.reason == "voice_may_not"


class TestOwner:
    def test_sees_every_setting(self, home: Household, garden: str) -> None:
        views = home.owner.settings(home.account.id, garden)
        assert isinstance(views, dict)
        assert (views["audio"].value, views["night_vision"].value, views["version"].value) == ("on", "smart", "V5.3.0")
        assert views["night_vision"].choices == ("colour", "black_and_white", "smart")
        assert not views["version"].can_set

    def test_changes_what_is_no_field_of_a_camera(self, home: Household, garden: str) -> None:
        assert isinstance(home.owner.change(home.account.id, garden, "time_zone", "+02:00"), Camera)
        assert home.driver.others["time_zone"] == "+02:00"

    def test_changes_without_a_tick(self, home: Household) -> None:
        changed = home.owner.change(home.account.id, home.id("Nursery"), "audio", "on")
        assert isinstance(changed, Camera)
        assert changed.audio == "on"

    @pytest.mark.parametrize(
        ("given", "error", "expected"),
        [
            ({}, None, Step("consent")),
            ({"code": "ABCDEF"}, None, Step("consent")),
            ({"consent": True}, SetRefused("code_mailed"), Step("mailed_code")),
            ({"consent": True}, SetRefused("code_wanted"), Step("code")),
            ({"consent": True, "code": "1234"}, SetRefused("old"), Step("mailed_code", why="old")),
            ({"consent": True}, SetRefused("too_soon"), Step("mailed_code", why="too_soon")),
            ({"consent": True}, SetRefused("too_often"), Step("pause", why="too_often")),
            ({"consent": True, "code": "1234"}, SetRefused("guessed"), Step("pause", why="guessed")),
            ({"consent": True}, SetRefused("silent"), Step("pause", why="silent")),
            ({"consent": True, "code": "AAAAAA"}, SetRefused("wrong_code"), Step("code", wrong=True)),
            ({"consent": True, "code": "ABCDEF"}, SetRefused("code_mailed"), Step("mailed_code")),
            ({"consent": True, "code": "1234"}, SetRefused("wrong_mailed_code"), Step("mailed_code", wrong=True)),
        ],
    )
    def test_encryption_goes_off_by_consent_and_code(
        self, home: Household, given: dict[str, Any], error: SetRefused | None, expected: Step
    ) -> None:
        home.driver.set_error = error
        step = home.owner.change(home.account.id, home.id("Garage"), "encryption", "off", **given)
        assert step == expected
        assert home.driver.applied == []
        assert home.driver.calls["apply"] == (error is not None)

    @pytest.mark.parametrize("code", ["", "ABCDEF"])
    def test_encryption_goes_off(self, home: Household, code: str) -> None:
        garage = home.id("Garage")
        changed = home.owner.change(home.account.id, garage, "encryption", "off", code=code, consent=True)
        assert isinstance(changed, Camera)
        assert (changed.encryption, home.driver.applied) == ("off", [("Garage", "encryption", "off", code)])

    def test_encryption_goes_on_without_a_word(self, home: Household) -> None:
        changed = home.owner.change(home.account.id, home.id("Garden"), "encryption", "on")
        assert isinstance(changed, Camera)
        assert changed.encryption == "on"

    @pytest.mark.parametrize(("setting", "value"), [("encryption", "off"), ("encryption", "on"), ("storage", "format")])
    def test_a_shared_camera_keeps_its_owners_secrets(self, home: Household, setting: str, value: str) -> None:
        home.driver.change("Garage", owner="shared")
        garage = home.id("Garage")
        refused = home.owner.change(home.account.id, garage, setting, value, code="ABCDEF", consent=True)
        assert isinstance(refused, Refusal)
        assert (refused.reason, home.driver.applied) == ("owners_alone", [])

    def test_formatting_wants_consent(self, home: Household, garden: str) -> None:
        assert home.owner.change(home.account.id, garden, "storage", "format") == Step("consent")
        assert isinstance(home.owner.change(home.account.id, garden, "storage", "format", consent=True), Camera)

    @pytest.mark.parametrize("error", [VendorDown(), SignedOut(), VendorBusy()])
    def test_settings_that_can_not_be_read(self, home: Household, garden: str, error: DriverError) -> None:
        home.driver.error = error
        refused = home.owner.settings(home.account.id, garden)
        assert isinstance(refused, Refusal)
        assert refused.reason == error.reason


@pytest.mark.parametrize("direction", ["left", "right", "up", "down"])
def test_a_camera_turns_one_step_and_is_stopped(home: Household, direction: str) -> None:
    home.driver.change("Nursery", can_turn=True)
    turned = home.owner.turn(home.account.id, home.id("Nursery"), direction)
    assert isinstance(turned, Camera)
    assert home.driver.turned == [direction, "stop"]


@pytest.mark.parametrize("error", [VendorDown(), SetRefused("not_taken")], ids=["no answer", "refused"])
def test_a_stop_follows_a_turn_of_which_nobody_knows_whether_it_began(home: Household, error: Exception) -> None:
    home.driver.change("Nursery", can_turn=True)
    home.driver.turn_error = error
    assert isinstance(home.owner.turn(home.account.id, home.id("Nursery"), "left"), Refusal)
    assert home.driver.turned == ["left", "stop"]


def test_a_stop_that_fails_is_tried_again(home: Household) -> None:
    home.driver.change("Nursery", can_turn=True)
    home.driver.halt_errors = [VendorDown(), SetRefused("not_taken")]
    assert isinstance(home.owner.turn(home.account.id, home.id("Nursery"), "up"), Camera)
    assert home.driver.turned == ["up", "stop", "stop", "stop"]


def test_a_turn_that_was_not_sent_needs_no_stop(home: Household) -> None:
    home.driver.change("Nursery", can_turn=True)
    home.driver.turn_error = VendorDown()
    for _ in range(4):  # from the fourth on the vendor rests
        home.owner.turn(home.account.id, home.id("Nursery"), "left")
    assert home.driver.turned == ["left", "stop"] * 3


def test_a_camera_is_turned_only_to_a_position_that_it_keeps(home: Household) -> None:
    home.driver.change("Nursery", can_turn=True)
    home.driver.positions = (Preset("1", "Cot"),)
    assert home.owner.presets(home.account.id, home.id("Nursery")) == (Preset("1", "Cot"),)
    assert isinstance(home.owner.go(home.account.id, home.id("Nursery"), "1"), Camera)
    assert home.driver.turned == ["to 1"]
    for token in ("", "2", "1 ", "<1>"):
        refused = home.owner.go(home.account.id, home.id("Nursery"), token)
        assert isinstance(refused, Refusal)
        assert (refused.reason, home.driver.turned) == ("not_this_way", ["to 1"])
    home.driver.turn_error = VendorDown()
    assert home.owner.presets(home.account.id, home.id("Nursery")) == ()
    refused = home.owner.go(home.account.id, home.id("Nursery"), "1")
    assert isinstance(refused, Refusal)
    assert refused.reason == "vendor_down"


def test_a_camera_that_stands_is_not_turned(home: Household) -> None:
    refused = home.owner.turn(home.account.id, home.id("Nursery"), "left")
    assert isinstance(refused, Refusal)
    assert (refused.reason, home.driver.turned) == ("not_this_way", [])


@pytest.mark.parametrize("direction", ["", "LEFT", "sideways", "left\x00", "x" * 5000])
def test_what_is_no_direction_reaches_no_camera(home: Household, direction: str) -> None:
    home.driver.change("Nursery", can_turn=True)
    with pytest.raises(BadValue):
        home.owner.turn(home.account.id, home.id("Nursery"), direction)
    assert home.driver.turned == []
