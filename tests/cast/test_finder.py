"""Which Cast devices there are, by mDNS and as the owner named them."""

import pytest

from showcam.cast.device import Device
from showcam.cast.errors import SENTENCES, CastFailed
from showcam.cast.finder import LONGEST_NAME, MOST, Finder
from showcam.i18n.catalogue import LANGUAGES

pytestmark = pytest.mark.proves(
    "A Cast device is found by name or address, and a device that can show nothing is named",
    leans_on="second stack: zeroconf's mDNS",
    also=("tests/cast/test_mdns.py",),
)

TV = Device("1", "Living room TV", "192.168.1.20")


def finder(*found: Device, named: tuple[Device, ...] = (), practice: bool = False) -> Finder:
    return Finder(named, practice=practice, browse=lambda seconds: found)


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("Attic=192.168.1.9", Device("192.168.1.9:8009", "Attic", "192.168.1.9")),
        (" Attic TV = 192.168.1.9:8010 ", Device("192.168.1.9:8010", "Attic TV", "192.168.1.9", 8010)),
        ("Attic=[fd00::9]", Device("fd00::9:8009", "Attic", "fd00::9")),
        ("Attic=[fd00::9]:8010", Device("fd00::9:8010", "Attic", "fd00::9", 8010)),
    ],
)
def test_a_device_is_named_by_its_address(text: str, device: Device) -> None:
    assert Device.named(text) == device


@pytest.mark.parametrize("text", ["", "Attic", "=192.168.1.9", "Attic=", "Attic=192.168.1.9:0", "Attic=192.168.1.9:tv"])
def test_what_names_no_device_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Device.named(text)


@pytest.mark.parametrize("name", ["Living room TV", "living ROOM tv", " 1 "])
def test_a_device_is_found_by_name_or_id(name: str) -> None:
    assert finder(TV).device(name) == TV


@pytest.mark.parametrize(
    ("found", "name", "why"),
    [
        ((), "Living room TV", "no_device"),
        ((TV,), "Living room", "no_device"),
        ((TV, Device("2", "living room tv", "192.168.1.21")), "Living room TV", "several"),
        ((Device("3", "Kitchen", "192.168.1.22", kind="speaker"),), "Kitchen", "speaker"),
        ((Device("4", "Upstairs", "192.168.1.23", 42000, kind="group"),), "Upstairs", "speaker"),
        ((Device("5", "Far TV", "203.0.113.5"),), "Far TV", "no_device"),
        ((Device("6", "Here", "127.0.0.1"),), "Here", "no_device"),
        ((Device("7", "By name", "tv.example"),), "By name", "no_device"),
    ],
)
def test_what_can_show_nothing_is_distinguished(found: tuple[Device, ...], name: str, why: str) -> None:
    with pytest.raises(CastFailed, match=why):
        finder(*found).device(name)


def test_a_name_fits_a_line_and_the_list_a_page() -> None:
    lying = [Device(str(number), f"TV\n\x1b[2J{number}" + "x" * 500, "192.168.1.20") for number in range(100)]
    found = finder(*lying).find()
    assert len(found) == MOST
    assert all(device.name.isprintable() and len(device.name) <= LONGEST_NAME for device in found)


def test_what_the_owner_named_stands_without_a_network() -> None:
    def no_network(seconds: float) -> list[Device]:
        raise OSError("no network")

    assert Finder((TV,), browse=no_network).find() == [TV]


def test_every_failure_has_its_sentence_in_every_language() -> None:
    worded = {language: [CastFailed(why, "TV").text(language) for why in SENTENCES] for language in LANGUAGES}
    assert all(len(set(sentences)) == len(SENTENCES) for sentences in worded.values())
    assert not set(worded["en"]) & set(worded["nb"]) | set(worded["en"]) & set(worded["de"]), "each is translated"
