"""An EZVIZ camera in the house by its own protocol: shown in either manner, gone on with, and left for another way."""

import asyncio
import io
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import av
import pytest

from showcam.engine.ezviz.local_messages import LocalAddress
from showcam.engine.ezviz.local_session import PLAIN, WRAPPED, LocalSession
from showcam.engine.ezviz.node import SaidNo, Unreached
from showcam.engine.grants import Claims
from showcam.engine.source import Denied, Ending, InVain, Lease, SourceSpec
from tests.doubles.hls_camera import FPS
from tests.doubles.local_camera import WRONG_KEY, LocalCamera
from tests.doubles.open_gate import OpenGate
from tests.doubles.rtsp_recording import recorded
from tests.doubles.stream_cloud import GOP_S, SERIAL
from tests.doubles.troubled.cas import code_of, key_of
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World
from tests.media.test_ezviz import refused, segments, times, watched
from tests.media.test_ezviz_encryption import KEY

pytestmark = pytest.mark.usefixtures("on_loopback")


class House(OpenGate):
    """The Sources of a test: the camera at home, and its cloud stream once it was in vain there."""

    def __init__(self, camera: LocalCamera) -> None:
        self.camera = camera
        self.changes: dict[str, Any] = {}
        self.cloud: dict[str, Any] = {}
        self.outcomes: list[str] = []  # why no picture came; "" where one did
        self.has_cloud = self.listens = True

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        if not (self.listens and any(self.outcomes)):
            return self.camera.local(**self.changes)
        return self.camera.spec(**self.cloud) if self.has_cloud else Denied("lan_closed")

    async def closed(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        self.outcomes.append(ending.reason if isinstance(ending, InVain) else "")


@pytest.fixture(params=["plain", "wrapped"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def camera(how: str) -> Iterator[LocalCamera]:
    made = LocalCamera(how)  # type: ignore[arg-type]
    yield made
    made.close()


@pytest.fixture
def household(camera: LocalCamera) -> House:
    return House(camera)


@pytest.fixture
def world(start: Callable[..., World]) -> World:
    """Pictures go through as they come, also by HLS."""
    return start(transcodes=0)


def test_picture_and_sound_arrive_by_hls(world: World, camera: LocalCamera, household: House, how: str) -> None:
    parts = segments(world, 2)
    with av.open(io.BytesIO(parts[1]), mode="r", format="mpegts") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        assert [each.codec_context.name for each in container.streams] == ["h264", "aac"]
        assert len(list(container.decode(video=0))) == GOP_S * FPS
    assert (camera.playing, camera.opened, household.outcomes) == (1, 0, [])
    assert camera.asked("2013") == (1 if how == "wrapped" else 0)


def test_they_arrive_by_webrtc(world: World, camera: LocalCamera) -> None:
    viewer = asyncio.run(watched(world, lambda each: len(each.pictures) > 15 and max(each.loud or [0]) > 500))
    assert viewer.sizes == {(320, 180)}
    assert camera.opened == 0


@pytest.mark.parametrize(
    ("how", "settings"),
    [("plain", {"local_answers": ""}), ("wrapped", {"local_fault": "drips"})],
    indirect=["how"],
    ids=["in the clear", "a byte at a time"],
)
def test_other_answers_are_taken_too(world: World, camera: LocalCamera, settings: dict[str, Any]) -> None:
    camera.set(**settings)
    segments(world, 1)
    assert (camera.playing, camera.opened) == (1, 0)


@pytest.mark.parametrize("how", ["wrapped"], indirect=True)
@pytest.mark.parametrize("stranger", ["", "refuses"], ids=["sends nothing", "refuses"])
def test_in_which_manner_a_camera_sends_is_kept(
    world: World, camera: LocalCamera, stranger: str, eventually: Callable[..., None]
) -> None:
    """What such a camera does for a client without a key is not published, so it does each here."""
    camera.set(local_stranger=stranger)
    for invitations in (2, 3):
        grant = world.variant_url(world.master()).split("/s/")[1].split("/")[0]
        assert camera.asked("2011") == invitations
        assert world.request(f"/s/{grant}", "DELETE").status == 200
        eventually(lambda: camera.playing == 0)
    assert camera.opened == 0


def test_all_viewers_share_one_session_which_ends_with_the_last(
    start: Callable[..., World], camera: LocalCamera, eventually: Callable[..., None]
) -> None:
    world = start(transcodes=0, idle_s=3600.0)  # nobody is only waited for

    async def many() -> None:
        await asyncio.gather(*(watched(world, lambda each: len(each.pictures) > 5) for _ in range(3)))

    asyncio.run(many())
    assert (camera.asked("3105") - (camera.asked("2011") - 1), camera.playing) == (1, 1)
    world.plane.client().end_link("link-1")
    eventually(lambda: camera.playing == 0)


@pytest.mark.parametrize(
    ("how", "crowd"), [("plain", ""), ("wrapped", "refuses")], indirect=["how"], ids=["ends the first", "is refused"]
)
def test_sessions_that_end_go_on_in_one_picture(world: World, camera: LocalCamera, crowd: str) -> None:
    """How long a session lasts is not published, nor what becomes of a second one: none is opened beside another."""
    camera.set(local_cut_s=4.0, local_crowd=crowd)
    found = times(segments(world, 8, breaks=True))
    steps = [after - before for before, after in itertools.pairwise(found)]
    assert min(steps) > 0
    assert camera.asked("3105") >= 3
    assert (world.stats()["reopened"], camera.opened) == (0, 0)


@pytest.mark.parametrize(
    ("how", "layout"), [("plain", "body"), ("plain", "whole"), ("wrapped", "copied")], indirect=["how"]
)
def test_an_encrypted_camera_is_shown_with_its_code(
    world: World, camera: LocalCamera, household: House, layout: Any
) -> None:
    camera.camera.encryption, camera.camera.layout = True, layout
    household.changes = {"key": KEY}
    parts = segments(world, 2)
    with av.open(io.BytesIO(parts[1]), mode="r", format="mpegts") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        assert len(list(container.decode(video=0))) == GOP_S * FPS
    assert (camera.playing, camera.opened) == (1, 0)


# where the way fails, the next one is taken

# what the camera does, and how it is asked
AWAY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "refuses": ({"local_fault": "refuses"}, {}),
    "sends nothing": ({"local_fault": "mute"}, {}),
    "hangs up": ({"local_fault": "drops"}, {}),
    "sends noise": ({"local_fault": "noise"}, {}),
    "sends junk first": ({"local_fault": "junk"}, {}),
    "has another key": ({}, {"password": WRONG_KEY}),
    "takes another code": ({}, {"user": "A"}),
    "is elsewhere": ({}, {"hosts": ("192.0.2.1:9010", "192.0.2.1:9020")}),
    "has another channel": ({}, {"url": "ezviz-local:/7/"}),
    "is handed over badly": ({}, {"url": "ezviz-local:/x/"}),
    "gives no key": ({"local_fault": "keyless"}, {}),  # as only one that wraps its picture does
}


@pytest.mark.parametrize(
    ("how", "case"),
    [*(("plain", case) for case in [*AWAY][:-1]), ("wrapped", "sends noise"), ("wrapped", "gives no key")],
    indirect=["how"],
)
def test_without_a_picture_another_way_is_taken(world: World, camera: LocalCamera, household: House, case: str) -> None:
    settings, household.changes = AWAY[case]
    camera.set(**settings)
    segments(world, 1)
    assert (household.outcomes, camera.opened, camera.playing) == (["media_down"], 1, 0)
    assert camera.asked("2011") <= 2, "each manner is tried once"


@pytest.mark.parametrize("how", ["plain"], indirect=True)
def test_a_camera_that_stalls_while_its_sound_is_waited_for_is_given_up(
    world: World, camera: LocalCamera, household: House
) -> None:
    camera.studio.recording = recorded(gop_s=GOP_S, sound=None)
    camera.set(local_fault="stalls")
    household.changes = {"sound": "on"}
    segments(world, 1)
    assert (household.outcomes, camera.opened) == (["media_down"], 1)


@pytest.mark.parametrize("how", ["plain"], indirect=True)
@pytest.mark.parametrize(("key", "reason"), [(b"GHIJKL".ljust(16, b"\0"), "code_wrong"), (b"", "encryption_on")])
@pytest.mark.parametrize("layout", ["body", "whole"])
def test_an_encrypted_picture_without_its_code_is_told_as_one(
    world: World, camera: LocalCamera, household: House, layout: Any, key: bytes, reason: str
) -> None:
    camera.camera.encryption, camera.camera.layout = True, layout
    household.changes, household.has_cloud = {"key": key}, False
    assert refused(world) == "lan_closed"
    assert household.outcomes == [reason]


@pytest.mark.parametrize("how", ["plain"], indirect=True)
def test_a_camera_that_is_off_is_asked_once(world: World, camera: LocalCamera, household: House) -> None:
    camera.shut()
    segments(world, 1)
    assert (household.outcomes, camera.opened) == (["lan_closed"], 1)


@pytest.mark.parametrize("how", ["plain"], indirect=True)
def test_a_way_that_is_handed_out_again_is_not_tried_for_ever(
    world: World, camera: LocalCamera, household: House
) -> None:
    household.listens = False
    camera.set(local_fault="drops")
    assert refused(world) == "media_down"
    assert (household.outcomes, camera.asked("2011")) == (["media_down"] * 2, 4)


@pytest.mark.parametrize("how", ["plain"], indirect=True)
def test_where_no_other_way_is_left_its_reason_is_told(world: World, camera: LocalCamera, household: House) -> None:
    household.has_cloud = False
    camera.set(local_fault="drops")
    assert refused(world) == "lan_closed"


@pytest.mark.parametrize("how", ["plain"], indirect=True)
def test_a_camera_that_goes_away_is_shown_by_another_way(
    world: World, camera: LocalCamera, household: House, eventually: Callable[..., None]
) -> None:
    url = world.variant_url(world.master())
    camera.shut()
    eventually(lambda: world.request(url).status == 200 and camera.sessions == 1)
    assert [each for each in household.outcomes if each] == ["media_down"]


@pytest.mark.parametrize("how", ["plain"], indirect=True)
def test_nobodys_loopback_and_no_address_outside_a_house_is_gone_to(
    start: Callable[..., World], camera: LocalCamera, household: House
) -> None:
    household.has_cloud = False
    assert refused(start(allow_loopback_sources=False)) == "lan_closed"
    assert camera.asked("2011") == 0


# bytes that lie

ANSWERS = [("plain", "2011"), ("plain", "3105"), ("wrapped", "2013"), ("wrapped", "2011"), ("wrapped", "3105")]


@pytest.mark.parametrize(("how", "command"), ANSWERS, indirect=["how"])
def test_an_answer_that_is_cut_anywhere_gives_no_session_and_none_hangs(
    camera: LocalCamera, how: str, command: str
) -> None:
    size = answer_size(camera, command)
    for at in range(0, size, 3):
        assert opened(camera, how, f"{command}:cut:{at}") == "Unreached", at


@pytest.mark.parametrize(("how", "command"), ANSWERS, indirect=["how"])
def test_an_answer_with_a_byte_that_lies_gives_a_session_or_none(camera: LocalCamera, how: str, command: str) -> None:
    """A length that lies may ask for more than there is, which is waited for no longer than it may."""
    found, size = {}, answer_size(camera, command)
    for at in range(size):
        # an answer that must do is waited for as long as a busy machine takes
        found[at] = opened(camera, how, f"{command}:flip:{at}", LONG_S if at >= size - 32 else 0.2)
    assert {found[at] for at in range(4)} == {"Unreached"}, "its magic"
    assert {found[at] for at in (16, 17, 18, 19)} == {"Unreached"}, "its command"
    assert set(found.values()) <= {"", "Unreached", "SaidNo"}
    assert {found[at] for at in list(found)[-32:]} == {""}, "the tail proves nothing"


def answer_size(camera: LocalCamera, command: str) -> int:
    """Of what the camera says to that command, in the clear."""
    camera.set(local_answers="")
    inner = "<Result>0</Result>\n<Session>17000</Session>" if command == "2011" else "<Result>0</Result>"
    return 64 + len(f'<?xml version="1.0" encoding="utf-8"?>\n<Response>\n{inner}\n</Response>\n')


def opened(camera: LocalCamera, how: str, bent: str, answer_s: float = 0.2) -> str:
    """What came of a session while one answer is bent; "" for one that was open."""
    camera.set(local_bent=bent)

    async def tried() -> str:
        session = LocalSession(
            LocalAddress.read(camera.local()), PLAIN if how == "plain" else WRAPPED, loopback=True, answer_s=answer_s
        )
        try:
            await session.open()
        except (Unreached, SaidNo) as error:
            return type(error).__name__
        finally:
            session.close()
        return ""

    return asyncio.run(tried())


@pytest.mark.parametrize("how", ["plain"], indirect=True)
def test_more_chunks_than_any_camera_sends_end_a_session(camera: LocalCamera) -> None:
    camera.set(local_fault="floods")

    async def flooded() -> None:
        session = LocalSession(LocalAddress.read(camera.local()), PLAIN, loopback=True)
        await session.open()
        try:
            async with asyncio.timeout(LONG_S):
                while True:
                    await session.read()
        finally:
            session.close()

    with pytest.raises(Unreached):
        asyncio.run(flooded())


@pytest.mark.parametrize("how", ["plain"], indirect=True)
def test_no_key_and_no_code_is_logged(
    world: World,
    camera: LocalCamera,
    household: House,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    camera.set(local_fault="refuses")
    segments(world, 1)
    text = "".join(capfd.readouterr()) + caplog.text
    assert "no picture of a camera's own protocol" in text
    key, code = key_of(SERIAL), code_of(SERIAL)
    assert not any(secret in text for secret in (key, code, "F00497201", "ezviz-local"))
