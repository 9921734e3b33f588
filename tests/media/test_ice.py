"""Displays away from home: what STUN and TURN add to an answer, and that neither can hold it up."""

import base64
import hashlib
import hmac
import time

import pytest

from media.client import MediaUnavailable
from media.plane import ice
from media.plane.settings import PlaneSettings
from media.source import Denied
from tests.doubles.echo_offer import offer
from tests.doubles.relay import Relay

SECRET = "shared with the relay"


def kinds(answer: str) -> set[str]:
    return {line.split(" typ ")[1].split()[0] for line in answer.splitlines() if line.startswith("a=candidate")}


def asked(world) -> str:
    posted = world.ask(
        f"/s/{world.grant(protocol='webrtc')}/whep", "POST", offer().encode(), Content_Type="application/sdp"
    )
    assert posted.status == 201, posted.text
    return posted.text


def test_nobody_is_asked_who_was_not_named(world):
    assert kinds(asked(world)) == {"host"}


def test_an_answer_holds_what_stun_and_turn_gave(start):
    with Relay(SECRET) as relay:
        world = start(stun=f"stun:127.0.0.1:{relay.port}", turn=f"turn:127.0.0.1:{relay.port}", turn_secret=SECRET)
        answer = asked(world)
    assert kinds(answer) == {"host", "srflx", "relay"}
    assert "192.0.2.33" in answer, "the address seen from outside"
    [user] = set(relay.users)
    assert time.time() < int(user.partition(":")[0]) <= time.time() + PlaneSettings().stream_cap_s + 60


def test_a_relay_that_does_not_know_the_secret_is_left_out(start):
    with Relay("another secret") as relay:
        world = start(turn=f"turn:127.0.0.1:{relay.port}", turn_secret=SECRET)
        assert kinds(asked(world)) == {"host"}
    assert relay.users == []


def test_servers_that_say_nothing_do_not_hold_up_the_answer(start):
    with Relay(SECRET, deaf=True) as relay:
        world = start(stun=f"stun:127.0.0.1:{relay.port}", turn=f"turn:127.0.0.1:{relay.port}", turn_secret=SECRET)
        assert kinds(asked(world)) == {"host"}
        assert relay.asked > 0


@pytest.mark.parametrize(
    ("within_s", "answers", "expected", "at_most_s"),
    [
        (None, False, {"host"}, 1.4),  # the camera and the servers are waited for at the same time
        (0.5, False, {"host"}, 1.0),
        (0.0, False, {"host"}, 0.8),
        (0.0, True, {"host", "srflx", "relay"}, 0.8),  # without them a display away from home would see nothing
    ],
)
def test_an_answer_comes_when_it_is_wanted_though_the_camera_takes_long(
    within_s, answers, expected, at_most_s, start, vendor
):
    vendor.cameras["garden"].takes_s = 1.5
    with Relay(SECRET, deaf=not answers) as relay:
        world = start(stun=f"stun:127.0.0.1:{relay.port}", turn=f"turn:127.0.0.1:{relay.port}", turn_secret=SECRET)
        claims, began = world.claims(protocol="webrtc"), time.monotonic()
        answer = world.plane.client().answer(claims, vendor.open("garden"), offer(), within_s=within_s)
        took = time.monotonic() - began
    assert kinds(answer.sdp) == expected
    assert took < at_most_s


def test_what_a_camera_says_while_servers_are_asked_is_heard_however_little_time_there_is(start, household):
    household.denied["garden"] = Denied("offline")
    with Relay(SECRET, deaf=True) as relay:
        world = start(stun=f"stun:127.0.0.1:{relay.port}")
        with pytest.raises(MediaUnavailable):
            world.plane.client().answer(world.claims(protocol="webrtc"), None, offer(), within_s=0.0)
    assert world.stats()["sessions"] == 0


def test_credentials_are_made_as_the_relay_makes_them():
    user, password = ice.credentials("north", 1_000_000.7, 600)
    assert user.startswith("1000600:")
    assert base64.b64decode(password) == hmac.new(b"north", user.encode(), hashlib.sha1).digest()
