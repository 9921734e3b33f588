"""Google without a media process: HLS by the vendor's address, and nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from showcam.drivers.driver import Probed
from tests.doubles.household import WITHOUT_MEDIA, Household, household

type Send = Callable[..., dict[str, Any]]

STREAM = "action.devices.commands.GetCameraStream"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    home = household(tmp_path, assistant="google", rules=WITHOUT_MEDIA)
    yield home
    home.store.close()


def test_sync_offers_hls_alone(send: Send) -> None:
    for device in send("SYNC")["devices"]:
        assert device["attributes"]["cameraStreamSupportedProtocols"] == ["hls"]


@pytest.mark.parametrize(
    ("protocols", "probed", "error"),
    [
        (["hls"], Probed(sound=True), None),
        (["webrtc", "hls"], Probed(sound=True), None),
        (["webrtc"], Probed(sound=True), "functionNotSupported"),
        (["hls"], Probed(sound=False), "streamUnplayable"),
    ],
)
def test_a_stream_is_the_vendors_address_where_the_display_plays_it(
    home: Household, send: Send, protocols: list[str], probed: Probed, error: str | None
) -> None:
    home.driver.seen = probed
    execution = [{"command": STREAM, "params": {"StreamToChromecast": True, "SupportedStreamProtocols": protocols}}]
    commands = [{"devices": [{"id": home.id("Garden")}], "execution": execution}]
    (answer,) = send("EXECUTE", {"commands": commands})["commands"]
    assert (answer["status"], answer.get("errorCode")) == ("ERROR" if error else "SUCCESS", error)
    if error is None:
        assert answer["states"]["cameraStreamProtocol"] == "hls"
        assert answer["states"]["cameraStreamAccessUrl"] == "https://vendor.test/F00000001_1.m3u8"
