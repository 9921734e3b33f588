"""What the media process asks: a source, and whether a session may go on."""

from copy import replace as changed
from typing import Any

import pytest

from showcam.drivers.camera import Refusal
from showcam.drivers.errors import Refused, SignedOut, VendorBusy, VendorDown
from showcam.engine.grants import Claims
from showcam.engine.source import Denied, Lease, SourceSpec
from tests.doubles.clock import Clock
from tests.doubles.household import Household


def claims_of(home: Household, protocol: str = "hls", surface: str = "alexa") -> Claims:
    return Claims(home.account.id, home.link.id, home.id("Garden"), protocol, surface, 0, "n")  # type: ignore[arg-type]


def test_a_new_source_is_minted_each_time_and_given_back_by_its_name(home: Household) -> None:
    sources = [home.questions.source_for(claims_of(home)) for _ in range(2)]

    assert home.driver.calls["mint"] == 2
    for source in sources:
        assert isinstance(source, SourceSpec)
        home.questions.release(claims_of(home), source.lease)
    assert home.driver.released == ["open:F00000001"] * 2


@pytest.mark.parametrize("lease", [None, Lease("nobody", "open:x"), Lease("", "open:x")])
def test_what_was_never_taken_is_not_given_back(home: Household, lease: Lease | None) -> None:
    home.questions.release(claims_of(home), lease)
    home.questions.release(changed(claims_of(home), account="nobody"), lease)

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

    home.questions.release(claims_of(home), source.lease)


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
