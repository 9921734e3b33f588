"""Why a camera can't be shown, handed out as a picture where the owner wants that."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.drivers.camera import Failed, Refusal, Stream, StreamRequest
from showcam.drivers.errors import Refused, SignedOut, VendorDown
from showcam.engine.grants import Claims
from showcam.engine.messages import BadOffer, MediaBusy, MediaUnavailable
from showcam.engine.source import Card, Denied, SourceSpec
from showcam.registry.adapter import adapt
from showcam.registry.gate import reasons
from showcam.registry.gate.reasons import short
from tests.doubles.household import MEDIA_URL, OFFER, Household, household

HLS = StreamRequest("alexa", ("hls",), image=True)
OFFERED = StreamRequest("alexa", ("webrtc",), sdp=OFFER, session="s")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    home = household(tmp_path)
    rules = replace(home.rules, explain="picture", web_url="https://cam.example")
    home.adapter = adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, rules)
    yield home
    home.store.close()


def opened(home: Household, camera: str, request: StreamRequest = HLS) -> Stream:
    stream = home.registry.open_stream(home.link, home.id(camera), request)
    assert isinstance(stream, Stream), stream
    return stream


def refused(home: Household, camera: str, request: StreamRequest) -> str:
    refusal = home.registry.open_stream(home.link, home.id(camera), request)
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


@pytest.mark.parametrize(
    ("camera", "word", "mend"),
    [
        ("Garage", "Image Encryption is on", "EZVIZ app"),
        ("Bedroom", "Sleep Mode", "EZVIZ app"),
        ("Attic", "offline", "power"),
        ("Pond", "H.265", "EZVIZ app"),
    ],
)
def test_a_card_has_the_camera_the_reason_the_mend_and_the_address(
    camera: str, word: str, mend: str, home: Household
) -> None:
    stream = opened(home, camera)
    assert stream.explains is not None
    assert (stream.video, stream.sound) == (reasons.CARD, False)
    assert stream.url.startswith(f"{MEDIA_URL}/s/")
    [(claims, source)] = home.pictures.warmed
    assert claims.explains
    heading, text, foot = source.card
    page = short(stream.explains.reason)
    assert (type(source), heading, foot) == (Card, camera, f"showcam · cam.example{page}")
    assert word in text
    assert mend in text


def test_a_browser_that_tries_a_sentence_has_it_in_its_language(home: Household) -> None:
    sessions = ConsoleSessions(home.store)
    session = sessions.read(sessions.begin(account=home.account.id))
    assert session is not None
    tried = replace(home.link, id=session.id)
    assert isinstance(home.registry.open_stream(tried, home.id("Garage"), HLS), Refusal)
    sessions.remember(session, b"de", 60, "language")
    stream = home.registry.open_stream(tried, home.id("Garage"), HLS)
    assert isinstance(stream, Stream)
    [(_, source)] = home.pictures.warmed
    assert source.card[1].startswith("Die Bildverschlüsselung ist für Garage eingeschaltet")


def test_an_offer_is_answered_by_it(home: Household) -> None:
    stream = opened(home, "Garage", OFFERED)
    assert stream.answer == home.pictures.sdp
    [(claims, source, _, session)] = home.pictures.answered
    assert claims.explains
    assert source is not None
    assert (type(source), session) == (Card, "s")


@pytest.mark.parametrize(
    ("locale", "says"),
    [
        ("nb-NO", "Bildekryptering er på"),
        ("de", "Die Bildverschlüsselung ist für Garage eingeschaltet"),
        ("fr", "Image Encryption is on"),
    ],
)
def test_it_speaks_the_links_language(locale: str, says: str, home: Household) -> None:
    link = home.another_link("alexa", locale=locale)
    home.registry.open_stream(link, home.id("Garage"), HLS)
    assert says in home.pictures.warmed[0][1].card[1]


def test_every_failed_row_is_a_paragraph_and_no_more_than_can_be_read(home: Household) -> None:
    home.driver.change("Garage", asleep="on", ways=())
    opened(home, "Garage")
    assert len(home.pictures.warmed[0][1].card) == 2 + 3
    many = Refusal(tuple(Failed(reason) for reason in ("offline", "asleep", "encryption_on", "no_way")), "Garage")
    assert len(reasons.card(many, "en", "").card) == 2 + reasons.MOST_ROWS


def test_the_vendors_own_refusal_is_shown_on_a_card(home: Household) -> None:
    home.driver.mint_error = Refused("encryption_on")
    assert opened(home, "Garden").explains is not None


def test_a_camera_that_can_be_shown_is_shown(home: Household) -> None:
    stream = opened(home, "Garden")
    assert stream.explains is None
    assert not home.pictures.warmed[0][0].explains


def test_a_reason_outside_the_camera_stays_an_error(home: Household) -> None:
    assert refused(home, "Garage", StreamRequest("alexa", ())) == "encryption_on", "nothing the display can play"
    assert refused(home, "Garage", StreamRequest("page", ("hls",))) == "encryption_on", "a page has words"
    stranger = home.another_link("alexa", cameras=())
    answer = home.registry.open_stream(stranger, home.id("Garage"), HLS)
    assert isinstance(answer, Refusal)
    assert answer.reason == "not_found"
    camera = home.id("Garden")
    home.driver.error = VendorDown()
    answer = home.registry.open_stream(home.link, camera, HLS)
    assert isinstance(answer, Refusal)
    assert home.pictures.warmed == []


def test_signed_out_is_shown_on_a_card_only_where_the_assistant_does_not_say_it(home: Household) -> None:
    camera = home.id("Garden")
    home.driver.error = SignedOut()
    for surface in ("alexa", "video"):
        stream = home.registry.open_stream(home.link, camera, StreamRequest(surface, ("hls",)))
        assert isinstance(stream, Stream)
    assert ["signed out" in source.card[1] for _, source in home.pictures.warmed] == [True, True]
    answer = home.registry.open_stream(home.link, camera, StreamRequest("google", ("hls",)))
    assert isinstance(answer, Refusal)
    assert answer.reason == "signed_out"


def test_a_reason_found_as_the_picture_is_opened_is_shown_on_a_card(home: Household) -> None:
    home.pictures.unplayed = "beyond_displays"
    grant = opened(home, "Garden", StreamRequest("google", ("webrtc",))).grant
    for stream in (opened(home, "Garden", OFFERED), home.offers.answer(grant, OFFER)):
        assert isinstance(stream, Stream)
        assert stream.answer == home.pictures.sdp
    assert ["1920×1080" in source.card[1] for _, source, _, _ in home.pictures.answered if source] == [True, True]


@pytest.mark.parametrize("error", [MediaBusy(), MediaUnavailable()])
def test_where_a_card_can_not_be_drawn_the_cameras_reason_stays(error: Exception, home: Household) -> None:
    home.pictures.error = error
    assert refused(home, "Garage", HLS) == "encryption_on"
    assert refused(home, "Garage", OFFERED) == "encryption_on"


def test_a_bad_offer_is_refused_in_place_of_a_card(home: Household) -> None:
    home.pictures.error = BadOffer()
    with pytest.raises(BadOffer):
        home.registry.open_stream(home.link, home.id("Garage"), OFFERED)


def claims_of(home: Household, url: str) -> Claims:
    return home.grants.verify(url.split("/")[-2], ("hls", "webrtc", "snapshot"), home.clock())


def test_the_media_process_may_ask_for_it_again(home: Household) -> None:
    stream = opened(home, "Garage")
    for url in (stream.url, stream.image_url):
        source = home.questions.source_for(claims_of(home, url))
        assert isinstance(source, SourceSpec)
        assert isinstance(source, Card)
    assert home.driver.calls["mint"] == 0


def test_a_mended_camera_has_no_card(home: Household) -> None:
    claims = claims_of(home, opened(home, "Garage").url)
    home.driver.change("Garage", encryption="off")
    assert home.questions.source_for(claims) == Denied("mended")


def test_it_outlives_the_closed_gate_and_not_its_link(home: Household) -> None:
    claims = claims_of(home, opened(home, "Garage").url)
    assert home.questions.check(claims) is None
    home.store.end_link(home.link.id, home.clock())
    assert home.questions.check(claims) == Denied("link_ended")
    assert home.questions.source_for(claims) == Denied("link_ended")


def test_an_offer_posted_later_gets_what_holds_by_then(home: Household) -> None:
    link = home.another_link("google")
    for before, after in (("on", "off"), ("off", "on")):
        home.driver.change("Garden", encryption=before)
        stream = home.registry.open_stream(link, home.id("Garden"), StreamRequest("google", ("webrtc",)))
        assert isinstance(stream, Stream)
        home.driver.change("Garden", encryption=after)
        home.registry.cameras(link)
        answered = home.offers.answer(stream.grant, OFFER)
        assert isinstance(answered, Stream)
        assert (answered.explains is not None) == (after == "on")
        assert home.pictures.answered[-1][0].explains == (after == "on")
