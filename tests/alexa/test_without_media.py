"""What Alexa is told and given where there is no media process: HLS from the vendor, and nothing else."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.household import OFFER, WITHOUT_MEDIA, Household, household

type Ask = Callable[..., dict[str, Any]]
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


def test_it_is_offered_as_hls_alone(ask: Ask, valid_if_known: Check) -> None:
    answer = ask("Alexa.Discovery", "Discover")
    for endpoint in answer["event"]["payload"]["endpoints"]:
        interfaces = {each["interface"] for each in endpoint["capabilities"]}
        assert "Alexa.CameraStreamController" in interfaces
        assert not {"Alexa.RTCSessionController", "Alexa.SmartVision.SnapshotProvider"} & interfaces
    valid_if_known(answer)


def test_the_vendors_address_is_given(ask: Ask, valid_if_known: Check) -> None:
    payload = {"cameraStreams": [WANTED]}
    answer = ask("Alexa.CameraStreamController", "InitializeCameraStreams", payload, camera="Garden")
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
def test_what_is_asked_all_the_same_is_refused(
    ask: Ask, namespace: str, name: str, payload: dict[str, Any], kind: str
) -> None:
    event = ask(namespace, name, payload, camera="Garden")["event"]
    assert (event["header"]["name"], event["payload"]["type"]) == ("ErrorResponse", kind)
