"""What an owner decides about an encrypted camera, and what becomes of its pictures then."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Refusal, StreamRequest
from showcam.drivers.errors import DriverError, Refused, SetRefused, VendorDown, Why
from showcam.drivers.settings import BadValue, Step
from showcam.engine.grants import Claims
from showcam.engine.source import Denied
from showcam.registry.gate.gate import not_found
from showcam.registry.owner.codes import WRONG_CODES
from showcam.registry.preferences import Preferences, WhileEncrypted, keep
from showcam.registry.readings.judge import Rules
from showcam.store.records import HOUR_S
from tests.doubles.clock import Clock
from tests.doubles.household import WITHOUT_MEDIA, Household, household
from tests.doubles.ready_driver import camera

pytestmark = pytest.mark.proves("An owner's exception for an encrypted camera is stored, checked and taken back")

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
    return home.owner.encrypted.decide(home.account.id, home.id(name), value, code=code, consent=consent)


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
    ],
)
def test_a_code_without_consent_is_not_kept(home: Household, given: dict[str, Any], expected: Step) -> None:
    assert decide(home, "code", **given) == expected
    assert (kept(home), home.driver.picture_codes, shown(home)) == ("no", {}, "encryption_on")


def test_a_decision_without_a_key_opens_nothing(home: Household) -> None:
    assert decide(home, "code") == Step("code")
    assert (kept(home), shown(home), home.driver.key_requests) == ("code", "encryption_on", [])


def test_a_key_without_a_decision_opens_nothing(home: Household) -> None:
    """Whoever put it into the store."""
    home.driver.key = b"k" * 16
    home.driver.change("Garage", picture_code="fits")
    assert (shown(home), home.pictures.warmed) == ("encryption_on", [])


def test_a_decision_has_the_date_on_which_it_was_made(home: Household, clock: Clock) -> None:
    decide(home, "code")
    made = clock.now
    clock.now += 86_400
    decide(home, "code", code=CODE)
    assert home.owner.preferences(home.account.id, home.id("Garage")).decided_at == made
    decide(home, "no")
    assert home.owner.preferences(home.account.id, home.id("Garage")).decided_at == 0.0


def test_a_code_that_the_vendor_does_not_confirm_is_judged_by_the_video(home: Household, clock: Clock) -> None:
    found = decide(home, "code", code="AAAAAA")
    assert (found.picture_code, kept(home), shown(home)) == ("unknown", "code", "")
    home.questions.judge_key(claims(home), "mark", fits=False)
    clock.now += 2
    assert shown(home) == "code_wrong"
    home.questions.judge_key(claims(home), "mark", fits=True)
    clock.now += 2
    assert shown(home) == ""


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
        assert decide(home, "code", code="AAAAAA").picture_code == "unknown"

    assert decide(home, "code", code=CODE) == Step("pause", why="guessed")
    assert home.driver.calls["set_picture_code"] == WRONG_CODES
    clock.now += HOUR_S
    assert isinstance(decide(home, "code", code=CODE), Camera)


def test_codes_can_not_be_guessed_at_the_same_time_either(home: Household) -> None:
    with ThreadPoolExecutor(16) as pool:
        steps = [*pool.map(lambda number: decide(home, "code", code=f"AAAA{number:02}"), range(3 * WRONG_CODES))]

    assert home.driver.calls["set_picture_code"] == WRONG_CODES
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
        ("code", {"picture_code": "unknown"}, False),  # the video decides
        ("code", {"picture_code": "fits"}, False),
    ],
)
def test_a_code_is_asked_for_where_nothing_that_was_decided_shows_the_camera(
    home: Household, decided: WhileEncrypted, changes: dict[str, Any], may: bool
) -> None:
    home.driver.change("Hall", **changes)
    home.decide("Hall", decided)
    hall = next(camera for camera in home.owner.cameras(home.account.id).cameras if camera.name == "Hall")
    assert home.owner.encrypted.may_be_deciphered(home.account.id, hall) is may


def test_a_code_is_forgotten_though_another_camera_is_shown_by_its_own(home: Household) -> None:
    for name in ("Garage", "Hall"):
        decide(home, "code", name=name, code=CODE)
    decide(home, "no")
    assert home.driver.picture_codes == {"Garage": "", "Hall": CODE}


def test_a_decision_keeps_what_another_process_has_kept_since(home: Household) -> None:
    assert (shown(home), kept(home)) == ("encryption_on", "no")  # as this process knows it for a while
    garage = home.id("Garage")
    keep(home.store, home.account.id, garage, Preferences(room="Porch", voice_may=("audio",)))
    home.owner.encrypted.decide(home.account.id, garage, "lan")
    found = home.owner.preferences(home.account.id, garage)
    assert replace(found, decided_at=0.0) == Preferences(("audio",), while_encrypted="lan", room="Porch")


@pytest.mark.parametrize(
    ("rules", "battery", "takes"), [(Rules(), None, True), (Rules(), 80, False), (WITHOUT_MEDIA, None, False)]
)
def test_a_code_for_the_home_network_is_taken_where_a_picture_can_come_from_there(
    make_home: Make, rules: Rules, battery: int | None, takes: bool
) -> None:
    home = make_home(rules=rules, cameras=[camera("Garage", battery=battery)])
    (garage,) = home.owner.cameras(home.account.id).cameras
    assert home.owner.codes.takes(home.account.id, garage) is takes


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
    home.decide("Garage", "code")

    assert (shown(home), home.driver.minted) == ("encryption_on", [])


@pytest.mark.parametrize(("decided", "key"), [("code", b"k" * 16), ("lan", b""), ("no", b"")])
def test_a_key_reaches_the_media_process_by_the_owners_decision_alone(
    home: Household, decided: WhileEncrypted, key: bytes
) -> None:
    home.driver.key = b"k" * 16
    home.driver.change("Garage", ways=("lan", "cloud"), picture_code="fits", encryption="off")
    home.decide("Garage", decided)

    assert shown(home) == ""
    assert [source.key for _, source in home.pictures.warmed] == [key]


@pytest.mark.proves("Video ends when an encrypted camera's code no longer fits", leans_on="double: EZVIZ's camera")
@pytest.mark.parametrize(
    ("became", "reason"),
    [
        ({"picture_code": "wrong"}, "code_wrong"),  # a new password in the vendor's app
        ({"picture_code": "none"}, "encryption_on"),  # the code was taken back in another process
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
    home.decide("Garage", decided)
    assert home.questions.check(watched) is None

    home.store.put_preference(home.account.id, watched.camera, b"{}", 1.0)
    clock.now += 2

    assert home.questions.check(watched) == Denied("encryption_on")


# the vendor's keys


def ask(home: Household, code: str = "", name: str = "Garage") -> Any:
    return home.owner.encrypted.ask_key(home.account.id, home.id(name), code)


@pytest.fixture
def four(make_home: Make) -> Household:
    """Three own cameras and one that somebody else shares, all encrypted."""
    own = [camera(name, f"F0000001{at}", encryption="on", ways=("cloud",)) for at, name in enumerate(("A", "B", "C"))]
    return make_home(cameras=[*own, camera("Hall", "F00000019", encryption="on", ways=("cloud",), owner="shared")])


def test_without_a_decision_nobody_is_asked_for_a_key(four: Household) -> None:
    """Not in a session in which asking mails nobody, and not by a press either."""
    four.driver.is_elevated = True
    four.owner.encrypted.fetch_keys(four.account.id)
    assert ask(four, name="A") == Step("consent")
    assert ask(four, "1234", name="A") == Step("consent")
    assert [shown(four, name) for name in "ABC"] == ["encryption_on"] * 3
    assert four.driver.key_requests == []


def test_one_tick_covers_own_encrypted_cameras_and_no_other(four: Household) -> None:
    four.driver.is_elevated = True
    everything = [camera.id for camera in four.owner.cameras(four.account.id).cameras]
    undecided = four.owner.encrypted.undecided(four.account.id, four.owner.cameras(four.account.id).cameras)
    assert [camera.name for camera in undecided] == ["A", "B", "C"]
    four.owner.encrypted.decide_all(four.account.id, everything)
    assert [kept(four, name) for name in ("A", "B", "C", "Hall")] == ["code", "code", "code", "no"]
    assert sorted(four.driver.key_requests) == [("A", ""), ("B", ""), ("C", "")]
    assert [shown(four, name) for name in ("A", "B", "C", "Hall")] == ["", "", "", "encryption_on"]
    assert four.owner.encrypted.undecided(four.account.id, four.owner.cameras(four.account.id).cameras) == []


@pytest.mark.parametrize("decided", ["lan", "code"])
def test_one_tick_leaves_what_was_decided_before(four: Household, decided: WhileEncrypted) -> None:
    """Who decided that a camera is shown at home only is not taken to have decided more."""
    four.driver.is_elevated = True
    four.decide("A", decided)
    cameras = four.owner.cameras(four.account.id).cameras
    assert [camera.name for camera in four.owner.encrypted.undecided(four.account.id, cameras)] == ["B", "C"]
    four.owner.encrypted.decide_all(four.account.id, [camera.id for camera in cameras])
    assert (kept(four, "A"), kept(four, "B")) == (decided, "code")


def test_another_household_decides_for_itself_only(four: Household, tmp_path: Path) -> None:
    """Also about a camera that both see."""
    hall = camera("Hall", "F00000019", encryption="on", ways=("cloud",), owner="shared")
    other = household(tmp_path, store=four.store, user="other@example.com", cameras=[hall])
    decide(other, "code", name="Hall", code=CODE)
    assert (kept(other, "Hall"), shown(other, "Hall")) == ("code", "")
    assert (kept(four, "Hall"), shown(four, "Hall")) == ("no", "encryption_on")
    found = other.owner.encrypted.decide(other.account.id, four.id("A"), "code", code=CODE, consent=True)
    assert isinstance(found, Refusal)
    assert found.reason == "not_found"
    assert other.owner.encrypted.ask_key(other.account.id, four.id("A")) == not_found()
    assert (kept(four, "A"), four.driver.key_requests, other.driver.key_requests) == ("no", [], [])


def test_a_session_that_is_not_elevated_asks_only_by_a_press(four: Household) -> None:
    four.owner.encrypted.decide_all(four.account.id, [four.id(name) for name in "ABC"])
    four.owner.encrypted.fetch_keys(four.account.id)
    assert four.driver.key_requests == []
    assert ask(four, name="A") == Step("mailed_code")
    assert four.driver.key_requests == [("A", "")]


def test_with_the_mailed_code_the_other_keys_follow(four: Household) -> None:
    four.owner.encrypted.decide_all(four.account.id, [four.id(name) for name in "ABC"])
    decide(four, "no", name="C")
    ask(four, name="A")
    found = ask(four, "1234", name="A")
    assert isinstance(found, Camera)
    assert four.driver.key_requests == [("A", ""), ("A", "1234"), ("B", "")]
    assert [shown(four, name) for name in "ABC"] == ["", "", "encryption_on"]


def test_of_a_wrong_mailed_code_nothing_follows(four: Household) -> None:
    four.owner.encrypted.decide_all(four.account.id, [four.id(name) for name in "ABC"])
    assert ask(four, "9999", name="A") == Step("mailed_code", wrong=True)
    assert four.driver.key_requests == [("A", "9999")]


def test_a_mailed_code_can_not_be_guessed(four: Household, clock: Clock) -> None:
    four.decide("A", "code")
    for _ in range(WRONG_CODES):
        assert ask(four, "9999", name="A") == Step("mailed_code", wrong=True)
    assert ask(four, "1234", name="A") == Step("pause", why="guessed")
    assert four.driver.key_requests == [("A", "9999")] * WRONG_CODES
    clock.now += HOUR_S
    assert isinstance(ask(four, "1234", name="A"), Camera)


@pytest.mark.parametrize("why", ["code_mailed", "too_soon", "too_often", "guessed"])
def test_a_question_that_mailed_a_code_is_followed_by_no_other(four: Household, why: Why) -> None:
    """Each code voids the one before."""
    four.driver.is_elevated, four.driver.key_error = True, SetRefused(why)
    four.owner.encrypted.decide_all(four.account.id, [four.id(name) for name in "ABC"])
    assert len(four.driver.key_requests) == 1


@pytest.mark.parametrize("why", ["silent", "not_given"])
def test_a_camera_that_gets_no_key_holds_up_no_other(four: Household, why: Why) -> None:
    four.driver.is_elevated, four.driver.key_error = True, SetRefused(why)
    four.owner.encrypted.decide_all(four.account.id, [four.id(name) for name in "ABC"])
    assert len(four.driver.key_requests) == 3


def test_a_key_that_the_video_refuted_or_that_is_there_is_not_asked_for_again(four: Household) -> None:
    four.driver.is_elevated = True
    for name, code in {"A": "wrong", "B": "fits", "C": "unknown"}.items():
        four.decide(name, "code")
        four.driver.change(name, picture_code=code)
    four.owner.cameras(four.account.id)
    four.owner.encrypted.fetch_keys(four.account.id)
    assert four.driver.key_requests == []
    ask(four, name="A")
    assert four.driver.key_requests == [("A", "")]


def test_the_key_of_a_shared_camera_is_asked_for_by_a_press_only(four: Household) -> None:
    """Its owner may get a mail, whoever is signed in here."""
    four.driver.is_elevated = True
    assert decide(four, "code", name="Hall") == Step("code")
    four.owner.encrypted.decide_all(four.account.id, [four.id("Hall")])
    four.owner.encrypted.fetch_keys(four.account.id)
    assert four.driver.key_requests == []
    ask(four, name="Hall")
    assert four.driver.key_requests == [("Hall", "")]


def test_a_key_is_not_asked_for_while_image_encryption_is_off(four: Household) -> None:
    four.driver.is_elevated = True
    four.decide("A", "code")
    four.driver.change("A", encryption="off")
    four.owner.cameras(four.account.id)
    four.owner.encrypted.fetch_keys(four.account.id)
    assert four.driver.key_requests == []


@pytest.mark.parametrize(
    ("why", "step"),
    [
        ("code_mailed", Step("mailed_code")),
        ("wrong_mailed_code", Step("mailed_code", wrong=True)),
        ("old", Step("mailed_code", why="old")),
        ("too_soon", Step("mailed_code", why="too_soon")),
        ("silent", Step("pause", why="silent")),
        ("guessed", Step("pause", why="guessed")),
        ("not_given", Step("code", why="not_given")),
    ],
)
def test_why_there_is_no_key_is_answered(four: Household, why: Why, step: Step) -> None:
    four.decide("Hall", "code")
    four.driver.key_error = SetRefused(why)
    assert ask(four, name="Hall") == step


def test_a_vendor_that_does_not_answer_is_named(four: Household) -> None:
    four.decide("A", "code")
    four.driver.key_error = VendorDown()
    assert ask(four, name="A").reason == "vendor_down"


def test_where_nothing_may_be_deciphered_nobody_is_asked(make_home: Make) -> None:
    home = make_home(rules=Rules(deciphers=False), cameras=[camera("Garage", encryption="on", ways=("cloud",))])
    home.driver.is_elevated = True
    home.decide("Garage", "code")
    home.owner.encrypted.fetch_keys(home.account.id)
    assert ask(home) == Step("consent")
    assert home.driver.key_requests == []


def test_a_decision_is_changed_by_no_other_preference(home: Household) -> None:
    garage = home.id("Garage")
    home.owner.prefer(home.account.id, garage, Preferences(while_encrypted="code", room="Porch"))
    assert (kept(home), home.owner.preferences(home.account.id, garage).room) == ("no", "Porch")
    decide(home, "code", code=CODE)
    home.owner.prefer(home.account.id, garage, Preferences(room="Yard"))
    assert (kept(home), home.owner.preferences(home.account.id, garage).room) == ("code", "Yard")
