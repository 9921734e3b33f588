"""Opening, signalling, checking and ending: the request, the vendor's answer, the result."""

import threading
import time
from collections.abc import Callable
from copy import replace as changed
from pathlib import Path
from typing import Any

import pytest

from media.client import MediaClient
from media.errors import MediaBusy, MediaUnavailable, NoPicture, SessionOver
from media.grants import Claims, Grants
from media.source import Denied, SourceSpec
from registry.adapter import adapt
from registry.camera import Failed, Refusal, Stream, StreamRequest, Video
from registry.errors import BadGrant, BadOffer, DriverError, ExpiredGrant, Refused, SignedOut, VendorBusy, VendorDown
from registry.preferences import Preferences
from registry.reason import Reason
from registry.rules import Rules
from tests.doubles.clock import Clock
from tests.doubles.household import MEDIA_URL, OFFER, Household, household

HLS = StreamRequest("alexa", ("hls",), image=True)
WEBRTC = StreamRequest("google", ("webrtc", "hls"))


def opened(home: Household, name: str = "Garden", request: StreamRequest = HLS) -> Stream:
    stream = home.registry.open_stream(home.link, home.id(name), request)
    assert isinstance(stream, Stream), stream
    return stream


def refused(home: Household, name: str = "Garden", request: StreamRequest = HLS) -> str:
    refusal = home.registry.open_stream(home.link, home.id(name), request)
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


def grant_of(url: str) -> str:
    return url.removeprefix(f"{MEDIA_URL}/s/").split("/")[0]


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
    assert (source.kind, source.url, source.sound) == ("hls", "https://vendor.test/F00000001_1.m3u8", "on")
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
        (MediaBusy("x"), "busy"),
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

    assert home.registry.open_stream(home.link, garden, HLS) == Refusal((Failed("busy"),), "Garden", "EZVIZ")
    assert home.driver.calls == {}
    assert isinstance(home.registry.open_stream(other, garden, HLS), Stream)
    clock.now += 60
    assert isinstance(home.registry.open_stream(home.link, garden, HLS), Stream)
    home.store.close()


def test_what_is_refused_uses_up_no_opening(tmp_path: Path, clock: Clock) -> None:
    home = household(tmp_path, clock=clock, opens_per_minute=2)
    media: list[tuple[Exception, str]] = [(MediaBusy(1), "busy"), (MediaUnavailable(), "media_down")]
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
    home = make_home(rules=Rules(request_s=1.0))
    garden = home.id("Garden")
    home.driver.hold = threading.Event()  # never set: each call uses up the seconds it was given
    home.driver.error = VendorDown("no answer in time")
    began = time.monotonic()

    assert home.registry.open_stream(home.link, garden, HLS) == Refusal((Failed("vendor_down"),), "Garden", "EZVIZ")
    assert time.monotonic() - began < 1.0
    assert Rules().request_s == 3.0  # where the installation's are composed


@pytest.mark.parametrize(("took_s", "at_most_s"), [(0.0, 2.0), (0.5, 1.5), (2.1, 0.0)])
def test_an_answer_is_wanted_two_seconds_after_the_offer_and_waited_for_a_second_all_the_same(
    took_s: float, at_most_s: float, home: Household
) -> None:
    garden = home.id("Garden")
    home.driver.after_read = lambda: time.sleep(took_s)
    found = home.registry.open_stream(home.link, garden, StreamRequest("alexa", ("webrtc",), OFFER, "alexa-session"))
    assert isinstance(found, Stream)
    ((wanted, given),) = zip(home.pictures.within, home.pictures.timeouts, strict=True)
    assert wanted is not None
    assert at_most_s - 0.8 < wanted <= at_most_s
    assert given is not None
    assert given >= 1.0


# Google's signalling: an offer posted with a grant


def test_a_grant_is_answered_on_the_pull_it_warmed(home: Household) -> None:
    grant = opened(home, request=WEBRTC).grant
    home.driver.calls.clear()

    stream = home.offers.answer(grant, OFFER)

    assert isinstance(stream, Stream)
    assert (stream.answer, stream.grant, stream.protocol) == (home.pictures.sdp, grant, "webrtc")
    ((claims, source, sdp, replaces),) = home.pictures.answered
    assert (source, sdp) == (None, OFFER)
    assert replaces == claims.nonce  # a second offer under the grant replaces the first
    assert home.driver.calls == {"read": 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"encryption": "on"}, "encryption_on"), ({"audio": "off"}, "audio_off"), ({"online": "off"}, "offline")],
)
def test_the_gate_stands_before_the_answer_too(home: Household, changes: dict[str, str], reason: Reason) -> None:
    grant = opened(home, request=WEBRTC).grant
    home.driver.change("Garden", **changes)

    assert home.offers.answer(grant, OFFER) == Refusal((Failed(reason),), "Garden", "EZVIZ")
    assert home.pictures.answered == []


def test_a_grant_of_an_ended_link_finds_nothing(home: Household) -> None:
    grant = opened(home, request=WEBRTC).grant
    home.store.end_link(home.link.id, home.clock())

    assert home.offers.answer(grant, OFFER) == Refusal((Failed("not_found"),), "")


def test_a_grant_that_is_over_forged_or_for_another_use(home: Household, clock: Clock) -> None:
    grant = opened(home, request=WEBRTC).grant
    hls = grant_of(opened(home).url)
    foreign = Grants([b"x" * 32]).sign(home.grants.verify(grant, "webrtc", clock.now))
    for bad in (hls, foreign, grant[:-2], "", "é", "a" * 5000):
        for use in (lambda bad=bad: home.offers.answer(bad, OFFER), lambda bad=bad: home.offers.camera(bad)):
            with pytest.raises(BadGrant):
                use()
        with pytest.raises(BadGrant):
            home.offers.end(bad)
    clock.now += 60
    with pytest.raises(ExpiredGrant):
        home.offers.answer(grant, OFFER)
    with pytest.raises(ExpiredGrant):
        home.offers.camera(grant)


def test_what_a_grant_opened_is_ended_by_it_long_after_its_minute(home: Household, clock: Clock) -> None:
    grant = opened(home, request=WEBRTC).grant
    home.offers.answer(grant, OFFER)
    ((_, _, _, session),) = home.pictures.answered
    clock.now += 1000

    home.offers.end(grant)
    home.offers.end(grant)
    home.registry.end_session(home.link, "alexa-session")

    assert home.pictures.ended == [(home.link.id, session)] * 2 + [(home.link.id, "alexa-session")]


# what the media process asks


def claims_of(home: Household, protocol: str = "hls", surface: str = "alexa") -> Claims:
    return Claims(home.account.id, home.link.id, home.id("Garden"), protocol, surface, 0, "n")  # type: ignore[arg-type]


def test_a_new_source_is_minted_each_time_and_given_back_by_its_name(home: Household) -> None:
    sources = [home.questions.source_for(claims_of(home)) for _ in range(2)]

    assert home.driver.calls["mint"] == 2
    for source in sources:
        assert isinstance(source, SourceSpec)
        home.questions.release(claims_of(home), source.release)
    assert home.driver.released == ["open:F00000001"] * 2


@pytest.mark.parametrize("release", ["", "nonsense", "nobody/open:x", "/open:x"])
def test_what_was_never_taken_is_not_given_back(home: Household, release: str) -> None:
    home.questions.release(claims_of(home), release)
    home.questions.release(changed(claims_of(home), account="nobody"), release)

    assert home.driver.released == []


def test_a_driver_may_know_that_there_is_no_other_picture(home: Household) -> None:
    """Whatever is listed of the smaller one."""
    home.driver.alone = True
    source = home.questions.source_for(claims_of(home))
    assert isinstance(source, SourceSpec)
    assert source.alone


def test_giving_back_survives_the_vendor(home: Household) -> None:
    source = home.questions.source_for(claims_of(home))
    assert isinstance(source, SourceSpec)
    home.driver.error = VendorDown("x")

    home.questions.release(claims_of(home), source.release)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (VendorDown("x"), Denied("vendor_down", again=True)),
        (VendorBusy("x"), Denied("vendor_busy", again=True)),
        (SignedOut(), Denied("signed_out", again=False)),
        (Refused("encryption_on"), Denied("encryption_on", again=False)),
        (Refused("busy"), Denied("busy", again=True)),
    ],
)
def test_the_media_process_hears_whether_it_may_try_again(home: Household, error: Exception, expected: Denied) -> None:
    claims = claims_of(home)
    home.driver.mint_error = error  # type: ignore[assignment]

    assert home.questions.source_for(claims) == expected


@pytest.mark.parametrize(
    ("changes", "protocol", "surface", "reason"),
    [
        ({}, "session", "alexa", ""),
        ({"encryption": "on"}, "session", "alexa", "encryption_on"),
        ({"encryption": "on"}, "snapshot", "google", "encryption_on"),
        ({"audio": "off"}, "session", "google", "audio_off"),
        ({"audio": "off"}, "session", "alexa", ""),
        ({"audio": "off"}, "snapshot", "google", ""),
        ({"audio": "off"}, "session", "page", ""),
        ({"asleep": "on"}, "session", "page", "asleep"),
        ({"encryption": "unknown"}, "session", "alexa", "encryption_unknown"),
    ],
)
def test_the_gate_holds_while_a_session_lasts(
    home: Household, clock: Clock, changes: dict[str, str], protocol: str, surface: str, reason: str
) -> None:
    claims = claims_of(home, protocol, surface)
    home.driver.change("Garden", **changes)
    clock.now += 3

    denied = home.questions.check(claims)

    assert (denied.reason if denied else "") == reason
    assert denied is None or denied.again is False


def test_an_accounts_sessions_share_one_reading_made_since_the_check_began(home: Household, clock: Clock) -> None:
    claims = claims_of(home)
    for _ in range(2):
        home.driver.calls.clear()
        clock.now += 1
        since = clock.now
        for _ in range(10):
            assert home.questions.check(claims, since) is None
        assert home.driver.calls == {"read": 1}


def test_what_was_read_a_moment_before_for_another_keeps_no_closed_gate_open(home: Household, clock: Clock) -> None:
    claims = claims_of(home)
    assert not isinstance(home.registry.snapshot(home.link, home.id("Garden"), "alexa"), Refusal)
    home.driver.change("Garden", encryption="on")
    clock.now += 0.1

    assert home.questions.check(claims, clock.now) == Denied("encryption_on")


@pytest.mark.parametrize(
    "changes", [{"link": "nobody"}, {"account": "nobody"}], ids=["no such link", "another household's link"]
)
def test_a_session_without_its_link_ends(home: Household, changes: dict[str, Any]) -> None:
    claims = changed(claims_of(home), **changes)

    assert home.questions.check(claims) == Denied("link_ended")
    assert home.questions.source_for(claims) == Denied("link_ended")


def test_an_ended_link_ends_its_sessions_and_no_other_links(home: Household) -> None:
    claims, other = claims_of(home), home.another_link("google")
    home.store.end_link(home.link.id, home.clock())

    assert home.questions.check(claims) == Denied("link_ended")
    assert home.questions.source_for(claims) == Denied("link_ended")
    assert home.questions.check(changed(claims, link=other.id)) is None


def test_a_camera_that_is_gone_ends_its_sessions(home: Household, clock: Clock) -> None:
    claims = claims_of(home)
    home.driver.set([])
    clock.now += 3

    assert home.questions.check(claims) == Denied("not_found")
    assert home.questions.source_for(claims) == Denied("not_found")


def test_a_verdict_holds_no_longer_than_what_it_was_made_of(home: Household) -> None:
    garden = home.id("Garden")
    opened(home)
    home.driver.change("Garden", encryption="on", ways=("lan",))
    assert refused(home) == "encryption_on"
    home.owner.prefer(home.account.id, garden, Preferences(while_encrypted="lan"))
    opened(home)
    home.owner.prefer(home.account.id, garden, Preferences())
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


def test_an_offer_after_the_end_is_for_a_grant_that_is_over(home: Household) -> None:
    grant = opened(home, request=WEBRTC).grant
    home.pictures.error = SessionOver()

    with pytest.raises(ExpiredGrant):
        home.offers.answer(grant, OFFER)


def test_a_picture_that_can_not_be_measured_is_refused_all_the_same(home: Household) -> None:
    home.driver.change("Garden", video=Video("h264", 3840, 2160))
    home.pictures.error = MediaBusy()

    assert refused(home) == "beyond_displays"
    assert home.driver.released == ["open:F00000001"]
