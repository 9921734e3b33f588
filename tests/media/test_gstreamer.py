"""WebRTC with a stack nobody here wrote: GStreamer's, which has an RSA certificate and four ways to bundle."""

from typing import Any

import pytest

from tests.doubles import gstreamer
from tests.doubles.hls_camera import Camera, Vendor, recording
from tests.media.conftest import World


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    gstreamer.needed()


def answered(world: World, display: gstreamer.Display, **changes: Any) -> str:
    grant = world.grant(protocol="webrtc", **changes)
    posted = world.ask(f"/s/{grant}/whep", "POST", display.offer.encode(), Content_Type="application/sdp")
    assert posted.status == 201, posted.text
    display.accept(posted.text)
    return posted.text


def test_pictures_and_sound_reach_a_display_with_an_rsa_certificate(world: World) -> None:
    with gstreamer.display() as display:
        answered(world, display)
        told = display.until(lambda told: told.get("loud", 0) > 0.2)
    assert told["loud"] < 0.75, "a tone of half the full scale"


@pytest.mark.parametrize(
    ("sound", "surface", "policy", "sections"),
    [
        *(("off", "alexa", policy, ("audio", "video")) for policy in gstreamer.POLICIES),
        ("off", "alexa", "max-bundle", ("video", "audio")),
        ("none", "google", "max-bundle", ("audio", "video")),
        ("off", "alexa", "max-compat", ("video",)),
        ("off", "page", "max-bundle", ("audio", "video")),  # its sound is inactive, and its transport all that there is
    ],
)
def test_a_camera_without_sound_is_seen_however_sections_are_bundled(
    world: World, vendor: Vendor, sound: str, surface: str, policy: str, sections: tuple[str, ...]
) -> None:
    vendor.cameras["garden"] = Camera(recording(audio=False), sound=sound)
    hears = surface != "page" and "audio" in sections
    with gstreamer.display(*sections, policy=policy) as display:
        answered(world, display, surface=surface)
        told = display.until(lambda told: "video" in told and (told["audio"] > 0) == hears)
    assert told["loud"] == 0
