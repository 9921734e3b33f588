"""Each reason of the gate, caused for real, and its error for Alexa."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from showcam.accounts.links import authenticate
from showcam.alexa.errors import REFUSED
from showcam.alexa.smart_home import SmartHome
from showcam.drivers.camera import UNASKED, Video
from showcam.drivers.errors import REASONS, NoInternet, Refused, SignedOut, VendorBusy, VendorDown
from showcam.engine.messages import MediaBusy, MediaFull, MediaUnavailable
from showcam.registry.gate.reasons import OF_CHANGES, OF_VIDEO
from tests.doubles.household import Household, household

pytestmark = pytest.mark.proves("Alexa receives the right error for each reason", leans_on="published: Amazon's schema")

MODE = "NOT_SUPPORTED_IN_CURRENT_MODE"


def vendor(error: Exception) -> Callable[[Household], None]:
    return lambda home: setattr(home.driver, "error", error)


def pictures(error: Exception) -> Callable[[Household], None]:
    return lambda home: setattr(home.pictures, "error", error)


def minting(error: Exception) -> Callable[[Household], None]:
    return lambda home: setattr(home.driver, "mint_error", error)


def garden(**changes: Any) -> Callable[[Household], None]:
    return lambda home: home.driver.change("Garden", **changes)


# reason: its cause, error type, its device mode
TABLE: dict[str, tuple[Callable[[Household], None], str, str | None]] = {
    "not_found": (lambda home: home.driver.set([]), "NO_SUCH_ENDPOINT", None),
    "signed_out": (vendor(SignedOut()), "INSUFFICIENT_PERMISSIONS", None),
    "no_internet": (vendor(NoInternet()), "BRIDGE_UNREACHABLE", None),
    "vendor_down": (vendor(VendorDown()), "BRIDGE_UNREACHABLE", None),
    "vendor_busy": (vendor(VendorBusy()), "RATE_LIMIT_EXCEEDED", None),
    "offline": (garden(online="off"), "ENDPOINT_UNREACHABLE", None),
    "asleep": (garden(asleep="on"), MODE, "ASLEEP"),
    "state_unknown": (garden(online="unknown"), "ENDPOINT_UNREACHABLE", None),
    "encryption_on": (garden(encryption="on"), MODE, "OTHER"),
    "encryption_unknown": (garden(encryption="unknown"), MODE, "OTHER"),
    "audio_off": (garden(audio="off"), MODE, "OTHER"),
    "audio_unknown": (garden(audio="unknown"), MODE, "OTHER"),
    "not_agreed": (garden(ways=(UNASKED,)), MODE, "NOT_PROVISIONED"),
    "no_way": (garden(ways=()), MODE, "NOT_PROVISIONED"),
    "not_permitted": (minting(Refused("not_permitted")), "INSUFFICIENT_PERMISSIONS", None),
    "code_wrong": (minting(Refused("code_wrong")), MODE, "NOT_PROVISIONED"),
    "lan_unreachable": (minting(Refused("lan_unreachable")), "ENDPOINT_UNREACHABLE", None),
    "silent": (minting(Refused("silent")), "NOT_SUPPORTED_IN_CURRENT_MODE", "NOT_PROVISIONED"),
    "lan_closed": (minting(Refused("lan_closed")), "NOT_SUPPORTED_IN_CURRENT_MODE", "NOT_PROVISIONED"),
    "key_server_changed": (minting(Refused("key_server_changed")), MODE, "NOT_PROVISIONED"),
    "not_playable": (garden(video=Video("h265", 2560, 1440)), "INVALID_VALUE", None),
    "beyond_displays": (garden(video=Video("h264", 3840, 2160)), "INVALID_VALUE", None),
    "no_common_protocol": (lambda home: None, "INVALID_VALUE", None),
    "busy": (minting(Refused("busy")), "ENDPOINT_BUSY", None),
    "too_often": (minting(Refused("too_often")), "ENDPOINT_BUSY", None),
    "household_full": (pictures(MediaBusy()), "ENDPOINT_BUSY", None),
    "machine_full": (pictures(MediaFull()), "ENDPOINT_BUSY", None),
    "not_passable": (minting(Refused("not_passable")), MODE, "NOT_PROVISIONED"),
    "waking": (minting(Refused("waking")), MODE, "ASLEEP"),
    "media_down": (pictures(MediaUnavailable()), "BRIDGE_UNREACHABLE", None),
}


def test_every_reason_has_an_error() -> None:
    assert REFUSED.keys() == set(REASONS)
    assert TABLE.keys() == set(REASONS) - OF_CHANGES - OF_VIDEO


@pytest.mark.parametrize("locale", ["en-GB", "nb-NO"])
@pytest.mark.parametrize("reason", sorted(TABLE))
def test_a_stream_is_refused_with_the_reasons_error(
    reason: str, locale: str, tmp_path: Path, valid_if_known: Callable[[dict[str, Any]], None]
) -> None:
    home = household(tmp_path, require_audio=("alexa", "google"))
    link = home.another_link("alexa", locale=locale)
    camera = home.id("Garden")
    come_about, kind, mode = TABLE[reason]
    come_about(home)
    skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry)
    protocol = "RTSP" if reason == "no_common_protocol" else "HLS"
    directive = {
        "header": {
            "namespace": "Alexa.CameraStreamController",
            "name": "InitializeCameraStreams",
            "payloadVersion": "3",
            "messageId": "m",
            "correlationToken": "c",
        },
        "endpoint": {"scope": {"type": "BearerToken", "token": home.token(link)}, "endpointId": camera},
        "payload": {"cameraStreams": [{"protocol": protocol, "audioCodec": "AAC", "videoCodec": "H264"}]},
    }
    message = json.loads(skill.answer(json.dumps({"directive": directive}).encode()))
    home.store.close()

    valid_if_known(message)
    event = message["event"]
    assert (event["header"]["namespace"], event["header"]["name"]) == ("Alexa", "ErrorResponse")
    assert event["header"]["correlationToken"] == "c"
    assert event["endpoint"] == {"endpointId": camera}
    assert event["payload"]["type"] == kind
    assert event["payload"].get("currentDeviceMode") == mode
    assert any(word in event["payload"]["message"] for word in WORDS[locale][reason])


# words of that reason's message alone, in each language
WORDS = {
    "en-GB": {
        "not_found": ["no camera of that name"],
        "signed_out": ["signed out"],
        "no_internet": ["can't reach the internet"],
        "vendor_down": ["does not answer"],
        "vendor_busy": ["too many requests"],
        "offline": ["is offline"],
        "asleep": ["Sleep Mode"],
        "state_unknown": ["awake and online could not be verified"],
        "encryption_on": ["Image Encryption is on for Garden"],
        "encryption_unknown": ["Image Encryption is on for Garden could not be verified"],
        "audio_off": ["Audio is off"],
        "audio_unknown": ["Audio is on for Garden could not be verified"],
        "not_agreed": ["not allowed yet"],
        "no_way": ["no way yet"],
        "not_permitted": ["may not see Garden live"],
        "code_wrong": ["does not take the code"],
        "lan_unreachable": ["does not answer on the home network"],
        "silent": ["cloud no video"],
        "lan_closed": ["video port (RTSP) is closed"],
        "key_server_changed": ["a new certificate"],
        "not_playable": ["H.265"],
        "beyond_displays": ["more than Full HD"],
        "no_common_protocol": ["any protocol"],
        "busy": ["as many screens as"],
        "too_often": ["in the last minute"],
        "household_full": ["household already watches"],
        "machine_full": ["too busy for another"],
        "waking": ["It is being woken"],
        "not_passable": ["sends a picture that can't be shown"],
        "media_down": ["could not be started"],
    },
    "nb-NO": {
        "not_found": ["ikke noe kamera"],
        "signed_out": ["logget ut"],
        "no_internet": ["når ikke internett"],
        "vendor_down": ["svarer ikke"],
        "vendor_busy": ["for mange forespørsler"],
        "offline": ["er frakoblet"],
        "asleep": ["hvilemodus"],
        "state_unknown": ["våkent og tilkoblet"],
        "encryption_on": ["Bildekryptering er på for Garden"],
        "encryption_unknown": ["bekrefte om bildekryptering"],
        "audio_off": ["Lyden er av"],
        "audio_unknown": ["bekrefte om lyd"],
        "not_agreed": ["ikke er tillatt"],
        "no_way": ["ingen måte"],
        "not_permitted": ["ikke lov til"],
        "code_wrong": ["godtar ikke koden"],
        "lan_unreachable": ["svarer ikke på hjemmenettet"],
        "silent": ["sendte ingen video"],
        "lan_closed": ["videoporten (RTSP) er stengt"],
        "key_server_changed": ["et nytt sertifikat"],
        "not_playable": ["H.265"],
        "beyond_displays": ["mer enn Full HD"],
        "no_common_protocol": ["noen protokoll"],
        "busy": ["så mange skjermer"],
        "too_often": ["det siste minuttet"],
        "household_full": ["husstanden ser allerede"],
        "machine_full": ["maskin er fullt belastet"],
        "waking": ["blir vekket"],
        "not_passable": ["sender et bilde som ikke kan vises"],
        "media_down": ["lot seg ikke starte"],
    },
}


@pytest.mark.parametrize("reason", ["signed_out", "no_internet", "vendor_down", "vendor_busy", "not_found"])
def test_a_state_that_could_not_be_read_is_an_error(
    reason: str, tmp_path: Path, valid_if_known: Callable[[dict[str, Any]], None]
) -> None:
    now = [1_800_000_000.0]
    home = household(tmp_path, clock=lambda: now[0])
    camera, token = home.id("Garden"), home.token()
    come_about, kind, _ = TABLE[reason]
    come_about(home)
    now[0] += 61  # older than a state that may be reported
    skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry)
    header = {"namespace": "Alexa", "name": "ReportState", "messageId": "m"}
    endpoint = {"scope": {"token": token}, "endpointId": camera}
    body = json.dumps({"directive": {"header": header, "endpoint": endpoint, "payload": {}}}).encode()
    message = json.loads(skill.answer(body))
    home.store.close()
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == kind


def test_the_message_lists_every_failed_row(home: Household, send: Callable[..., dict[str, Any]]) -> None:
    home.driver.change("Garage", asleep="on")
    streams = {"cameraStreams": [{"protocol": "RTSP"}]}
    event = send("Alexa.CameraStreamController", "InitializeCameraStreams", streams, camera="Garage")["event"]
    assert event["payload"]["currentDeviceMode"] == "ASLEEP"
    for word in ("Sleep Mode", "Image Encryption", "any protocol"):
        assert word in event["payload"]["message"]
