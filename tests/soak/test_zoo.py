"""The cameras of public issues once more: in front of GStreamer's camera, by life's clock, in libav by HLS."""

import itertools
import os
import time

import pytest

from showcam.engine.grants import Grants
from tests.doubles import gstreamer
from tests.doubles.needs import HOURS
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_relay import RtspRelay
from tests.doubles.zoo import RULES, Rule
from tests.media.test_every_camera import FPS, PLAIN, House
from tests.media.test_hls import watch

pytestmark = [pytest.mark.timeout(300), HOURS.unless("SOAK_HOURS" in os.environ)]

WATCHED_S = 40
SHOWN = [rule for rule in RULES if rule.outcome == "shown"]


@pytest.mark.parametrize("rule", SHOWN, ids=[rule.issue for rule in SHOWN])
def test_a_camera_of_a_public_issue_is_shown_for_longer_than_a_keep_alive_waits(rule: Rule) -> None:
    gstreamer.needed()
    grants, house = Grants([b"grant key of the tests, 32 bytes"]), House()
    with (
        gstreamer.camera(PLAIN) as port,
        RtspRelay(port, rule.fault()) as relay,
        PlaneThread(grants, house, SETTINGS) as plane,
    ):
        house.port = relay.port
        grant, _ = grants.issue(
            account="home", link="l", camera="yard", protocol="hls", surface="page", now=time.time(), life_s=60
        )
        seen = watch(f"{plane.url}/s/{grant}/master.m3u8", WATCHED_S * FPS)
        assert relay.connections == 1
    steps = [later - earlier for earlier, later in itertools.pairwise(seen["video"])]
    assert max(steps) < 0.5
    assert sum(steps) == pytest.approx(WATCHED_S, abs=1)
