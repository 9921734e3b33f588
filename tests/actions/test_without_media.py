"""What Google is told and given where there is no media process: HLS from the vendor, and nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.driver import Look
from tests.doubles.household import WITHOUT_MEDIA, Household, household

type Ask = Callable[..., dict[str, Any]]

STREAM = "action.devices.commands.GetCameraStream"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    home = household(tmp_path, assistant="google", rules=WITHOUT_MEDIA)
    yield home
    home.store.close()


def test_hls_alone_is_offered(ask: Ask) -> None:
    for device in ask("SYNC")["devices"]:
        assert device["attributes"]["cameraStreamSupportedProtocols"] == ["hls"]


@pytest.mark.parametrize(
    ("protocols", "look", "error"),
    [
        (["hls"], Look(sound=True), None),
        (["webrtc", "hls"], Look(sound=True), None),
        (["webrtc"], Look(sound=True), "functionNotSupported"),
        (["hls"], Look(sound=False), "streamUnplayable"),
    ],
)
def test_the_vendors_address_is_given_where_the_display_plays_it(
    home: Household, ask: Ask, protocols: list[str], look: Look, error: str | None
) -> None:
    home.driver.seen = look
    execution = [{"command": STREAM, "params": {"StreamToChromecast": True, "SupportedStreamProtocols": protocols}}]
    commands = [{"devices": [{"id": home.id("Garden")}], "execution": execution}]
    (answer,) = ask("EXECUTE", {"commands": commands})["commands"]
    assert (answer["status"], answer.get("errorCode")) == ("ERROR" if error else "SUCCESS", error)
    if error is None:
        assert answer["states"]["cameraStreamProtocol"] == "hls"
        assert answer["states"]["cameraStreamAccessUrl"] == "https://vendor.test/F00000001_1.m3u8"
