"""Alexa without a media process: HLS by the vendor's address, and nothing else."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.household import OFFER, WITHOUT_MEDIA, Household, household

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[dict[str, Any]], None]

WANTED = {
    "protocol": "HLS",
    "resolution": {"width": 1280, "height": 720},
    "authorizationType": "NONE",
    "videoCodec": "H264",
    "audioCodec": "AAC",
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    home = household(tmp_path, rules=WITHOUT_MEDIA)
    yield home
    home.store.close()


def test_discover_offers_hls_alone(send: Send, valid_if_known: Check) -> None:
    answer = send("Alexa.Discovery", "Discover")
    for endpoint in answer["event"]["payload"]["endpoints"]:
        interfaces = {capability["interface"] for capability in endpoint["capabilities"]}
        assert "Alexa.CameraStreamController" in interfaces
        assert not {"Alexa.RTCSessionController", "Alexa.SmartVision.SnapshotProvider"} & interfaces
    valid_if_known(answer)


def test_a_stream_is_the_vendors_address(send: Send, valid_if_known: Check) -> None:
    payload = {"cameraStreams": [WANTED]}
    answer = send("Alexa.CameraStreamController", "InitializeCameraStreams", payload, camera="Garden")
    (stream,) = answer["event"]["payload"]["cameraStreams"]
    assert stream["uri"] == "https://vendor.test/F00000001_1.m3u8"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", stream["expirationTime"])
    assert answer["event"]["payload"]["imageUri"] == "https://cam.example/static/camera.png"
    valid_if_known(answer)


@pytest.mark.parametrize(
    ("namespace", "name", "payload", "kind"),
    [
        (
            "Alexa.RTCSessionController",
            "InitiateSessionWithOffer",
            {"sessionId": "s", "offer": {"format": "SDP", "value": OFFER}},
            "INVALID_VALUE",
        ),
        ("Alexa.SmartVision.SnapshotProvider", "GetSnapshot", {}, "DISABLED_BY_USER"),
    ],
)
def test_webrtc_and_snapshots_are_refused(
    send: Send, namespace: str, name: str, payload: dict[str, Any], kind: str
) -> None:
    event = send(namespace, name, payload, camera="Garden")["event"]
    assert (event["header"]["name"], event["payload"]["type"]) == ("ErrorResponse", kind)
