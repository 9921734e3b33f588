"""The gate, row by row: the camera's state, the surface, and the expected reasons."""

import itertools
from collections.abc import Set
from typing import Any

import pytest

from showcam.drivers.camera import UNASKED, Failed, LastKnown, Measured, Refusal, Video
from showcam.drivers.errors import DriverError, NoInternet, Reason, SignedOut, VendorBusy, VendorDown
from showcam.registry.gate.gate import Allowed, Conditions, gate, not_found, overruled, unverified
from showcam.registry.readings.judge import unreached
from tests.doubles.ready_driver import camera

SURFACES = ("alexa", "google", "page", "still")
ALL = frozenset(SURFACES)
MOVING = ALL - {"still"}

# what is wrong: of the camera, of the conditions, the reason, the surfaces that refuse for it
ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], str, Set[str]]] = {
    "offline, for a known fault": ({"online": "off", "fault": "lan_unreachable"}, {}, "lan_unreachable", ALL),
    "offline, for a known fault, and no way": (
        {"online": "off", "fault": "lan_unreachable"},
        {"way": None},
        "lan_unreachable",
        ALL,
    ),
    "online, with a fault of before": ({"online": "on", "fault": "lan_unreachable"}, {}, "", frozenset()),
    "offline": ({"online": "off"}, {}, "offline", ALL),
    "online unknown": ({"online": "unknown"}, {}, "state_unknown", ALL),
    "asleep": ({"asleep": "on"}, {}, "asleep", ALL),
    "sleep unknown": ({"asleep": "unknown"}, {}, "state_unknown", ALL),
    "encrypted": ({"encryption": "on"}, {}, "encryption_on", ALL),
    "encryption unknown": ({"encryption": "unknown"}, {}, "encryption_unknown", ALL),
    "encryption unknown, and off before": (
        {"encryption": "unknown", "last_known": LastKnown("on", "off")},
        {},
        "encryption_unknown",
        ALL,
    ),
    "online unknown, and online before": (
        {"online": "unknown", "last_known": LastKnown("on", "off")},
        {},
        "state_unknown",
        ALL,
    ),
    "audio off": ({"audio": "off"}, {}, "audio_off", {"google"}),
    "audio unknown": ({"audio": "unknown"}, {}, "audio_unknown", {"google"}),
    "no way": ({}, {"way": None}, "no_way", ALL),
    "no way, for a known fault": ({"fault": "lan_closed"}, {"way": None}, "lan_closed", ALL),
    "not agreed": ({"ways": (UNASKED,)}, {"way": None}, "not_agreed", ALL),
    "h265": ({"video": Video("h265")}, {}, "not_playable", MOVING),
    "h265, and sub": ({"video": Video("h265"), "sub": Video("h265")}, {}, "not_playable", MOVING),
    "b-frames": ({"video": Video("h264", b_frames=True)}, {"protocols": ("webrtc",)}, "no_common_protocol", MOVING),
    "more than Full HD": ({"video": Video("h264", 3840, 2160)}, {}, "beyond_displays", {"alexa", "google"}),
    "more than Full HD, and sub": (
        {"video": Video("h264", 3840, 2160), "sub": Video("h264", 2560, 1440)},
        {},
        "beyond_displays",
        {"alexa", "google"},
    ),
    "b-frames of the smaller one": (
        {"video": Video("h265", 2560, 1440), "sub": Video("h264", 640, 360, b_frames=True)},
        {"protocols": ("webrtc",)},
        "no_common_protocol",
        MOVING,
    ),
    "nothing in common": ({}, {"protocols": ("rtsp",)}, "no_common_protocol", MOVING),
    "nothing in common, transcoded": ({}, {"protocols": ("rtsp",), "transcodes": True}, "no_common_protocol", MOVING),
}
FINE: dict[str, dict[str, Any]] = {
    "no sleep mode": {"asleep": "none"},
    "not an EZVIZ camera": {"encryption": "none"},
    "no microphone": {"audio": "none"},
    "codec unknown": {"video": Video("unknown")},
    "h265 beside one that nobody has opened": {"video": Video("h265"), "sub": Video()},
    "h265, seen long ago": {"video": Video("h265"), "measured": Measured(looked_at=1.0), "as_of": 1e6},
    "more than Full HD, seen long ago": {
        "video": Video("h264", 3840, 2160),
        "measured": Measured(looked_at=1.0),
        "as_of": 1e6,
    },
    "more than Full HD beside a smaller one": {"video": Video("h264", 3840, 2160), "sub": Video("h264", 640, 360)},
    "b-frames by HLS": {"video": Video("h264", b_frames=True)},
}


def conditions(surface: str, **changes: object) -> Conditions:
    given: dict[str, object] = {"surface": surface, "way": "open", "protocols": ("webrtc", "hls")}
    return Conditions(**(given | changes))  # type: ignore[arg-type]


def reasons(verdict: Allowed | Refusal) -> list[str]:
    return [row.reason for row in verdict.failed] if isinstance(verdict, Refusal) else []


@pytest.mark.proves(
    "Each row of the gate refuses on its surfaces and on no other",
    leans_on="published: the cameras' manual, row by row",
)
@pytest.mark.parametrize(("name", "surface"), list(itertools.product(ROWS, SURFACES)))
def test_a_row_refuses_on_its_surfaces_and_on_no_other(name: str, surface: str) -> None:
    flags, around, reason, refusing = ROWS[name]

    verdict = gate(camera("Garden", **flags), conditions(surface, **around))

    assert reasons(verdict) == ([reason] if surface in refusing else [])


@pytest.mark.parametrize("name", ["h265", "b-frames", "more than Full HD", "b-frames of the smaller one"])
@pytest.mark.parametrize("surface", SURFACES)
def test_what_can_be_transcoded_is_no_obstacle(name: str, surface: str) -> None:
    flags, around, *_ = ROWS[name]

    assert reasons(gate(camera("Garden", **flags), conditions(surface, **around, transcodes=True))) == []


@pytest.mark.parametrize(("name", "surface"), list(itertools.product(FINE, SURFACES)))
def test_what_does_not_exist_is_no_obstacle(name: str, surface: str) -> None:
    assert reasons(gate(camera("Garden", **FINE[name]), conditions(surface))) == []


def test_every_failed_row_is_in_the_refusal_in_the_manuals_order() -> None:
    broken = camera("Garden", online="off", asleep="on", encryption="on", audio="off", video=Video("h265"))

    verdict = gate(broken, conditions("google", way=None))

    assert reasons(verdict) == [
        "offline",
        "asleep",
        "encryption_on",
        "audio_off",
        "no_way",
        "not_playable",
    ]


@pytest.mark.parametrize("error", [SignedOut(), VendorDown(), VendorBusy(), NoInternet()])
def test_old_flags_are_not_reported_where_the_vendor_could_not_be_read(error: DriverError) -> None:
    refusal = unreached(error, camera("Garden", encryption="on", online="off"))

    assert reasons(refusal) == [error.reason]


@pytest.mark.parametrize(
    ("required", "surface", "audio", "expected"),
    [
        (("google", "alexa"), "alexa", "off", ["audio_off"]),
        (("google", "alexa"), "google", "off", ["audio_off"]),
        ((), "google", "off", []),
        (("google", "alexa"), "alexa", "none", []),
        (("google", "alexa"), "still", "off", []),
    ],
)
def test_the_setting_decides_which_assistants_require_audio(
    required: tuple[str, ...], surface: str, audio: str, expected: list[str]
) -> None:
    verdict = gate(camera("Nursery", audio=audio), conditions(surface, audio_required=required))

    assert reasons(verdict) == expected


@pytest.mark.parametrize(
    ("surface", "audio", "sound", "silence"),
    [
        ("alexa", "on", True, False),
        ("alexa", "off", False, False),
        ("alexa", "none", False, False),
        ("alexa", "unknown", False, False),
        ("google", "on", True, False),
        ("google", "none", False, True),
    ],
)
def test_sound_is_shown_where_it_is_and_silence_where_google_waits_for_a_track(
    surface: str, audio: str, sound: bool, silence: bool
) -> None:
    assert gate(camera("Garden", audio=audio), conditions(surface)) == Allowed(sound=sound, silence=silence)


ON, UNKNOWN, WRONG = "encryption_on", "encryption_unknown", "code_wrong"


@pytest.mark.proves("An encrypted camera is shown as its owner decided, and by no other way")
@pytest.mark.parametrize(
    ("decided", "code", "by_lan", "by_open", "by_local", "by_cloud"),
    [
        ("no", "none", ON, ON, ON, ON),
        ("no", "fits", ON, ON, ON, ON),
        ("lan", "none", "", ON, ON, ON),
        ("lan", "fits", "", ON, ON, ON),
        ("code", "fits", "", ON, "", ""),
        ("code", "none", ON, ON, ON, ON),
        ("code", "wrong", WRONG, ON, WRONG, WRONG),
        ("code", "unknown", "", ON, "", ""),  # the video judges it
        ("code", "of another version", UNKNOWN, ON, UNKNOWN, UNKNOWN),
    ],
)
@pytest.mark.parametrize("surface", SURFACES)
def test_an_encrypted_camera_is_shown_as_its_owner_decided(
    surface: str, decided: str, code: str, by_lan: str, by_open: str, by_local: str, by_cloud: str
) -> None:
    garage = camera("Garage", encryption="on", picture_code=code)

    for way, reason in {"lan": by_lan, "open": by_open, "local": by_local, "cloud": by_cloud}.items():
        assert reasons(gate(garage, conditions(surface, way=way, while_encrypted=decided))) == [reason] * bool(reason)


@pytest.mark.parametrize(("decided", "expected"), [("no", [UNKNOWN]), ("lan", [UNKNOWN]), ("code", [])])
def test_what_is_deciphered_may_be_encrypted_or_not(decided: str, expected: list[str]) -> None:
    garage = camera("Garage", encryption="unknown", picture_code="fits")

    assert reasons(gate(garage, conditions("alexa", way="cloud", while_encrypted=decided))) == expected


@pytest.mark.parametrize("way", ["lan", "open", "cloud"])
@pytest.mark.parametrize("encryption", ["off", "none"])
@pytest.mark.parametrize("code", ["none", "wrong", "unknown"])
def test_a_clear_picture_needs_no_code(code: str, encryption: str, way: str) -> None:
    garage = camera("Garage", encryption=encryption, picture_code=code)

    assert reasons(gate(garage, conditions("alexa", way=way, while_encrypted="code"))) == []


@pytest.mark.parametrize(
    ("reason", "again"),
    [("encryption_unknown", True), ("audio_unknown", True), ("state_unknown", True), ("offline", False)],
)
def test_only_an_unknown_flag_is_worth_another_read(reason: Reason, again: bool) -> None:
    assert unverified(Refusal((Failed(reason),))) is again


@pytest.mark.parametrize(
    ("protocols", "codec", "relays", "reason"),
    [
        (("hls", "h265"), "h265", True, None),
        (("hls", "h265"), "h265", False, "not_playable"),
        (("hls", "h265"), "mjpeg", True, "not_playable"),
        (("hls", "webrtc"), "h265", True, "not_playable"),
    ],
)
def test_without_transcoding_h265_is_for_programs_that_play_it(
    protocols: tuple[str, ...], codec: Any, relays: bool, reason: Reason | None
) -> None:
    seen = gate(
        camera("Garden", video=Video(codec, 1920, 1080)),
        Conditions("player", "lan", protocols, relays=relays),
    )
    assert (seen.reason if isinstance(seen, Refusal) else None) == reason


def test_a_camera_that_is_not_found_has_no_name() -> None:
    assert not_found() == Refusal((Failed("not_found"),), "")


def test_the_vendors_word_stands_alone() -> None:
    assert overruled("encryption_on", camera("Garage")) == Refusal((Failed("encryption_on"),), "Garage", "EZVIZ")
