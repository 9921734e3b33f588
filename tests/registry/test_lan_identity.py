"""Which id a camera of one's own has, and which of its pictures are chosen."""

import pytest

from showcam.drivers.lan.adding import chosen
from showcam.drivers.lan.devices import Device, Pictured, settled
from showcam.drivers.lan.onvif import Profile
from tests.registry.test_lan_adding import at

KNOWN = at(id="S1", name="Barn", mac="aa:aa")


@pytest.mark.parametrize(
    ("found", "known", "expected"),
    [
        (at(id="S1"), (), ("S1", 1)),
        (at(mac="aa:aa"), (), ("aa:aa", 1)),
        (at(id="S1", mac="aa:aa", host="10.0.0.9"), (KNOWN,), ("S1", 1)),
        (at(mac="aa:aa", host="10.0.0.9"), (KNOWN,), ("S1", 1)),
        (at(id="S1", mac="aa:aa", main=Pictured("/b")), (KNOWN,), ("S1", 2)),
        (at(id="S1", mac="bb:bb", host="10.0.0.9"), (KNOWN,), ("bb:bb", 1)),
    ],
    ids=["serial", "MAC", "moved", "moved, without a serial", "another lens", "a serial that many devices have"],
)
def test_an_id_survives_a_new_address_and_is_one_cameras(
    found: Device, known: tuple[Device, ...], expected: tuple[str, int]
) -> None:
    its = settled(found, known)
    assert (its.id, its.channel) == expected


def test_a_camera_that_says_nothing_of_itself_gets_an_id_of_ours() -> None:
    first = settled(at(), ())
    assert len(first.id) == 16
    assert settled(at(host="10.0.0.9", main=Pictured("/b")), (first,)).id != first.id
    assert settled(at(port=8554), (first,)).id != first.id, "another camera, at another port of a router"
    assert settled(at(host="10.0.0.9"), (first,), like=first).id == first.id, "its owner says that it is the same"


def test_what_its_owner_decided_outlasts_adding_it_again() -> None:
    known = at(id="S1", name="Barn", mac="aa:aa", silent=True, doorbell=True)
    again = settled(at(id="S1", mac="aa:aa", host="10.0.0.9"), (known,))
    assert (again.name, again.silent, again.doorbell, again.host) == ("Barn", True, True, "10.0.0.9")


def profile(token: str, codec: str, width: int, height: int, source: str = "lens") -> Profile:
    return Profile(token, codec, width, height, 15, 30, "", source)


@pytest.mark.parametrize(
    ("profiles", "expected"),
    [
        ((), (None, None)),
        ((profile("a", "h264", 640, 360),), ("a", None)),
        ((profile("s", "h264", 640, 360), profile("m", "h265", 2560, 1440)), ("m", "s")),
        (
            (profile("m", "h265", 2560, 1440), profile("x", "h265", 1280, 720), profile("s", "h264", 640, 360)),
            ("m", "s"),
        ),
        ((profile("m", "h264", 1920, 1080), profile("o", "h264", 640, 360, "other lens")), ("m", None)),
        ((profile("j", "", 640, 480), profile("m", "h264", 1280, 720)), ("m", None)),
        ((profile("j", "mjpeg", 1920, 1080), profile("m", "h264", 1280, 720)), ("m", None)),
        ((profile("j", "mjpeg", 640, 480),), ("j", None)),
    ],
    ids=["none", "one", "two", "H.264 before H.265", "one lens", "no other codec", "no MJPEG", "MJPEG and no other"],
)
def test_main_and_sub_are_chosen(profiles: tuple[Profile, ...], expected: tuple[str | None, str | None]) -> None:
    main, sub = chosen(profiles)
    assert (main and main.token, sub and sub.token) == expected
