"""Opening a stream: the request, the vendor's answer, the result."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from showcam.drivers.camera import Failed, Refusal, Stream, StreamRequest, Video
from showcam.drivers.errors import DriverError, Reason, Refused, SignedOut, VendorBusy, VendorDown
from showcam.engine.client import MediaClient
from showcam.engine.grants import ExpiredGrant
from showcam.engine.messages import BadOffer, MediaBusy, MediaFull, MediaUnavailable, NoPicture
from showcam.engine.source import Hls, SourceSpec
from showcam.registry.adapter import adapt
from showcam.registry.readings.judge import Rules
from tests.doubles.clock import Clock
from tests.doubles.household import MEDIA_URL, OFFER, Household, household
from tests.doubles.opening import HLS, WEBRTC, grant_of, opened, refused
from tests.doubles.stopwatch import Stopwatch


def test_hls_is_a_signed_address_of_ours_and_a_pull_that_is_warm(home: Household) -> None:
    stream = opened(home)

    assert stream.protocol == "hls"
    assert stream.url.startswith(f"{MEDIA_URL}/s/")
    assert stream.url.endswith("/master.m3u8")
    claims = home.grants.verify(grant_of(stream.url), "hls", home.clock())
    assert (claims.account, claims.link, claims.camera) == (home.account.id, home.link.id, home.id("Garden"))
    assert (claims.surface, stream.expires) == ("alexa", home.clock() + 60)
    ((warm, source),) = home.pictures.warmed
    assert warm == claims
    assert (type(source), source.url, source.sound) == (Hls, "https://vendor.test/F00000001_1.m3u8", "on")
    assert (stream.sound, stream.video.codec, stream.idle_timeout_s) == (True, "h264", 30)
    assert (stream.grant, stream.answer) == ("", "")


def test_the_picture_beside_it_is_one_snapshot_for_a_minute(home: Household) -> None:
    stream = opened(home)
    grant = grant_of(stream.image_url)

    assert stream.image_url.endswith("/snapshot.jpg")
    claims = home.grants.verify(grant, "snapshot", home.clock() + 59)
    assert claims.camera == home.id("Garden")
    with pytest.raises(ExpiredGrant):
        home.grants.verify(grant, "snapshot", home.clock() + 60)


def test_no_still_is_made_where_none_is_requested(home: Household) -> None:
    assert opened(home, request=WEBRTC).image_url == ""


def test_webrtc_without_an_offer_waits_for_one_at_a_grant(home: Household) -> None:
    stream = opened(home, request=WEBRTC)

    assert (stream.protocol, stream.url) == ("webrtc", f"{MEDIA_URL}/s/{stream.grant}/whep")
    assert home.offers.camera(stream.grant) == home.id("Garden")
    assert len(home.pictures.warmed) == 1
    assert home.pictures.answered == []


def test_an_offer_is_answered_under_the_surfaces_own_session(home: Household) -> None:
    stream = opened(home, request=StreamRequest("alexa", ("webrtc",), OFFER, "alexa-session"))

    assert stream.answer == home.pictures.sdp
    ((claims, source, sdp, replaces),) = home.pictures.answered
    assert isinstance(source, SourceSpec)
    assert (sdp, replaces, claims.protocol) == (OFFER, "alexa-session", "webrtc")


@pytest.mark.parametrize(
    ("protocols", "expected"),
    [(("hls", "webrtc"), "hls"), (("rtsp", "webrtc"), "webrtc"), (("rtsp",), "no_common_protocol"), ((), None)],
)
def test_the_surfaces_first_choice_that_we_serve(
    home: Household, protocols: tuple[str, ...], expected: str | None
) -> None:
    found = home.registry.open_stream(home.link, home.id("Garden"), StreamRequest("google", protocols))

    assert (found.protocol if isinstance(found, Stream) else found.reason) == (expected or "no_common_protocol")


@pytest.mark.parametrize(
    ("name", "alexa", "google"),
    [
        ("Front Door", "", ""),
        ("Garage", "encryption_on", "encryption_on"),
        ("Nursery", "", "audio_off"),
        ("Attic", "offline", "offline"),
        ("Bedroom", "asleep", "asleep"),
        ("Pond", "not_playable", "not_playable"),
    ],
)
def test_the_demo_household_camera_by_camera(home: Household, name: str, alexa: str, google: str) -> None:
    for surface, expected in (("alexa", alexa), ("google", google)):
        found = home.registry.open_stream(home.link, home.id(name), StreamRequest(surface, ("hls",)))  # type: ignore[arg-type]
        assert (found.reason if isinstance(found, Refusal) else "") == expected
        if isinstance(found, Refusal):
            assert found.camera == name
    assert home.driver.calls["mint"] == [alexa, google].count("")


def test_a_camera_without_audio_is_shown_on_alexa_without_sound(home: Household) -> None:
    assert opened(home, "Nursery").sound is False
    assert home.pictures.warmed[0][1].sound == "off"


def test_no_microphone_is_no_obstacle_and_no_sound(home: Household) -> None:
    home.driver.change("Garden", audio="none")

    assert opened(home, request=WEBRTC).sound is False
    assert home.pictures.warmed[0][1].sound == "none"


def test_what_another_account_shares_has_no_way(home: Household) -> None:
    home.driver.change("Garden", owner="shared")

    assert refused(home) == "no_way"
    assert home.driver.calls["mint"] == 0


@pytest.mark.parametrize("flag", ["encryption", "asleep", "online"])
def test_the_unknown_is_read_once_more_and_then_refused(home: Household, flag: str) -> None:
    garden = home.id("Garden")
    home.driver.change("Garden", **{flag: "unknown"})
    home.driver.calls.clear()

    found = home.registry.open_stream(home.link, garden, HLS)

    assert isinstance(found, Refusal)
    assert found.reason == ("encryption_unknown" if flag == "encryption" else "state_unknown")
    assert home.driver.calls == {"read": 2}


def test_the_second_read_decides(home: Household) -> None:
    garden = home.id("Garden")
    home.driver.change("Garden", encryption="unknown")
    home.driver.after_read = lambda: home.driver.change("Garden", encryption="off")

    assert isinstance(home.registry.open_stream(home.link, garden, HLS), Stream)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (VendorDown("x"), "vendor_down"),
        (VendorBusy("x"), "vendor_busy"),
        (SignedOut(), "signed_out"),
        (Refused("encryption_on", "60019"), "encryption_on"),
        (Refused("asleep", "5409"), "asleep"),
        (Refused("busy", "9048"), "busy"),
        (Refused("no_way", "20018"), "no_way"),
    ],
)
@pytest.mark.parametrize("when", ["read", "mint"])
def test_the_vendors_word_beats_the_flags(home: Household, error: DriverError, reason: Reason, when: str) -> None:
    garden = home.id("Garden")
    setattr(home.driver, "error" if when == "read" else "mint_error", error)

    found = home.registry.open_stream(home.link, garden, HLS)

    assert found == Refusal((Failed(reason),), "Garden", "EZVIZ")
    assert home.pictures.warmed == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MediaBusy("x"), "household_full"),
        (MediaFull("x"), "machine_full"),
        (MediaUnavailable("x"), "media_down"),
        (NoPicture("beyond_displays"), "beyond_displays"),
        (NoPicture("link_ended"), "media_down"),  # no word for people
    ],
)
@pytest.mark.parametrize("request_", [HLS, WEBRTC, StreamRequest("alexa", ("webrtc",), OFFER)])
def test_a_picture_that_the_media_process_can_not_show_is_refused_and_given_back(
    home: Household, error: Exception, reason: str, request_: StreamRequest
) -> None:
    home.pictures.error = error

    assert refused(home, request=request_) == reason
    assert home.driver.released == ["open:F00000001"]


def test_a_media_process_that_is_gone_is_media_down(home: Household) -> None:
    gone = MediaClient("http://127.0.0.1:9", home.grants.proof())
    registry = adapt(home.store, {"ezviz": home.driver}, gone, home.grants, home.rules, home.clock).registry

    found = registry.open_stream(home.link, home.id("Garden"), HLS)

    assert found == Refusal((Failed("media_down"),), "Garden", "EZVIZ")
    registry.end_session(home.link, "whatever")  # nothing is live where nothing answers


@pytest.mark.parametrize("sdp", ["", "hello", "v=0\r\nm=audio 9 RTP/AVP 0\r\n", OFFER + "a=x\r\n" * 10_000])
def test_a_bad_offer_calls_no_vendor(home: Household, sdp: str) -> None:
    garden = home.id("Garden")
    grant = opened(home, request=WEBRTC).grant
    home.driver.calls.clear()

    with pytest.raises(BadOffer):
        home.registry.open_stream(home.link, garden, StreamRequest("alexa", ("webrtc",), sdp))
    with pytest.raises(BadOffer):
        home.offers.answer(grant, sdp)
    assert home.driver.calls == {}


def test_an_offer_that_the_media_process_finds_wanting_is_bad_too(home: Household) -> None:
    home.pictures.error = BadOffer("no common codec")

    with pytest.raises(BadOffer):
        opened(home, request=StreamRequest("alexa", ("webrtc",), OFFER))
    assert home.driver.released == ["open:F00000001"]


def test_a_camera_that_the_link_may_not_see_is_not_found(home: Household, tmp_path: Path) -> None:
    garden = home.id("Garden")
    theirs = household(tmp_path, store=home.store, user="other@example.com").id("Garden")
    some = home.another_link("alexa", (home.id("Attic"),))
    home.driver.calls.clear()

    for link, camera in [(home.link, theirs), (home.link, "ezviz-nobody"), (home.link, ""), (some, garden)]:
        assert home.registry.open_stream(link, camera, HLS) == Refusal((Failed("not_found"),), "")
    assert home.driver.calls == {}


def test_a_camera_that_was_removed_since_is_not_found(home: Household) -> None:
    garden = home.id("Garden")
    home.driver.set([])

    assert home.registry.open_stream(home.link, garden, HLS) == Refusal((Failed("not_found"),), "")


def test_a_link_opens_so_often_a_minute_and_another_link_is_not_harmed(tmp_path: Path, clock: Clock) -> None:
    home = household(tmp_path, clock=clock, opens_per_minute=6)
    garden, other = home.id("Garden"), home.another_link("google")
    for _ in range(6):
        assert isinstance(home.registry.open_stream(home.link, garden, HLS), Stream)
    home.driver.calls.clear()

    assert home.registry.open_stream(home.link, garden, HLS) == Refusal((Failed("too_often"),), "Garden", "EZVIZ")
    assert home.driver.calls == {}
    assert isinstance(home.registry.open_stream(other, garden, HLS), Stream)
    clock.now += 60
    assert isinstance(home.registry.open_stream(home.link, garden, HLS), Stream)
    home.store.close()


def test_who_joins_a_picture_that_flows_is_not_counted_and_costs_the_vendor_no_address(
    tmp_path: Path, clock: Clock
) -> None:
    home = household(tmp_path, clock=clock, opens_per_minute=2)
    garden, door = home.id("Garden"), home.id("Front Door")
    for _ in range(2):
        assert isinstance(home.registry.open_stream(home.link, garden, HLS), Stream)
    home.pictures.flowing[home.account.id, garden] = ("main",)
    home.driver.calls.clear()

    for request in [HLS, WEBRTC, StreamRequest("alexa", ("webrtc",), OFFER)] * 3:
        assert isinstance(home.registry.open_stream(home.link, garden, request), Stream)
    assert (home.driver.calls["mint"], home.driver.released) == (0, [])
    assert [claims.camera for claims in home.pictures.joined] == [garden] * 6
    assert [source for _, source, _, _ in home.pictures.answered] == [None] * 3
    assert refused(home, "Front Door") == "too_often"
    home.pictures.flowing[home.account.id, door] = ("sub",)  # not the one that this display gets
    assert refused(home, "Front Door") == "too_often"
    home.store.close()


def test_a_picture_that_flows_is_joined_through_the_gate(home: Household) -> None:
    garden = home.id("Garden")
    home.pictures.flowing[home.account.id, garden] = ("main",)
    home.driver.change("Garden", encryption="on")

    assert refused(home) == "encryption_on"
    assert home.pictures.joined == []


def test_an_owners_page_opens_as_often_as_it_likes_and_uses_up_nothing_of_an_assistants(
    tmp_path: Path, clock: Clock
) -> None:
    home = household(tmp_path, clock=clock, opens_per_minute=2)
    garden, account = home.id("Garden"), home.account.id
    page = StreamRequest("page", ("webrtc", "hls"), OFFER)
    assert all([isinstance(home.owner.open_stream(account, "c-1", garden, page), Stream) for _ in range(20)])
    assert [isinstance(home.registry.open_stream(home.link, garden, HLS), Stream) for _ in range(3)] == [
        True,
        True,
        False,
    ]
    home.store.close()


def test_what_is_refused_uses_up_no_opening(tmp_path: Path, clock: Clock) -> None:
    home = household(tmp_path, clock=clock, opens_per_minute=2)
    media: list[tuple[Exception, str]] = [(MediaBusy(1), "household_full"), (MediaUnavailable(), "media_down")]
    for _ in range(3):
        assert refused(home, "Attic") == "offline"
    home.driver.error = VendorBusy()
    assert refused(home) == "vendor_busy"
    home.driver.error = None
    clock.now += 11  # the vendor is asked again after its while
    for error, reason in media:
        home.pictures.error = error
        assert refused(home) == reason
    home.pictures.error = None

    assert [home.registry.open_stream(home.link, home.id("Garden"), HLS).__class__ for _ in range(3)] == [
        Stream,
        Stream,
        Refusal,
    ]
    home.store.close()


def test_a_vendor_that_hangs_is_vendor_down_in_time(make_home: Callable[..., Household]) -> None:
    home = make_home(rules=Rules(request_s=2.0))
    garden = home.id("Garden")
    home.driver.hold = threading.Event()  # never set: each call uses up the seconds it was given
    home.driver.error = VendorDown("no answer in time")
    with Stopwatch() as watch:
        found = home.registry.open_stream(home.link, garden, HLS)

    assert found == Refusal((Failed("vendor_down"),), "Garden", "EZVIZ")
    assert watch.took_s < 3.2, "two calls share its two seconds"
    assert Rules().request_s == 3.0  # where the installation's are composed


@pytest.mark.parametrize(("took_s", "at_most_s"), [(0.0, 2.0), (0.5, 1.5), (2.1, 0.0)])
def test_an_answer_is_wanted_two_seconds_after_the_offer_and_waited_for_a_second_all_the_same(
    took_s: float, at_most_s: float, home: Household
) -> None:
    garden = home.id("Garden")
    home.driver.after_read = lambda: time.sleep(took_s)
    began = time.monotonic()
    found = home.registry.open_stream(home.link, garden, StreamRequest("alexa", ("webrtc",), OFFER, "alexa-session"))
    left_s = max(0.0, 2.0 - (time.monotonic() - began))
    assert isinstance(found, Stream)
    ((wanted, given),) = zip(home.pictures.within, home.pictures.timeouts, strict=True)
    assert wanted is not None
    assert left_s - 0.3 <= wanted <= at_most_s, "what is left, but for the way back"
    assert given is not None
    assert given >= 1.0


def test_a_verdict_holds_no_longer_than_what_it_was_made_of(home: Household) -> None:
    opened(home)
    home.driver.change("Garden", encryption="on", ways=("lan",))
    assert refused(home) == "encryption_on"
    home.decide("Garden", "lan")
    opened(home)
    home.decide("Garden", "no")
    assert refused(home) == "encryption_on"
    home.driver.change("Garden", encryption="off")
    opened(home)
    assert refused(home, request=StreamRequest("alexa", ())) == "no_common_protocol"


def test_a_picture_that_displays_can_not_play_is_measured_once_a_minute(tmp_path: Path, clock: Clock) -> None:
    home = household(tmp_path, clock=clock)
    home.driver.change("Garden", video=Video("h264"))
    opened(home)
    ((claims, _),) = home.pictures.warmed
    home.questions.learn(claims, 3840, 2160)

    assert [refused(home), refused(home)] == ["beyond_displays"] * 2
    opened_pictures = [(claims.protocol, claims.picture) for claims, _ in home.pictures.warmed[1:]]
    assert opened_pictures == [("snapshot", "main")]
    clock.now += 61
    assert refused(home) == "beyond_displays"
    assert len(home.pictures.warmed) == 3

    home.questions.learn(home.pictures.warmed[-1][0], 1920, 1080)
    assert opened(home).video == Video("h264", 1920, 1080)
    home.store.close()


def test_a_picture_that_can_not_be_measured_is_refused_all_the_same(home: Household) -> None:
    home.driver.change("Garden", video=Video("h264", 3840, 2160))
    home.pictures.error = MediaBusy()

    assert refused(home) == "beyond_displays"
    assert home.driver.released == ["open:F00000001"]
