"""The page of one camera: its settings with read-back, what a voice may do, its names, and its last asks."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.drivers.camera import StreamRequest, Video
from showcam.drivers.errors import SetRefused, VendorDown
from showcam.engine.grants import Claims
from showcam.registry.preferences import Preferences, WhileEncrypted
from showcam.registry.readings.changes import Change
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld
from tests.doubles.household import OFFER
from tests.doubles.linking_world import CAREFUL
from tests.doubles.ready_driver import camera


def at(world: HomeWorld, name: str, more: str = "") -> str:
    return f"/home/cameras/{world.home.id(name)}{more}"


def opened(world: HomeWorld, name: str = "Garden") -> HomeBrowser:
    return world.signed_in().visit(at(world, name))


def note(browser: HomeBrowser, setting: str) -> str:
    """What stands beside a setting about its last change."""
    assert browser.answer is not None
    row = browser.answer.text.partition(f'<li id="{setting}">')[2].partition("</li>")[0]
    return row.partition('role="status">')[2].partition("</p>")[0]


@pytest.mark.parametrize(
    ("setting", "value", "applied"),
    [
        ("audio", "off", ("Garden", "audio", "off", "")),
        ("night_vision", "smart", ("Garden", "night_vision", "smart", "")),
        ("sensitivity", "3", ("Garden", "sensitivity", "3", "")),
        ("date_format", "dmy", ("Garden", "date_format", "dmy", "")),
        ("encryption", "on", ("Garden", "encryption", "on", "")),
    ],
)
def test_a_setting_is_set_and_its_read_back_is_said(
    world: HomeWorld, setting: str, value: str, applied: tuple[str, ...]
) -> None:
    browser = opened(world).send(at(world, "Garden", "/settings"), setting=setting, value=value)
    assert (browser.status, world.home.driver.applied) == (200, [applied])
    assert note(browser, setting) == "confirmed"


def test_what_the_camera_does_not_show_yet_was_asked_for(world: HomeWorld) -> None:
    world.home.driver.lags = True
    browser = opened(world)
    browser.send(at(world, "Garden", "/settings"), setting="audio", value="off")
    assert note(browser, "audio") == "Off: not confirmed yet"
    world.home.driver.show()
    assert note(browser.visit(at(world, "Garden")), "audio") == ""


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("audio", "loud", "Not changed: not possible."),
        ("sensitivity", "much", "Not changed: not possible."),
        ("wifi", "x", "Not changed: not possible."),
        ("", "on", "Not changed: not possible."),
        ("x" * 5000, "<b>", "Not changed: not possible."),
    ],
)
def test_nonsense_is_answered_in_place(world: HomeWorld, setting: str, value: str, said: str) -> None:
    browser = opened(world).send(at(world, "Garden", "/settings"), setting=setting, value=value)
    assert browser.answer is not None
    assert (browser.status, said in browser.answer.text, world.home.driver.applied) == (403, True, [])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SetRefused("not_taken"), "Garden did not take the change."),
        (VendorDown(), "The EZVIZ service does not answer just now."),
    ],
)
def test_a_camera_that_takes_nothing_says_why(world: HomeWorld, error: Exception, said: str) -> None:
    browser = opened(world)
    if isinstance(error, SetRefused):
        world.home.driver.set_error = error
    else:
        world.home.driver.apply_error = error  # type: ignore[assignment]
    browser.send(at(world, "Garden", "/settings"), setting="audio", value="off")
    assert (browser.status, said in browser.text) == (403, True)


def test_image_encryption_goes_off_at_the_tile_alone(world: HomeWorld) -> None:
    browser = opened(world, "Garage").send(at(world, "Garage", "/settings"), setting="encryption", value="off")
    assert world.home.driver.applied == []
    assert browser.step == ""


def setting_row(browser: HomeBrowser, setting: str) -> str:
    assert browser.answer is not None
    return browser.answer.text.partition(f'<li id="{setting}">')[2].partition("</li>")[0]


@pytest.mark.parametrize(
    ("changes", "preferences", "leads"),
    [
        ({}, Preferences(), "to its tile"),
        ({"online": "off"}, Preferences(), "here"),
        ({"asleep": "on"}, Preferences(), "here"),
        ({"picture_code": "fits"}, Preferences(while_encrypted="code"), "here"),
        ({"ways": ("lan",)}, Preferences(while_encrypted="lan"), "here"),
    ],
    ids=["refused for it", "offline", "asleep", "shown by its code", "shown at home"],
)
def test_image_encryption_goes_off_beside_its_setting_where_its_tile_does_not_offer_it(
    world: HomeWorld, changes: dict[str, object], preferences: Preferences, leads: str
) -> None:
    world.home.driver.change("Garage", **{"ways": ("cloud",), **changes})
    world.home.decide("Garage", preferences.while_encrypted)
    browser = opened(world, "Garage")
    row = setting_row(browser, "encryption")
    assert ("to its tile" if 'href="#' in row else "here" if 'value="encryption-off"' in row else "") == leads
    assert (browser.mends("Garage")[:1] == ["off"]) is (leads == "to its tile")


def test_beside_its_setting_it_goes_off_step_by_step(world: HomeWorld) -> None:
    garage = world.home.id("Garage")
    world.home.driver.change("Garage", ways=("cloud",), picture_code="fits")
    world.home.decide("Garage", "code")
    world.home.driver.set_error = SetRefused("code_mailed")
    browser = opened(world, "Garage").send(at(world, "Garage", "/mend"), step="encryption-off", camera=garage)
    row = setting_row(browser, "encryption")
    assert "Enter the four digits EZVIZ has mailed" in row
    assert re.search(r'<details class="mending" open>.*name="encryption_code"[^>]* autofocus', row, re.DOTALL)
    world.home.driver.set_error, world.home.driver.lags = None, True
    browser.send(at(world, "Garage", "/mend"), step="encryption-code", camera=garage, encryption_code="1234")
    row = setting_row(browser, "encryption")
    assert world.home.driver.applied == [("Garage", "encryption", "off", "1234")]
    assert ("Off: not confirmed yet" in row, "Switch it off" in row) == (True, False)


def test_a_choice_that_is_not_known_is_shown_as_none_of_them(world: HomeWorld) -> None:
    world.home.driver.others["date_format"] = "dmy"
    assert '<option value="dmy" selected>' in setting_row(opened(world), "date_format")
    del world.home.driver.others["date_format"]
    row = setting_row(opened(world), "date_format")
    assert re.findall(r'<option value="(\w*)" selected', row) == [""]
    browser = opened(world).send(at(world, "Garden", "/settings"), setting="date_format")
    assert (browser.status, "not possible" in browser.text) == (403, True)


@pytest.mark.parametrize(("read_only", "says"), [(frozenset(), True), (frozenset({"time_zone"}), False)])
def test_how_a_value_is_typed_is_said_where_one_is(world: HomeWorld, read_only: frozenset[str], says: bool) -> None:
    world.home.driver.read_only = read_only
    row = setting_row(opened(world), "time_zone")
    assert ("+01:00" in row, "As +02:00." in row) == (True, says)


@pytest.mark.parametrize(
    ("changes", "decided", "offers"),
    [
        ({}, "no", True),
        ({"battery": 80}, "no", False),
        ({"battery": 80}, "lan", True),  # so that it can be taken back
    ],
)
def test_the_home_network_is_offered_where_a_camera_has_a_door_to_it(
    world: HomeWorld, changes: dict[str, object], decided: WhileEncrypted, offers: bool
) -> None:
    world.home.driver.change("Garage", **changes)
    world.home.decide("Garage", decided)
    assert ("Show it over your own network, unencrypted" in opened(world, "Garage").text) is offers


def fields(browser: HomeBrowser, name: str) -> list[str]:
    """The values that the page offers for a field."""
    assert browser.answer is not None
    return re.findall(rf'name="{name}" value="(\w+)"', browser.answer.text)


@pytest.mark.parametrize(
    ("has", "voice", "rings"),
    [
        ({"audio": "on", "motion": "off", "can_restart": True}, ["audio", "restart"], ["no", "motion"]),
        ({"asleep": "off", "motion": "off", "person": "off"}, ["sleep"], ["no", "motion", "person"]),
        ({}, [], []),
    ],
    ids=["with sound", "with persons", "with nothing"],
)
def test_only_what_the_camera_has_is_offered(
    world: HomeWorld, has: dict[str, object], voice: list[str], rings: list[str]
) -> None:
    bare = camera("Terrace", "F00000009", audio="none", asleep="none", encryption="none")
    world.home.driver.set([replace(bare, **has)])
    browser = world.signed_in().visit(at(world, "Terrace"))
    assert (fields(browser, "voice_may"), fields(browser, "motion_rings")) == (voice, rings)
    assert "While Image Encryption is on" not in browser.text


def test_what_was_ticked_before_stays_to_be_taken_away(world: HomeWorld) -> None:
    browser = opened(world).send(at(world, "Garden", "/preferences"), voice_may=["restart"], motion_rings="person")
    world.home.driver.change("Garden", can_restart=False, motion="none", person="none")
    browser.visit(at(world, "Garden"))
    assert ("restart" in fields(browser, "voice_may"), fields(browser, "motion_rings")) == (True, ["no", "person"])


def test_the_decision_about_an_encrypted_camera_is_a_form_of_its_own(world: HomeWorld) -> None:
    browser = opened(world, "Garage").send(at(world, "Garage", "/preferences"), voice_may=["sleep"], room="Shed")
    browser.send(at(world, "Garage", "/preferences"), part="encrypted", while_encrypted="lan")
    kept = world.home.owner.preferences(world.home.account.id, world.home.id("Garage"))
    assert (kept.while_encrypted, kept.voice_may, kept.room) == ("lan", ("sleep",), "Shed")


@pytest.mark.parametrize(
    ("more", "is_open"), [("", False), ("?set=audio", True), ("?asked=audio", True), ("?kept=1", True)]
)
def test_the_settings_stand_open_after_one_was_set(world: HomeWorld, more: str, is_open: bool) -> None:
    browser = opened(world).visit(at(world, "Garden"))
    browser.answer = browser.ask("GET", at(world, "Garden"), query_string=more.removeprefix("?"))
    assert ('id="settings" open' in browser.answer.text) is is_open


@pytest.mark.parametrize(
    ("whole", "sub", "size"),
    [
        (Video("h264", 1920, 1080), Video("h264", 640, 360), "640x360"),
        (Video("h264", 1920, 1080), Video("h264"), "1280x720"),
        (Video("h264", 640, 360), Video(), "320x180"),
        (Video("h264", 640, 360), Video("h264", 640, 360), ""),
        (Video("h265", 1920, 1080), Video("h264", 640, 360), ""),  # the smaller one is shown anyway
        (Video("h264", 1920, 1080), Video("h265", 640, 360), ""),
        (Video("h264", 1920, 1080), None, ""),
    ],
    ids=[
        "two sizes",
        "size unknown",
        "size unknown of a small one",
        "no smaller",
        "whole not playable",
        "smaller not playable",
        "one picture",
    ],
)
def test_the_smaller_picture_is_offered_and_asked_for_where_there_are_two(
    world: HomeWorld, whole: Video, sub: Video | None, size: str
) -> None:
    world.home.driver.set([camera("Terrace", "F00000009", video=whole, sub=sub)])
    terrace = world.home.id("Terrace")
    browser = world.signed_in().visit(at(world, "Terrace"))
    assert browser.answer is not None
    assert "".join(re.findall(r'data-size="(\w+)"', browser.answer.text)) == size
    if size:
        wish = {"session": "7", "sdp": OFFER, "largest": [int(side) for side in size.split("x")]}
        browser.ask("POST", f"/home/cameras/{terrace}", json=wish, headers={"X-CSRFToken": browser.token})
        assert world.home.driver.pictures == [("Terrace", "sub")]


def test_the_settings_stand_open_where_one_was_refused(world: HomeWorld) -> None:
    browser = opened(world).send(at(world, "Garden", "/settings"), setting="audio", value="loud")
    assert browser.answer is not None
    assert 'id="settings" open' in browser.answer.text


def test_the_cameras_before_and_after_it_are_a_press_away(world: HomeWorld) -> None:
    browser = world.signed_in()
    assert browser.answer is not None
    order = re.findall(r'<li class="tile" id="([\w-]+)"', browser.answer.text)
    assert len(order) > 2
    for number, one in enumerate(order):
        answer = browser.visit(f"/home/cameras/{one}").answer
        assert answer is not None
        leads = dict(re.findall(r'<a rel="(prev|next)" href="/home/cameras/([\w-]+)"', answer.text))
        assert leads == {"prev": order[number - 1], "next": order[(number + 1) % len(order)]}


def test_storage_is_formatted_with_consent_alone(world: HomeWorld) -> None:
    browser = opened(world)
    browser.send(at(world, "Garden", "/settings"), setting="storage", value="format")
    assert world.home.driver.applied == []
    browser.visit(at(world, "Garden")).send(
        at(world, "Garden", "/settings"), setting="storage", value="format", consent="1"
    )
    assert world.home.driver.applied == [("Garden", "storage", "format", "")]


def test_preferences_are_kept_as_they_are_ticked(world: HomeWorld) -> None:
    browser = opened(world)
    fields = {"voice_may": ["audio", "sleep"], "room": "  By the gate ", "keep_warm": "1", "while_encrypted": "lan"}
    browser.send(at(world, "Garden", "/preferences"), **fields)
    assert (browser.status, "Kept." in browser.text) == (200, True)
    kept = world.home.owner.preferences(world.home.account.id, world.home.id("Garden"))
    assert replace(kept, decided_at=0.0) == Preferences(("audio", "sleep"), "lan", keep_warm=True, room="By the gate")
    browser.send(at(world, "Garden", "/preferences"), room="", while_encrypted="no")
    assert world.home.owner.preferences(world.home.account.id, world.home.id("Garden")) == Preferences()


def test_talking_is_allowed_by_a_tick_and_forbidden_by_one_press(world: HomeWorld) -> None:
    tick, button = "People may talk through it", "Hold to talk"
    assert tick not in opened(world).text, "the camera has no speaker"
    world.home.driver.change("Garden", has_speaker=True)
    browser = opened(world)
    assert (tick in browser.text, button in browser.text) == (True, False)
    browser.send(at(world, "Garden", "/preferences"), talk="1")
    assert (button in browser.text, "Forbid talking" in browser.text) == (True, True)
    browser.send(at(world, "Garden", "/talk"))
    assert (tick in browser.text, button in browser.text) == (True, False)
    assert not world.home.owner.preferences(world.home.account.id, world.home.id("Garden")).talk


def test_the_light_says_who_talks_and_the_page_that_talks_why_it_ended(world: HomeWorld) -> None:
    browser, talking = opened(world), world.home.adapter.talking
    session = ConsoleSessions(world.home.store, world.clock).read(browser.cookie)
    assert session is not None
    claims = Claims(
        world.home.account.id, session.id, world.home.id("Garden"), "webrtc_session", "page", 0, "n", talks=True
    )

    def said(more: str = "") -> tuple[str, str]:
        answer = browser.ask("GET", at(world, "Garden", f"/talk{more}"), headers={"Accept": "application/json"}).json
        assert answer is not None
        return answer["light"], answer["why"]

    assert said() == ("", "")
    talking.note(claims)
    assert said() == ("Somebody is talking.", "")
    for reason, why in (
        ("talk_busy", "Somebody else is talking."),
        ("talk_long", "Too long. Press again."),
        ("talk_failed", "The camera takes no sound."),
        ("asleep", "Talking is not allowed now."),
        ("", ""),
    ):
        talking.end(claims, reason)
        assert said() == ("", why)


@pytest.mark.parametrize(
    ("rings", "pause", "kept_s"), [("person", "90", 90), ("motion", "0", 0), ("no", " 3600 ", 3600)]
)
def test_what_rings_and_the_pause_after_it_are_kept(world: HomeWorld, rings: str, pause: str, kept_s: int) -> None:
    world.home.driver.change("Garden", motion="off", person="off")
    browser = opened(world).send(at(world, "Garden", "/preferences"), motion_rings=rings, ring_pause_s=pause)
    kept = world.home.owner.preferences(world.home.account.id, world.home.id("Garden"))
    assert (browser.status, kept.motion_rings, kept.ring_pause_s) == (200, rings, kept_s)
    assert browser.answer is not None
    assert f'name="motion_rings" value="{rings}" checked' in browser.answer.text
    browser.send(at(world, "Garden", "/preferences"), room="Porch")
    kept = world.home.owner.preferences(world.home.account.id, world.home.id("Garden"))
    assert (kept.room, kept.motion_rings, kept.ring_pause_s) == ("Porch", rings, kept_s)


@pytest.mark.parametrize("pause", ["", "-1", "3601", "1.5", "a minute", "1" * 5000, "٣"])
def test_a_pause_that_is_none_is_said_and_what_was_typed_stays(world: HomeWorld, pause: str) -> None:
    fields = {"motion_rings": "motion", "ring_pause_s": pause, "room": "Porch"}
    browser = opened(world).send(at(world, "Garden", "/preferences"), **fields)
    assert browser.answer is not None
    assert (browser.status, "A pause is 0 to 3600 seconds" in browser.text) == (403, True)
    assert (f'value="{pause}"' in browser.answer.text, 'value="Porch"' in browser.answer.text) == (True, True)
    assert world.home.owner.preferences(world.home.account.id, world.home.id("Garden")) == Preferences()


def test_of_two_owners_who_set_the_same_camera_the_second_is_told_of_the_first(world: HomeWorld) -> None:
    first, second = opened(world), opened(world)
    first.send(at(world, "Garden", "/preferences"), shown=shown_mark(first), voice_may=["sleep"], room="Porch")
    second.send(at(world, "Garden", "/preferences"), shown=shown_mark(second), room="Shed")
    assert (first.status, second.status) == (200, 403)
    assert "Somebody else just changed this" in second.text
    assert second.answer is not None
    assert ('value="Porch"' in second.answer.text, 'value="sleep" checked' in second.answer.text) == (True, True)
    second.send(at(world, "Garden", "/preferences"), shown=shown_mark(second), voice_may=["sleep"], room="Shed")
    kept = world.home.owner.preferences(world.home.account.id, world.home.id("Garden"))
    assert (second.status, kept.room, kept.voice_may) == (200, "Shed", ("sleep",))


def shown_mark(browser: HomeBrowser) -> str:
    assert browser.answer is not None
    return str(re.findall(r'name="shown" value="([0-9a-f]+)"', browser.answer.text)[0])


def test_two_owners_who_switch_the_same_setting_at_once_both_see_the_last(world: HomeWorld) -> None:
    browsers = {"on": opened(world), "off": opened(world)}
    path = at(world, "Garden", "/settings")
    tokens = {value: browser.token for value, browser in browsers.items()}

    def switch(value: str) -> list[int]:
        fields = {"csrf_token": tokens[value], "setting": "audio", "value": value}
        return [browsers[value].ask("POST", path, data=fields).status_code for _ in range(10)]

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(switch, browsers))
    assert statuses == [[303] * 10] * 2
    assert len(world.home.driver.applied) == 20
    last = {"on": "true", "off": "false"}[world.home.driver.applied[-1][2]]
    for browser in browsers.values():
        answer = browser.visit(at(world, "Garden")).answer
        assert answer is not None
        row = answer.text.partition('<li id="audio">')[2].partition("</li>")[0]
        assert f'aria-checked="{last}"' in row


def test_the_forms_of_its_tile_lead_back_to_its_page(world: HomeWorld) -> None:
    browser, garden = opened(world), world.home.id("Garden")
    answer = browser.ask(
        "POST",
        at(world, "Garden", "/mend"),
        data={"csrf_token": browser.token} | {"step": "home-code", "camera": garden, "home_code": "GKRTUV"},
    )
    assert (answer.status_code, answer.location) == (303, at(world, "Garden"))
    assert world.home.driver.codes == {"Garden": "GKRTUV"}
    browser.send(at(world, "Garden", "/mend"), step="home-code", camera=garden, home_code=" ")
    assert (browser.status, "Give the code on its label." in browser.text) == (403, True)
    assert "Spoken name" in browser.text


@pytest.mark.parametrize(
    "fields", [{"step": "wake"}, {"step": "wake", "camera": "ezviz-other"}, {"step": "sign-out"}, {}]
)
def test_a_form_of_another_camera_or_page_does_nothing_there(world: HomeWorld, fields: dict[str, str]) -> None:
    browser = opened(world).send(at(world, "Garden", "/mend"), **fields)
    assert (browser.status, "This can't be read" in browser.text, world.home.driver.applied) == (400, True, [])


@pytest.mark.parametrize(
    "fields",
    [{"voice_may": ["encryption"]}, {"room": "x" * 61}, {"voice_may": ["\x00"]}, {"motion_rings": "cats"}],
)
def test_what_cant_be_preferred_is_said(world: HomeWorld, fields: dict[str, object]) -> None:
    browser = opened(world).send(at(world, "Garden", "/preferences"), **fields)
    assert (browser.status, "Not changed: " in browser.text) == (403, True)
    assert world.home.owner.preferences(world.home.account.id, world.home.id("Garden")) == Preferences()


def test_what_assistants_call_it_and_what_a_voice_has_trouble_with(world: HomeWorld) -> None:
    world.home.driver.set([camera("Kari’s hage / 2", "F00000001")])
    browser = world.signed_in().visit(at(world, "Kari’s hage / 2"))
    assert "Alexa “Karis hage 2” Google “Kari’s hage / 2”" in browser.text
    assert "Signs in the name are not spoken and not heard: use letters and spaces." in browser.text


def test_the_last_asks_stand_there_with_what_came_of_them(world: HomeWorld) -> None:
    home = world.home
    for name in ("Garden", "Garage"):
        home.registry.open_stream(home.link, home.id(name), StreamRequest("alexa", ("hls",)))
    browser = opened(world)
    assert "Alexa, Kari’s Picture not fetched yet." in browser.text
    [ask] = [ask for ask in home.adapter.history.of(home.account.id) if not ask.reason]
    home.store.put_live(home.account.id, ask.id, 72.0)
    assert "Shown after 0.0 s, for 1:12 min." in browser.visit(at(world, "Garden")).text
    assert "Alexa, Kari’s Image Encryption is on for Garage" in browser.visit(at(world, "Garage")).text


def test_tampering_stands_among_what_happened(world: HomeWorld) -> None:
    home = world.home
    home.adapter.history.note_sighting(Change(home.account.id, home.id("Garden"), "tamper", 1_800_000_000.0))
    assert "Turned away, covered or blinded." in opened(world).text
    assert "Turned away" not in opened(world, "Garage").text


def test_the_history_is_switched_off_and_forgotten(world: HomeWorld) -> None:
    home = world.home
    home.registry.open_stream(home.link, home.id("Garden"), StreamRequest("alexa", ("hls",)))
    browser = opened(world).send(at(world, "Garden", "/history"), history="off")
    assert "No history is kept." in browser.text
    assert home.adapter.history.of(home.account.id) == []
    browser.send(at(world, "Garden", "/history"), history="on")
    assert "Nothing in 30 days." in browser.text


def test_a_camera_restarts_by_its_button(world: HomeWorld) -> None:
    world.home.driver.set([camera("Terrace", "F00000009", can_restart=True)])
    browser = world.signed_in().visit(at(world, "Terrace"))
    browser.send(at(world, "Terrace", "/restart"))
    assert world.home.driver.applied == [("Terrace", "restart", "", "")]


FORMS = ("/settings", "/preferences", "/restart", "/password")


@pytest.mark.parametrize("more", ["", *FORMS, "/history"])
def test_who_is_not_signed_in_is_led_to_the_sign_in(world: HomeWorld, more: str) -> None:
    path = at(world, "Garden", more)
    for stranger, due in ((world.browser().get(), "door"), (world.browser().enter(world.code.renew()), "sign-in")):
        assert stranger.visit(path).answer.location == "/home"  # type: ignore[union-attr]
        if more:
            assert stranger.get().send(path, setting="audio", value="off", history="off").step == due
    assert world.home.driver.applied == []
    assert world.home.adapter.history.is_kept(world.home.account.id)


@pytest.mark.parametrize("more", FORMS)
def test_another_household_changes_nothing(world: HomeWorld, more: str) -> None:
    other = world.signed_in(CAREFUL).send(at(world, "Garden", more), setting="audio", value="off", voice_may="audio")
    assert other.status == 404
    assert world.home.driver.applied == []
    assert world.home.owner.preferences(world.home.account.id, world.home.id("Garden")) == Preferences()


def test_another_households_history_is_its_own(world: HomeWorld) -> None:
    path = at(world, "Garden", "/history")
    world.signed_in(CAREFUL).send(path, history="off")
    assert world.home.adapter.history.is_kept(world.home.account.id)
    assert world.signed_in(CAREFUL).visit(at(world, "Garden")).status == 404


@pytest.mark.parametrize("camera_id", ["x" * 500, "ezviz-" + "a" * 20, "%0d%0aSet-Cookie:a", "..%2f..%2f"])
def test_a_camera_that_there_is_not_is_no_page(world: HomeWorld, camera_id: str) -> None:
    assert world.signed_in().visit(f"/home/cameras/{camera_id}").status == 404
