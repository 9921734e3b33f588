"""Who may talk through a camera, what is known of a talk meanwhile, and what stays in the history."""

from typing import Any

import pytest
from msgspec.structs import replace

from showcam.drivers.errors import Refused
from showcam.engine.grants import Claims
from showcam.engine.source import Denied, Rtsp
from showcam.registry.preferences import Preferences
from showcam.registry.streams.history import SILENT_S, TALK
from tests.doubles.household import Household


def claims_of(home: Household, surface: str = "alexa", **changes: Any) -> Claims:
    given = Claims(home.account.id, home.link.id, home.id("Garden"), "webrtc_session", surface, 0, "n", talks=True)
    return given._replace(**changes)


def allow(home: Household, *, talk: bool = True) -> None:
    home.owner.prefer(home.account.id, home.id("Garden"), Preferences(talk=talk))


@pytest.fixture
def talking(home: Household) -> Household:
    """A household whose Garden has a speaker, and whose owner lets people talk through it."""
    home.driver.change("Garden", has_speaker=True)
    home.registry.cameras(home.link)
    allow(home)
    return home


@pytest.mark.parametrize("surface", ["alexa", "page"])
def test_who_may_talk_gets_the_way_to_the_speaker(talking: Household, surface: str) -> None:
    assert isinstance(talking.questions.talk(claims_of(talking, surface), "begins", ""), Rtsp)


@pytest.mark.parametrize("surface", ["google", "tv", "video"])
def test_a_surface_without_a_microphone_gets_none(talking: Household, surface: str) -> None:
    assert talking.questions.talk(claims_of(talking, surface), "begins", "") == Denied("talk_off")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda home: allow(home, talk=False), "talk_off"),
        (lambda home: home.driver.change("Garden", has_speaker=False), "talk_off"),
        (lambda home: home.driver.change("Garden", asleep="on"), "asleep"),
        (lambda home: home.store.end_link(home.link.id, home.clock()), "link_ended"),
        (lambda home: setattr(home.driver, "speaker_error", Refused("no_way", "none")), "talk_off"),
    ],
    ids=["taken back", "no speaker", "asleep", "the link ended", "the driver refuses"],
)
def test_each_question_asks_the_gate_again(talking: Household, change: Any, reason: str) -> None:
    claims = claims_of(talking)
    assert isinstance(talking.questions.talk(claims, "begins", ""), Rtsp)
    change(talking)
    clock: Any = talking.clock
    clock.wait(3)
    denied = talking.questions.talk(claims, "goes_on", "")
    assert isinstance(denied, Denied)
    assert denied.reason == reason


def test_the_light_is_on_while_somebody_talks_and_goes_out_with_them(talking: Household) -> None:
    light, claims = talking.adapter.talking, claims_of(talking)
    clock: Any = talking.clock
    place = claims.account, claims.camera
    assert light.of(*place) is None
    talking.questions.talk(claims, "begins", "")
    found = light.of(*place)
    assert found is not None
    assert found.link == claims.link
    talking.questions.talk(claims._replace(link="another"), "ended", "talk_busy")
    assert light.of(*place) == found, "somebody else was refused"
    assert light.why_ended("another", claims.camera) == "talk_busy"
    talking.questions.talk(claims, "ended", "")
    assert light.of(*place) is None
    talking.questions.talk(claims, "begins", "")
    clock.wait(SILENT_S + 1)  # the media process is gone
    assert light.of(*place) is None


def test_a_talk_is_one_line_of_the_history_however_many_turns_it_has(talking: Household) -> None:
    for phase in ("begins", "goes_on", "ended", "begins"):
        talking.questions.talk(claims_of(talking), phase, "")
    rows = talking.adapter.history.of(talking.account.id)
    assert [(row.camera, row.link, row.kind) for row in rows] == [(talking.id("Garden"), "", TALK)]


def test_the_grant_of_a_viewer_says_whether_they_may_talk(home: Household) -> None:
    home.driver.change("Garden", has_speaker=True)
    camera = home.registry.cameras(home.link).cameras[0]
    assert not camera.may_be_talked_through, "off until the owner says so"
    assert replace(camera, decided=replace(camera.decided, talk=True)).may_be_talked_through
