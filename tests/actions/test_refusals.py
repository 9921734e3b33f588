"""Each reason of the gate, caused for real, and its error code for Google."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actions.errors import REFUSED
from actions.fulfillment import Fulfillment
from showcam.drivers.camera import UNASKED, Video
from showcam.drivers.errors import REASONS, NoInternet, Refused, SignedOut, VendorBusy, VendorDown
from showcam.engine.messages import MediaBusy, MediaFull, MediaUnavailable
from showcam.registry.gate.reasons import OF_CHANGES, OF_VIDEO
from tests.doubles.household import Household, household

pytestmark = pytest.mark.proves(
    "Google receives the right code for each reason", leans_on="published: Google's schemas"
)

type Check = Callable[[str, dict[str, Any]], None]


def vendor(error: Exception) -> Callable[[Household], None]:
    return lambda home: setattr(home.driver, "error", error)


def pictures(error: Exception) -> Callable[[Household], None]:
    return lambda home: setattr(home.pictures, "error", error)


def minting(error: Exception) -> Callable[[Household], None]:
    return lambda home: setattr(home.driver, "mint_error", error)


def garden(**changes: Any) -> Callable[[Household], None]:
    return lambda home: home.driver.change("Garden", **changes)


# reason: its cause, error code, words of its explanation alone
TABLE: dict[str, tuple[Callable[[Household], None], str, str]] = {
    "not_found": (lambda home: home.driver.set([]), "deviceNotFound", "ikke noe kamera"),
    "signed_out": (vendor(SignedOut()), "authFailure", "logget ut"),
    "no_internet": (vendor(NoInternet()), "transientError", "når ikke internett"),
    "vendor_down": (vendor(VendorDown()), "transientError", "svarer ikke"),
    "vendor_busy": (vendor(VendorBusy()), "transientError", "for mange forespørsler"),
    "offline": (garden(online="off"), "deviceOffline", "er frakoblet"),
    "asleep": (garden(asleep="on"), "deviceTurnedOff", "hvilemodus"),
    "state_unknown": (garden(asleep="unknown"), "transientError", "våkent og tilkoblet"),
    "encryption_on": (garden(encryption="on"), "streamUnplayable", "Bildekryptering er på"),
    "encryption_unknown": (garden(encryption="unknown"), "streamUnplayable", "bekrefte om bildekryptering"),
    "audio_off": (garden(audio="off"), "deviceNotReady", "Lyden er av"),
    "audio_unknown": (garden(audio="unknown"), "deviceNotReady", "bekrefte om lyd"),
    "not_agreed": (garden(ways=(UNASKED,)), "streamUnavailable", "ikke er tillatt"),
    "no_way": (garden(ways=()), "streamUnavailable", "ingen måte"),
    "not_permitted": (minting(Refused("not_permitted")), "securityRestriction", "ikke lov"),
    "code_wrong": (minting(Refused("code_wrong")), "securityRestriction", "godtar ikke koden"),
    "lan_unreachable": (minting(Refused("lan_unreachable")), "streamUnavailable", "svarer ikke på hjemmenettet"),
    "silent": (minting(Refused("silent")), "streamUnavailable", "sendte ingen video"),
    "lan_closed": (minting(Refused("lan_closed")), "streamUnavailable", "videoporten (RTSP) er stengt"),
    "key_server_changed": (
        minting(Refused("key_server_changed")),
        "streamUnavailable",
        "et nytt sertifikat",
    ),
    "not_playable": (garden(video=Video("h265", 2560, 1440)), "streamUnplayable", "H.265"),
    "beyond_displays": (garden(video=Video("h264", 3840, 2160)), "streamUnplayable", "mer enn Full HD"),
    "no_common_protocol": (lambda home: None, "functionNotSupported", "noen protokoll"),
    "busy": (minting(Refused("busy")), "deviceBusy", "så mange skjermer"),
    "too_often": (minting(Refused("too_often")), "deviceBusy", "det siste minuttet"),
    "household_full": (pictures(MediaBusy()), "deviceBusy", "husstanden ser allerede"),
    "machine_full": (pictures(MediaFull()), "deviceBusy", "maskin er fullt belastet"),
    "not_passable": (minting(Refused("not_passable")), "streamUnplayable", "sender et bilde som ikke kan vises"),
    "waking": (minting(Refused("waking")), "deviceNotReady", "blir vekket"),
    "media_down": (pictures(MediaUnavailable()), "streamUnavailable", "lot seg ikke starte"),
}


def test_every_reason_has_a_code() -> None:
    assert REFUSED.keys() == set(REASONS)
    assert TABLE.keys() == set(REASONS) - OF_CHANGES - OF_VIDEO


@pytest.mark.parametrize("reason", sorted(TABLE))
def test_a_stream_is_refused_with_the_reasons_code(
    reason: str, tmp_path: Path, make_fulfillment: Callable[[Household], Fulfillment], valid_if_known: Check
) -> None:
    home = household(tmp_path, assistant="google")
    token = home.token(home.another_link("google", locale="nb-NO"))
    device = home.id("Garden")
    come_about, code, words = TABLE[reason]
    come_about(home)
    protocol = "dash" if reason == "no_common_protocol" else "webrtc"
    execution = {
        "command": "action.devices.commands.GetCameraStream",
        "params": {"StreamToChromecast": False, "SupportedStreamProtocols": [protocol]},
    }
    payload = {"commands": [{"devices": [{"id": device}], "execution": [execution]}]}
    body = {"requestId": "1", "inputs": [{"intent": "action.devices.EXECUTE", "payload": payload}]}
    status, answered = make_fulfillment(home).answer(json.dumps(body).encode(), token)
    home.store.close()

    answer = json.loads(answered)
    valid_if_known("EXECUTE", answer)
    [command] = answer["payload"]["commands"]
    assert (status, command["ids"], command["errorCode"]) == (200, [device], code)
    assert command["status"] == ("OFFLINE" if reason == "offline" else "ERROR")
    assert words in command["debugString"]
    assert "states" not in command


@pytest.mark.parametrize("reason", ["signed_out", "no_internet", "vendor_down", "vendor_busy"])
def test_a_camera_whose_state_could_not_be_read_is_not_offline(
    reason: str, tmp_path: Path, make_fulfillment: Callable[[Household], Fulfillment], valid_if_known: Check
) -> None:
    now = [1_800_000_000.0]
    home = household(tmp_path, assistant="google", clock=lambda: now[0])
    token, ids = home.token(), {name: home.id(name) for name in ("Garden", "Attic")}
    come_about, code, _ = TABLE[reason]
    come_about(home)
    now[0] += 61  # older than a state that may be reported
    payload = {"devices": [{"id": camera_id} for camera_id in ids.values()]}
    body = {"requestId": "1", "inputs": [{"intent": "action.devices.QUERY", "payload": payload}]}
    _, answered = make_fulfillment(home).answer(json.dumps(body).encode(), token)
    home.store.close()

    answer = json.loads(answered)
    valid_if_known("QUERY", answer)
    devices = answer["payload"]["devices"]
    assert {entry["errorCode"] for entry in devices.values()} == {code}
    assert devices[ids["Garden"]]["online"] is True  # as last known: Google sends no request for an offline camera
    assert devices[ids["Attic"]]["online"] is False
