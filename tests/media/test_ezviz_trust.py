"""What EZVIZ's cloud stream may do to us: where it may send us, what it learns, and what is not believed."""

import asyncio
import io
import time
from collections.abc import Callable
from typing import Any

import av
import pytest

from tests.doubles.hls_camera import FPS
from tests.doubles.stream_cloud import GOP_S, SERIAL, StreamCloud
from tests.doubles.waiting import LONG_S
from tests.media import test_ezviz
from tests.media.conftest import World
from tests.media.test_ezviz import WAIT_S, House, refused, segments, times

cloud, household, world = test_ezviz.cloud, test_ezviz.household, test_ezviz.world

pytestmark = pytest.mark.usefixtures("on_loopback")


@pytest.mark.parametrize("place", ["private", "foreign", "link_local"])
def test_a_redirect_that_leads_elsewhere_is_not_followed(
    start: Callable[..., World], cloud: StreamCloud, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[str] = []
    connect = asyncio.open_connection

    async def seen(host: str, port: int) -> Any:
        went.append(host)
        return await connect(host, port)

    monkeypatch.setattr(asyncio, "open_connection", seen)
    cloud.set(stream_fault=place)
    assert refused(start(picture_wait_s=WAIT_S)) == "media_down"
    assert set(went) == {"127.0.0.1"}


def test_the_demos_loopback_is_nobody_elses(start: Callable[..., World], cloud: StreamCloud) -> None:
    assert refused(start(allow_loopback_sources=False, picture_wait_s=WAIT_S)) == "media_down"
    assert cloud.world.calls["vtm"] == 0


def test_junk_between_frames_is_passed_over(world: World, cloud: StreamCloud) -> None:
    cloud.set(stream_fault="junk")
    assert len(times(segments(world, 2))) == 2 * GOP_S * FPS


def test_a_byte_at_a_time_is_an_answer_too(world: World, cloud: StreamCloud) -> None:
    cloud.set(stream_fault="drips")
    assert world.master().status == 200


@pytest.mark.parametrize("stream_map", ["lies", "none"])
def test_a_map_that_lies_is_not_asked(world: World, cloud: StreamCloud, stream_map: str) -> None:
    cloud.set(stream_map=stream_map)
    with av.open(io.BytesIO(segments(world, 2)[1]), mode="r", format="mpegts") as container:
        assert [stream.codec_context.name for stream in container.streams] == ["h264", "aac"]


def test_a_token_of_another_or_a_used_one_is_asked_for_once_more(
    world: World, cloud: StreamCloud, household: House
) -> None:
    cloud.token = "ut.used"
    assert refused(world) == "media_down"
    assert len(cloud.minted) == 2


def test_a_token_without_a_session_is_asked_for_once_more(world: World, cloud: StreamCloud) -> None:
    cloud.set(stream_code=5412)
    assert refused(world) == "media_down"
    assert len(cloud.minted) == 2


def test_a_token_of_another_account_shows_nothing(world: World, cloud: StreamCloud) -> None:
    cloud.token = cloud.token_of("other@example.com")
    assert refused(world) == "not_permitted"
    assert (cloud.opened, len(cloud.minted)) == (0, 1)


@pytest.mark.proves("No log of the cloud stream holds a token, code or address", leans_on="double: hostile servers")
def test_nothing_secret_is_logged(
    world: World, cloud: StreamCloud, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    cloud.set(session_cut_s=3.0)
    segments(world, 2)
    cloud.set(stream_code=5500)
    text, deadline = "", time.monotonic() + LONG_S
    while "5500" not in text and time.monotonic() < deadline:
        time.sleep(0.2)
        text += "".join(capfd.readouterr()) + caplog.text
    assert "pull opened" in text
    assert "5500" in text
    for secret in (*cloud.minted, str(cloud.world.ports.at("vtm")), SERIAL, "ysproto", "ut."):
        assert secret not in text
    assert not any(secret in repr(cloud.spec()) for secret in ("ut.", SERIAL))
