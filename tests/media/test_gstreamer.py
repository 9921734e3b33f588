"""WebRTC with a stack nobody here wrote: GStreamer's, which has an RSA certificate and four ways to bundle."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles import gstreamer
from tests.doubles.hls_camera import Camera, Vendor, recording
from tests.media.conftest import World

pytestmark = pytest.mark.proves(
    "An Echo's offer is answered and the video plays, also on a display with an RSA certificate",
    leans_on="second stack: GStreamer and aiortc; published: offers of real Echos",
    also=("tests/media/test_offers.py",),
)


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    gstreamer.needed()


def answered(
    world: World, display: gstreamer.Display, shaped: Callable[[str], str] = lambda offer: offer, **changes: Any
) -> str:
    """`shaped` is what becomes of its offer."""
    grant = world.grant(protocol="webrtc", **changes)
    posted = world.request(f"/s/{grant}/whep", "POST", shaped(display.offer).encode(), Content_Type="application/sdp")
    assert posted.status == 201, posted.text
    display.accept(posted.text)
    return posted.text


def test_pictures_and_sound_reach_a_display_with_an_rsa_certificate(world: World) -> None:
    with gstreamer.display() as display:
        answered(world, display)
        shown = display.until(lambda shown: shown.get("loud", 0) > 0.2)
    assert shown["loud"] < 0.75, "a tone of half the full scale"


def as_an_echo(offer: str) -> str:
    """An offer with GStreamer's own ICE and its RSA certificate, and all else as an Echo sends it."""
    lines = []
    for line in offer.splitlines():
        if line.startswith("a=fmtp:97"):
            continue
        line = line.replace("s=-", "s=a 2 z").replace("a=recvonly", "a=sendrecv")
        lines.append(line + " 0 8" if line.startswith("m=audio") else line)
        if line.startswith("a=candidate") and " UDP " in line:
            kept = line.split()
            lines += [
                " ".join([kept[0], "2", *kept[2:]]),
                "a=candidate:9 1 TCP 1015021823 127.0.0.1 9 typ host tcptype active",
            ]
        if line.startswith("c=") and "m=video" in "".join(lines[-2:]):
            lines.append("b=AS:2500")
    assert offer.count("a=fmtp:97") == 1
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize(
    "shaped",
    [
        as_an_echo,
        lambda offer: as_an_echo(offer).replace("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"),
        lambda offer: as_an_echo(offer).replace(
            "a=rtpmap:96", "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:96"
        ),
        lambda offer: as_an_echo(offer).replace("\r\n", "\n"),
    ],
    ids=["as an Echo sends it", "an older profile", "static payloads named", "bare line feeds"],
)
def test_an_offer_like_an_echos_of_a_display_with_an_rsa_certificate_is_seen_and_heard(
    world: World, shaped: Callable[[str], str]
) -> None:
    with gstreamer.display() as display:
        answer = answered(world, display, shaped)
        shown = display.until(lambda shown: shown.get("loud", 0) > 0.2)
    assert shown["size"] == [320, 180]
    sections = {part.split()[0]: part for part in answer.split("m=")[1:]}
    assert {kind: "a=sendonly" in part for kind, part in sections.items()} == {"audio": True, "video": True}
    assert "a=fmtp:97" in sections["video"]


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
        shown = display.until(lambda shown: "video" in shown and (shown["audio"] > 0) == hears)
    assert shown["loud"] == 0


def test_a_display_and_a_player_work_with_what_debian_adds_to_gstreamers_python_too(world: World) -> None:
    """Its package python3-gst-1.0 wraps `Caps.get_structure`; the other tests run as the machine is, mostly without."""
    gstreamer.overrides_needed()
    with gstreamer.display(overrides=True) as display:
        answered(world, display)
        shown = display.until(lambda shown: shown.get("loud", 0) > 0.2)
    assert shown["size"] == [320, 180]
    with gstreamer.player(world.master().url, overrides=True) as player:
        player.until(lambda shown: "tick" in shown)  # the first, since the tone goes on
        assert player.until(lambda shown: "size" in shown)["size"] == [320, 180]
