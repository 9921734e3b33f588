"""Google's signalling: an offer that is posted with a grant."""

import pytest

from showcam.drivers.camera import Failed, Refusal, Stream
from showcam.drivers.errors import Reason
from showcam.engine.grants import BadGrant, ExpiredGrant, Grants
from showcam.engine.messages import SessionOver
from tests.doubles.clock import Clock
from tests.doubles.household import OFFER, Household
from tests.doubles.opening import WEBRTC, grant_of, opened


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


def test_an_offer_after_the_end_is_for_a_grant_that_is_over(home: Household) -> None:
    grant = opened(home, request=WEBRTC).grant
    home.pictures.error = SessionOver()

    with pytest.raises(ExpiredGrant):
        home.offers.answer(grant, OFFER)
