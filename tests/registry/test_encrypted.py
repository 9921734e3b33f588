"""What an owner decides about an encrypted camera, and what becomes of its pictures then."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from media.grants import Claims
from media.source import Denied
from registry.camera import Camera, Refusal, StreamRequest
from registry.errors import DriverError, Refused, SetRefused, VendorDown, Why
from registry.owner.code_tries import HOUR_S, WRONG_CODES
from registry.preferences import Preferences, WhileEncrypted, keep
from registry.rules import Rules
from registry.settings import BadValue, Step
from tests.doubles.clock import Clock
from tests.doubles.household import WITHOUT_MEDIA, Household
from tests.doubles.ready_driver import camera

HLS = StreamRequest("alexa", ("hls",))
CODE = "ABCDEF"


type Make = Callable[..., Household]


@pytest.fixture
def home(make_home: Make) -> Household:
    return make_home(
        cameras=[
            camera("Garage", "F00000003", encryption="on", ways=("open", "cloud")),
            camera("Hall", "F00000004", encryption="on", ways=("cloud",), owner="shared"),
        ]
    )


def decide(home: Household, value: str, *, name: str = "Garage", code: str = "", consent: bool = True) -> Any:
    return home.owner.while_encrypted(home.account.id, home.id(name), value, code=code, consent=consent)


def shown(home: Household, name: str = "Garage") -> str:
    """The reason of the refusal; "" for a picture."""
    found = home.registry.open_stream(home.link, home.id(name), HLS)
    return found.reason if isinstance(found, Refusal) else ""


def kept(home: Household, name: str = "Garage") -> str:
    return home.owner.preferences(home.account.id, home.id(name)).while_encrypted


def claims(home: Household, name: str = "Garage") -> Claims:
    return Claims(home.account.id, home.link.id, home.id(name), "hls", "alexa", int(home.clock()) + 60, "n")


@pytest.mark.parametrize("name", ["Garage", "Hall"])
def test_by_the_code_the_account_alone_shows_it(home: Household, name: str) -> None:
    assert shown(home, name) == "encryption_on"

    found = decide(home, "code", name=name, code=CODE)

    assert isinstance(found, Camera)
    assert (found.picture_code, kept(home, name), shown(home, name)) == ("fits", "code", "")
    assert home.driver.minted == [(name, "cloud")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"consent": False}, Step("consent")),
        ({"consent": False, "code": CODE}, Step("consent")),
        ({}, Step("code")),
        ({"code": "AAAAAA"}, Step("code", wrong=True)),
    ],
)
def test_consent_and_the_right_code_are_needed(home: Household, given: dict[str, Any], expected: Step) -> None:
    assert decide(home, "code", **given) == expected
    assert (kept(home), home.driver.picture_codes, shown(home)) == ("no", {}, "encryption_on")


@pytest.mark.parametrize("code", ["two words", "x" * 33, "line\r\nbreak", "æ"])
def test_an_impossible_code_is_not_checked(home: Household, code: str) -> None:
    with pytest.raises(BadValue):
        decide(home, "code", code=code)
    assert home.driver.calls["set_picture_code"] == 0


@pytest.mark.parametrize("error", [VendorDown(), Refused("encryption_unknown"), Refused("not_this_way")])
def test_a_code_that_could_not_be_checked_is_not_kept(home: Household, error: DriverError) -> None:
    home.driver.code_error = error
    found = decide(home, "code", code=CODE)

    assert isinstance(found, Refusal)
    assert (found.reason, kept(home)) == (error.reason, "no")


def test_codes_can_not_be_guessed(home: Household, clock: Clock) -> None:
    for _ in range(WRONG_CODES):
        assert decide(home, "code", code="AAAAAA") == Step("code", wrong=True)

    assert decide(home, "code", code=CODE) == Step("pause", why="guessed")
    assert home.driver.calls["set_picture_code"] == WRONG_CODES
    clock.now += HOUR_S
    assert isinstance(decide(home, "code", code=CODE), Camera)


def test_codes_can_not_be_guessed_at_the_same_time_either(home: Household) -> None:
    with ThreadPoolExecutor(16) as pool:
        steps = [*pool.map(lambda number: decide(home, "code", code=f"AAAA{number:02}"), range(3 * WRONG_CODES))]

    assert steps.count(Step("code", wrong=True)) == home.driver.calls["set_picture_code"] == WRONG_CODES
    assert steps.count(Step("pause", why="guessed")) == 2 * WRONG_CODES


def switch_off(home: Household, code: str) -> Any:
    return home.owner.change(home.account.id, home.id("Garage"), "encryption", "off", code=code, consent=True)


@pytest.mark.parametrize(
    ("why", "wants"),
    [("wrong_code", Step("code", wrong=True)), ("wrong_mailed_code", Step("mailed_code", wrong=True))],
)
def test_nor_where_it_is_switched_off(home: Household, clock: Clock, why: Why, wants: Step) -> None:
    home.driver.set_error = SetRefused(why)
    for _ in range(WRONG_CODES):
        assert switch_off(home, "1234") == wants

    home.driver.set_error = None
    assert switch_off(home, "5678") == Step("pause", why="guessed")
    assert decide(home, "code", code=CODE) == Step("pause", why="guessed")  # the same codes
    assert home.driver.calls["apply"] == WRONG_CODES
    clock.now += HOUR_S
    assert isinstance(switch_off(home, "5678"), Camera)


@pytest.mark.parametrize("why", ["silent", "old", "code_mailed"])
def test_a_code_that_was_not_wrong_is_not_counted(home: Household, why: Why) -> None:
    home.driver.set_error = SetRefused(why)
    for _ in range(WRONG_CODES + 1):
        assert not switch_off(home, "1234").wrong


def test_switching_it_off_without_a_code_is_not_counted(home: Household) -> None:
    home.driver.set_error = SetRefused("code_mailed")
    for _ in range(WRONG_CODES + 1):
        assert switch_off(home, "") == Step("mailed_code")
    home.driver.set_error = None
    assert isinstance(switch_off(home, "1234"), Camera)


def test_right_codes_are_not_counted(home: Household) -> None:
    for _ in range(WRONG_CODES + 1):
        assert isinstance(decide(home, "code", code=CODE), Camera)


def test_a_code_is_forgotten_though_the_list_at_hand_does_not_tell_of_it(home: Household) -> None:
    """Another process took the code, and the vendor has not been asked here since."""
    assert home.registry.open_stream(home.link, home.id("Garage"), HLS)
    home.driver.picture_codes["Garage"] = CODE

    decide(home, "no")
    assert home.driver.picture_codes == {"Garage": ""}


@pytest.mark.parametrize("value", ["no", "lan"])
def test_another_decision_forgets_the_code(home: Household, value: str) -> None:
    decide(home, "code", code=CODE)
    assert isinstance(decide(home, value), Camera)

    assert (kept(home), home.driver.picture_codes, shown(home)) == (value, {"Garage": ""}, "encryption_on")


def test_a_code_stays_while_another_channel_of_the_device_needs_it(make_home: Make) -> None:
    left, right = (camera(name, "F00000009", encryption="on", ways=("cloud",)) for name in ("Left", "Right"))
    home = make_home(cameras=[left, replace(right, ref=replace(right.ref, channel=2))])
    for name in ("Left", "Right"):
        decide(home, "code", name=name, code=CODE)
    decide(home, "no", name="Left")
    assert home.driver.picture_codes == {"Left": CODE, "Right": CODE}
    decide(home, "no", name="Right")
    assert home.driver.picture_codes == {"Left": CODE, "Right": ""}


@pytest.mark.parametrize(
    ("decided", "changes", "may"),
    [
        ("no", {}, True),
        ("no", {"encryption": "off"}, False),
        ("no", {"encryption": "unknown"}, False),
        ("no", {"ways": ("open",)}, False),
        ("lan", {}, True),  # it has no door at home yet
        ("lan", {"ways": ("lan", "cloud")}, False),
        ("code", {}, True),
        ("code", {"picture_code": "wrong"}, True),
        ("code", {"picture_code": "unknown"}, True),
        ("code", {"picture_code": "fits"}, False),
    ],
)
def test_a_code_is_asked_for_where_nothing_that_was_decided_shows_the_camera(
    home: Household, decided: WhileEncrypted, changes: dict[str, Any], may: bool
) -> None:
    home.driver.change("Hall", **changes)
    home.owner.prefer(home.account.id, home.id("Hall"), Preferences(while_encrypted=decided))
    hall = next(camera for camera in home.owner.cameras(home.account.id).cameras if camera.name == "Hall")
    assert home.owner.may_be_deciphered(home.account.id, hall) is may


def test_a_code_is_forgotten_though_another_camera_is_shown_by_its_own(home: Household) -> None:
    for name in ("Garage", "Hall"):
        decide(home, "code", name=name, code=CODE)
    decide(home, "no")
    assert home.driver.picture_codes == {"Garage": "", "Hall": CODE}


def test_a_decision_keeps_what_another_process_has_kept_since(home: Household) -> None:
    assert (shown(home), kept(home)) == ("encryption_on", "no")  # as this process knows it for a while
    garage = home.id("Garage")
    keep(home.store, home.account.id, garage, Preferences(room="Porch", voice_may=("audio",)))
    home.owner.while_encrypted(home.account.id, garage, "lan")
    assert home.owner.preferences(home.account.id, garage) == Preferences(
        ("audio",), while_encrypted="lan", room="Porch"
    )


@pytest.mark.parametrize(
    ("rules", "battery", "takes"), [(Rules(), None, True), (Rules(), 80, False), (WITHOUT_MEDIA, None, False)]
)
def test_a_code_for_the_home_network_is_taken_where_a_picture_can_come_from_there(
    make_home: Make, rules: Rules, battery: int | None, takes: bool
) -> None:
    home = make_home(rules=rules, cameras=[camera("Garage", battery=battery)])
    (garage,) = home.owner.cameras(home.account.id).cameras
    assert home.owner.takes_code(home.account.id, garage) is takes


def test_a_camera_whose_vendor_has_no_encryption_takes_no_code(make_home: Make) -> None:
    home = make_home(cameras=[camera("Garage", encryption="none", ways=("lan",))])
    refusal = decide(home, "code", code=CODE)
    assert (refusal.reason, isinstance(decide(home, "lan"), Camera), isinstance(decide(home, "no"), Camera)) == (
        "not_this_way",
        True,
        True,
    )
    assert (home.driver.picture_codes, home.driver.calls["set_picture_code"]) == ({}, 0)


@pytest.mark.parametrize("value", ["yes", "", "open", "CODE"])
def test_what_is_no_decision_is_refused(home: Household, value: str) -> None:
    with pytest.raises(BadValue, match="no, lan, code"):
        decide(home, value)


@pytest.mark.parametrize(
    "rules", [Rules(deciphers=False), replace(WITHOUT_MEDIA, deciphers=False)], ids=["over a network", "no media"]
)
def test_where_nothing_may_be_deciphered_no_code_is_taken(make_home: Make, rules: Rules) -> None:
    home = make_home(rules=rules, cameras=[camera("Garage", encryption="on", ways=("open", "cloud"))])
    with pytest.raises(BadValue, match="deciphers no picture here"):
        decide(home, "code", code=CODE)
    home.driver.change("Garage", picture_code="fits")
    home.owner.prefer(home.account.id, home.id("Garage"), Preferences(while_encrypted="code"))

    assert (shown(home), home.driver.minted) == ("encryption_on", [])


@pytest.mark.parametrize(("decided", "key"), [("code", b"k" * 16), ("lan", b""), ("no", b"")])
def test_a_key_reaches_the_media_process_by_the_owners_decision_alone(
    home: Household, decided: WhileEncrypted, key: bytes
) -> None:
    home.driver.key = b"k" * 16
    home.driver.change("Garage", ways=("lan", "cloud"), picture_code="fits", encryption="off")
    home.owner.prefer(home.account.id, home.id("Garage"), Preferences(while_encrypted=decided))

    assert shown(home) == ""
    assert [source.key for _, source in home.pictures.warmed] == [key]


@pytest.mark.parametrize(
    ("became", "reason"),
    [
        ({"picture_code": "wrong"}, "code_wrong"),  # a new password in the vendor's app
        ({"picture_code": "none"}, "encryption_on"),  # the code was taken back in another process
        ({"picture_code": "unknown"}, "encryption_unknown"),
    ],
)
def test_a_picture_ends_when_its_code_fits_no_longer(
    home: Household, clock: Clock, became: dict[str, str], reason: str
) -> None:
    decide(home, "code", code=CODE)
    watched = claims(home)
    assert home.questions.check(watched) is None

    home.driver.change("Garage", **became)
    clock.now += 2

    assert home.questions.check(watched) == Denied(reason)
    assert home.questions.source_for(watched) == Denied(reason)


@pytest.mark.parametrize("decided", ["code", "lan"])
def test_a_picture_ends_at_once_when_another_process_decides_otherwise(
    home: Household, clock: Clock, decided: WhileEncrypted
) -> None:
    home.driver.change("Garage", ways=("lan", "cloud"), picture_code="fits")
    watched = claims(home)
    home.owner.prefer(home.account.id, watched.camera, Preferences(while_encrypted=decided))
    assert home.questions.check(watched) is None

    home.store.put_preference(home.account.id, watched.camera, b"{}", 1.0)
    clock.now += 2

    assert home.questions.check(watched) == Denied("encryption_on")
