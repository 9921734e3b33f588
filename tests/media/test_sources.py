"""What a vendor may do to us: cut, freeze, redirect, lie."""

import io
import itertools
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from showcam.engine.grants import Claims
from showcam.engine.source import Denied
from tests.doubles.hls_camera import FPS, Authority, Camera, Household, Vendor, recording
from tests.doubles.stopwatch import Stopwatch
from tests.media.conftest import World


def refused(world: World, camera: str = "garden") -> str:
    answer = world.master(camera)
    assert answer.status == 502
    reason: str = json.loads(answer.body)["reason"]
    return reason


def pictures(segments: list[bytes]) -> list[int]:
    """The times of all pictures, in the segments' own clock."""
    times = []
    with av.open(io.BytesIO(b"".join(segments)), "r", format="mpegts") as container:
        for packet in container.demux(video=0):
            if packet.size:
                assert packet.pts is not None
                times.append(packet.pts)
    return times


def collect(world: World, url: str, seconds: float) -> tuple[dict[int, bytes], str]:
    known: dict[int, bytes] = {}
    text, ends = "", time.monotonic() + seconds
    while time.monotonic() < ends:
        text = world.request(url).text
        for number in re.findall(r"^(\d+)\.ts$", text, re.MULTILINE):
            segment = world.request(url.replace("index.m3u8", f"{number}.ts"))
            if segment.status == 200:  # else it has just left the list
                known.setdefault(int(number), segment.body)
        time.sleep(0.2)
    return known, text


def test_a_session_the_vendor_cuts_goes_on_without_a_lost_picture(
    world: World, vendor: Vendor, household: Household, eventually: Callable[..., None]
) -> None:
    url = world.variant_url(world.master())
    known: dict[int, bytes] = {}
    for cuts in range(3):
        known |= collect(world, url, 2.5)[0]
        vendor.cameras["garden"].cut()
        eventually(lambda cuts=cuts: len(household.opened) == 2 + cuts)
    more, text = collect(world, url, 3)
    known |= more
    times = pictures([known[number] for number in sorted(known)])
    assert {b - a for a, b in itertools.pairwise(times)} == {90_000 // FPS}
    assert "#EXT-X-DISCONTINUITY\n" not in text
    assert len(household.opened) == 4
    eventually(lambda: len(household.released) == 3)  # each old address was given back
    assert world.stats()["reopened"] == 0


def test_a_segment_without_pictures_costs_nothing_but_itself(
    world: World, vendor: Vendor, household: Household, eventually: Callable[..., None]
) -> None:
    segments = list(recording())
    segments[6] = sound_of(segments[6])
    vendor.cameras["garden"] = Camera(tuple(segments))
    url = world.variant_url(world.master())
    eventually(lambda: any(hit.endswith("/8.ts") for hit in vendor.hits))
    assert world.request(url).status == 200
    assert (len(household.opened), world.stats()["reopened"]) == (1, 0)


def sound_of(segment: bytes) -> bytes:
    out = io.BytesIO()
    with av.open(io.BytesIO(segment), "r", format="mpegts") as whole, av.open(out, "w", format="mpegts") as made:
        stream = made.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(audio=0):
            if packet.size:
                packet.stream = stream
                made.mux(packet)
    return out.getvalue()


def test_a_new_session_that_does_not_go_on_is_opened_again(
    world: World, vendor: Vendor, eventually: Callable[..., None]
) -> None:
    camera = vendor.cameras["garden"]
    url = world.variant_url(world.master())
    collect(world, url, 1)
    camera.renumber = 1000
    camera.cut()
    eventually(lambda: "#EXT-X-DISCONTINUITY\n" in world.request(url).text)
    assert world.stats()["reopened"] == 1
    assert world.request(url).status == 200


def test_a_camera_that_dies_comes_back(world: World, vendor: Vendor, eventually: Callable[..., None]) -> None:
    camera = vendor.cameras["garden"]
    url = world.variant_url(world.master())
    camera.answer = 503
    eventually(lambda: world.stats()["reopened"] >= 1)
    assert world.request(url).status == 200, "its last pictures stay to be had meanwhile"
    camera.answer = 200
    eventually(lambda: "#EXT-X-DISCONTINUITY\n" in world.request(url).text)


def test_a_refused_remint_ends_the_stream_with_its_reason(
    world: World, vendor: Vendor, household: Household, eventually: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = world.variant_url(world.master())
    monkeypatch.setattr(household, "check", _always_fine)  # the gate speaks at the mint alone
    household.denied["garden"] = Denied("asleep")
    vendor.cameras["garden"].cut()
    eventually(lambda: world.request(url).status == 410)
    assert json.loads(world.request(url).body)["reason"] == "asleep"
    assert refused(world) == "asleep"


async def _always_fine(claims: list[Claims]) -> list[Denied | None]:
    return [None] * len(claims)


@pytest.mark.parametrize("reason", ["encryption_on", "offline", "no_way", "vendor_down"])
def test_the_gates_reason_reaches_the_display(world: World, household: Household, reason: str) -> None:
    household.denied["garden"] = Denied(reason, again=reason == "vendor_down")
    with Stopwatch() as watch:
        assert refused(world) == reason
    assert watch.took_s < 5, "at once, not after the wait for a segment"


def test_what_cannot_be_shown_is_not_shown(world: World, vendor: Vendor) -> None:
    vendor.cameras |= {
        "garage": Camera(recording(garbled=True)),
        "locked": Camera(recording(), tags=('#EXT-X-KEY:METHOD=AES-128,URI="k"',)),
        "open": Camera(recording(), tags=("#EXT-X-KEY:METHOD=NONE",)),
    }
    assert refused(world, camera="garage") == "encryption_on"
    assert refused(world, camera="locked") == "encryption_on"
    assert world.master(camera="open").status == 200


def test_one_garbled_keyframe_is_no_encryption(world: World, vendor: Vendor) -> None:
    """Whichever of two segments a pull begins with."""
    clean, garbled = recording(), recording(garbled=True)
    for number, pair in enumerate(((clean, garbled), (garbled, clean))):
        mixed = tuple(pair[at % 2][at] for at in range(len(clean)))
        vendor.cameras[f"yard-{number}"] = Camera(mixed)
        assert world.master(camera=f"yard-{number}").status == 200


def test_a_garbled_picture_of_a_vendor_without_encryption_is_called_unplayable(
    world: World, vendor: Vendor, household: Household
) -> None:
    vendor.cameras["garage"] = Camera(recording(garbled=True))
    household.changes = {"encrypts": False}
    assert refused(world, camera="garage") == "not_playable"


def test_a_size_that_changes_in_the_midst_is_followed(
    world: World, vendor: Vendor, eventually: Callable[..., None]
) -> None:
    small, large = recording(), recording(size=(640, 360), length_s=30)
    vendor.cameras["garden"] = Camera((*small[:5], *large[5:]))
    assert "RESOLUTION=320x180" in world.master().text
    eventually(lambda: "RESOLUTION=640x360" in world.master().text)
    assert world.stats()["reopened"] == 0


def test_only_the_named_hosts_are_ever_reached(
    world: World, vendor: Vendor, household: Household, authority: Authority
) -> None:
    elsewhere = Vendor(authority)
    elsewhere.cameras["garden"] = Camera(recording())
    address = elsewhere.open("garden").url
    try:
        wrong: tuple[dict[str, object], ...] = (
            {"url": address},  # another port
            {"url": address.replace("127.0.0.1", "localhost")},
            {"url": vendor.open("garden").url.replace("https", "http")},
            {"url": vendor.open("garden").url.replace("https://", "https://me:pw@")},
            {"url": "file:///etc/passwd", "hosts": ("",)},
            {"url": "data:,x", "hosts": ("",)},
            {"hosts": ()},
            {"hosts": (f"127.0.0.1:{vendor.port}.example",)},
        )
        for changes in wrong:
            household.changes = changes
            assert refused(world) == "media_down"
        household.changes = {}
        vendor.cameras["garden"] = Camera(recording(), answer=302, location=address)
        assert refused(world) == "media_down"
        vendor.cameras["garden"] = Camera(recording(), segment_base=address.rpartition("/")[0] + "/")
        vendor.cameras["garden"].head_start = 5
        assert refused(world) == "media_down"
        assert elsewhere.hits == []
    finally:
        elsewhere.close()


def test_an_address_inside_the_house_is_refused(
    start: Callable[..., World], household: Household, vendor: Vendor
) -> None:
    world = start(allow_loopback_sources=False)
    assert refused(world) == "media_down"
    household.changes = {
        "url": vendor.open("garden").url.replace("127.0.0.1", "localhost"),
        "hosts": (f"localhost:{vendor.port}",),
    }
    assert refused(world) == "media_down"
    assert vendor.hits == []


def test_a_vendor_the_operator_put_on_this_machine_is_reached_and_none_beside_it(
    start: Callable[..., World], household: Household, vendor: Vendor, authority: Authority
) -> None:
    elsewhere = Vendor(authority)
    elsewhere.cameras["garden"] = Camera(recording())
    named = f"127.0.0.1:{vendor.port}"
    world = start(allow_loopback_sources=False, loopback_vendors=(named,))
    try:
        for hosts in ((f"127.0.0.1:{elsewhere.port}",), (f"127.0.0.1:{elsewhere.port}", named), ("localhost",)):
            household.changes = {"url": elsewhere.open("garden").url, "hosts": hosts}
            assert refused(world) == "media_down"
        assert elsewhere.hits == []
    finally:
        elsewhere.close()
    household.changes = {}
    assert start(allow_loopback_sources=False, loopback_vendors=(named,)).master().status == 200


def test_a_certificate_nobody_vouches_for_is_refused(
    start: Callable[..., World], vendor: Vendor, tmp_path: Path
) -> None:
    world = start(ca_file=Authority(tmp_path).ca_file)
    assert refused(world) == "media_down"
    assert vendor.hits == []


def test_a_playlist_out_of_all_proportion_is_refused(world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"] = Camera(recording(), tags=("#" + "x" * 600_000,))
    assert refused(world) == "media_down"
    vendor.cameras["garden"] = Camera(recording(), tags=tuple("#EXTINF:1,\n0.ts" for _ in range(3000)))
    assert refused(world) == "media_down"


def test_a_camera_still_waking_is_waited_for(world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"] = Camera(recording(), head_start=0)
    assert world.master().status == 200


def test_no_secret_is_logged(
    world: World,
    vendor: Vendor,
    household: Household,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    grant = world.grant()
    world.request(f"/s/{grant}/master.m3u8")
    vendor.cameras["garden"].cut()
    household.changes = {"url": "https://127.0.0.1:1/vendor-secret"}
    time.sleep(3)
    world.request("/s/vendor-secret/master.m3u8")
    out, err = capfd.readouterr()
    logged = out + err + caplog.text
    assert "pull opened" in logged
    for secret in ("vendor-secret", grant, "index.m3u8", str(vendor.port), "garden"):
        assert secret not in logged
