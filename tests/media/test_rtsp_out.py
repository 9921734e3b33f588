"""A household's own programs, which fetch a camera's video by RTSP."""

import asyncio
import base64
import ipaddress
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import av
import pytest

from showcam.engine.codec import h264
from showcam.engine.grants import Claims, Grants
from showcam.engine.players.connection import Limits
from showcam.engine.players.door import RtspDoor, Wrong
from showcam.engine.rtsp.verifying import Nonce, Signature
from showcam.engine.source import Denied
from tests.doubles import gstreamer
from tests.doubles.clapping import by_libav, clapping
from tests.doubles.hls_camera import FPS, Vendor
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_player import KEY, NAME, Client, Programs
from tests.doubles.rtsp_recording import Recording, recorded
from tests.doubles.waiting import LONG_S, until
from tests.media.conftest import World
from tests.media.test_rtsp import House


class Home(House):
    """A household whose gate closes by `verdict`."""

    verdict: Denied | None = None

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        return [self.verdict for _ in claims]


@dataclass
class Served:
    """A media process with its door for RTSP, over a camera at home."""

    plane: PlaneThread
    camera: RtspCamera
    programs: Programs
    house: Home

    @property
    def port(self) -> int:
        assert self.plane.plane is not None
        assert self.plane.plane.rtsp is not None
        return self.plane.plane.rtsp.port

    @property
    def url(self) -> str:
        return f"rtsp://{NAME}:{KEY}@127.0.0.1:{self.port}/garden"


@pytest.fixture
def serve(camera: RtspCamera, grants: Grants) -> Iterator[Callable[..., Served]]:
    with ExitStack() as stack:

        def served(**settings: Any) -> Served:
            programs, house = Programs(grants), Home(camera)
            given = replace(SETTINGS, **({"rtsp_port": 0} | settings))
            plane = stack.enter_context(PlaneThread(grants, house, given, players=programs))
            return Served(plane, camera, programs, house)

        yield served


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


def seen(url: str, pictures: int = FPS, **options: str) -> tuple[list[str], int, int]:
    """What libav makes of it: the codecs, how many pictures it decodes, and the samples of sound that it hears."""
    shown = heard = 0
    with av.open(url, options={"rtsp_transport": "tcp"} | options, timeout=30) as container:
        codecs = [stream.codec_context.name for stream in container.streams]
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                shown += 1
            else:
                heard += frame.samples
            if shown >= pictures and (heard or len(codecs) == 1):
                break
    return codecs, shown, heard


@pytest.mark.parametrize(
    ("codec", "sound", "codecs"),
    [
        ("libx264", "aac", ["h264", "aac"]),
        ("libx265", "aac", ["hevc", "aac"]),
        ("libx264", "pcmu", ["h264", "pcm_mulaw"]),
        ("libx264", "pcma", ["h264", "pcm_alaw"]),
        ("libx265", None, ["hevc"]),
    ],
)
def test_video_and_sound_come_as_the_camera_sends_them(
    served: Served, codec: str, sound: Any, codecs: list[str]
) -> None:
    served.camera.does.recording = recorded(codec=codec, sound=sound)

    found, shown, heard = seen(served.url)
    assert found == codecs
    assert shown == FPS
    assert bool(heard) == bool(sound)
    assert served.plane.run(_transcodes(served)) == 0


async def _transcodes(served: Served) -> int:
    assert served.plane.plane is not None
    assert served.plane.plane._sessions is not None
    return served.plane.plane._sessions.stats()["transcodes"]


async def _rtsp_door(served: Served, limits: Limits) -> RtspDoor:
    """Another door of the same process, with limits that a test meets."""
    assert served.plane.plane is not None
    assert served.plane.plane._sessions is not None
    door = RtspDoor(served.plane.plane._sessions, served.programs, wait_s=10.0, limits=limits)
    await door.open("127.0.0.1", 0)
    return door


@pytest.fixture
def limited(served: Served) -> Iterator[Callable[..., RtspDoor]]:
    with ExitStack() as stack:

        def opened(**limits: Any) -> RtspDoor:
            door = served.plane.run(_rtsp_door(served, Limits(**limits)))
            stack.callback(lambda: served.plane.run(door.close()))
            return door

        yield opened


# other stacks


@pytest.mark.proves("GStreamer shows a camera by RTSP out, H.264 and H.265", leans_on="second stack: GStreamer")
@pytest.mark.parametrize(("codec", "sound"), [("libx264", "aac"), ("libx265", "pcma"), ("libx264", "pcmu")])
def test_gstreamer_shows_and_plays_it(served: Served, codec: str, sound: Any) -> None:
    gstreamer.needed()
    served.camera.does.recording = recorded(codec=codec, sound=sound)
    told: dict[str, Any] = {}
    with gstreamer.player(served.url) as player:
        player.until(lambda message: told.update(message) or {"size", "tick"} <= told.keys())
    assert told["size"] == [320, 180]
    assert not told["corrupt"]


def test_a_client_that_first_wants_udp_goes_on_over_tcp(served: Served) -> None:
    assert seen(served.url, rtsp_transport="udp+tcp")[1] == FPS


@pytest.mark.proves(
    "One session of the camera serves HLS and any number of programs by RTSP", leans_on="second stack: ffmpeg's libav"
)
def test_one_session_of_the_camera_serves_all(served: Served, grants: Grants, vendor: Vendor) -> None:
    world = World(served.plane, vendor, served.house, grants)  # type: ignore[arg-type]
    assert world.master(surface="page", account="home").status == 200
    assert seen(served.url)[1] == FPS
    with Client(served.port) as first, Client(served.port) as second:
        for client in (first, second):
            assert client.described().status == 200
            assert client.set_up().status == 200
            assert client.play().status == 200
        for client in (first, second):
            assert client.frames(3)
    assert served.house.opened == 1


@pytest.mark.proves(
    "By RTSP out sound and video of one moment are at most 40 ms apart", leans_on="second stack: ffmpeg's libav"
)
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_sound_and_picture_of_one_moment_come_together(served: Served, codec: Any) -> None:
    served.camera.does.recording = clapping(codec)
    found = by_libav(served.url, 6.0, rtsp_transport="tcp")
    assert len(found) >= 4
    assert max(map(abs, found)) <= 0.04


# what a client is told


def test_a_description_names_both_tracks_with_the_parameter_sets(served: Served) -> None:
    with Client(served.port) as client:
        body = client.described().body
    assert "m=video 0 RTP/AVP 96" in body
    assert re.search(r"profile-level-id=[0-9a-f]{6};sprop-parameter-sets=[^,]+,\S+", body)
    assert "mpeg4-generic/16000/1" in body
    assert "mode=AAC-hbr" in body


def test_h265_is_described_with_its_three_parameter_sets(served: Served) -> None:
    served.camera.does.recording = recorded(codec="libx265", sound=None)
    with Client(served.port) as client:
        body = client.described().body
    assert "H265/90000" in body
    assert re.search(r"sprop-vps=\S+;sprop-sps=\S+;sprop-pps=\S+", body)
    assert "m=audio" not in body


def test_the_video_begins_with_a_report_and_a_keyframe(served: Served) -> None:
    with Client(served.port) as client:
        client.described()
        assert client.set_up().headers["transport"] == "RTP/AVP/TCP;unicast;interleaved=0-1"
        played = client.play()
        (channel, report), (_, packet) = client.frames(2)
    assert (channel, report[1]) == (1, 200)
    assert packet[12] & 0x1F == h264.SPS
    number, time = int.from_bytes(packet[2:4]), int.from_bytes(packet[4:8])
    assert f"video;seq={number};rtptime={time}" in played.headers["rtp-info"]


def test_only_tcp_is_taken(served: Served) -> None:
    with Client(served.port) as client:
        client.described()
        assert client.set_up(transport="RTP/AVP;unicast;client_port=5000-5001").status == 461
        assert client.set_up(transport="RTP/AVP/TCP;unicast;interleaved=255-256").status == 461
        assert client.set_up().status == 200


@pytest.mark.parametrize(
    ("method", "track", "headers", "status"),
    [
        ("OPTIONS", "", {}, 200),
        ("RECORD", "", {}, 501),
        ("SETUP", "/video", {"Transport": "RTP/AVP/TCP"}, 455),  # nothing was described
        ("PLAY", "", {}, 455),
        ("PLAY", "", {"Session": "another"}, 454),
        ("GET_PARAMETER", "", {}, 200),
        ("DESCRIBE", "/../shed", {}, 404),
    ],
)
def test_a_request_out_of_turn_has_an_answer(
    served: Served, method: str, track: str, headers: dict[str, str], status: int
) -> None:
    with Client(served.port) as client:
        signed = client.signed(client.nonce(), method=method)
        assert client.ask(method, track, Authorization=signed, **headers).status == status


@pytest.mark.parametrize(
    ("reason", "status"),
    [("encryption_on", 403), ("asleep", 403), ("offline", 503), ("not_found", 404), ("household_full", 453)],
)
def test_a_refusal_of_the_gate_is_told_in_words(served: Served, reason: str, status: int) -> None:
    served.programs.refusal = reason, "Garden can't be shown.\r\nAsk again."
    with Client(served.port) as client:
        answer = client.described()
    assert (answer.status, answer.phrase) == (status, "Garden can't be shown. Ask again.")
    assert served.house.opened == 0


def test_a_camera_that_fails_at_once_is_told_by_its_reason(served: Served) -> None:
    served.camera.stop()
    with Client(served.port) as client:
        answer = client.described()
    assert (answer.status, answer.phrase) == (503, "Service Unavailable (media_down)")


def test_without_the_web_app_the_service_is_unavailable(served: Served) -> None:
    served.programs.is_away = True
    with Client(served.port) as client:
        assert client.described().status == 503


# who may come in


@pytest.mark.parametrize(("name", "key"), [(NAME, "wrong"), ("nobody", KEY), ("n" * 33, KEY), (NAME, "")])
def test_a_wrong_name_or_password_opens_nothing(served: Served, name: str, key: str) -> None:
    with Client(served.port) as client:
        assert client.described(key, name=name).status == 401
    with Client(served.port) as client:
        assert client.described().status == 200, "the right password is not locked out"
    assert served.programs.played == ["garden"]


def test_a_signature_of_another_connection_proves_nothing(served: Served) -> None:
    with Client(served.port) as heard, Client(served.port) as other:
        signed = heard.signed(heard.nonce())
        assert other.ask("DESCRIBE", Authorization=signed).status == 401
        assert served.programs.knocked == []
        assert heard.ask("DESCRIBE", Authorization=signed).status == 200


def test_basic_is_not_taken(served: Served) -> None:
    given = base64.b64encode(f"{NAME}:{KEY}".encode()).decode()
    with Client(served.port) as client:
        assert client.ask("DESCRIBE", Authorization=f"Basic {given}").status == 401


def test_an_old_nonce_is_stale_and_a_right_password_is_asked_for_no_second_time() -> None:
    nonce = Nonce()
    first = nonce.challenge(0.0)
    assert "stale" not in first
    assert not nonce.is_over(59.0)
    assert nonce.is_over(61.0)
    assert nonce.challenge(61.0, stale=True).endswith("stale=true")
    assert not nonce.is_of(Signature(NAME, "showcam", first.split('"')[3], "/", "0"))


def test_a_thousand_wrong_passwords_are_slowed_and_delay_no_other_address() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def scene() -> None:
        wrong = Wrong(lambda: 100.0, sleep)
        for _ in range(1000):
            await wrong.answered("192.168.1.66")
        await wrong.answered("192.168.1.7")
        assert wrong.count == 1001

    asyncio.run(scene())
    assert waits[:3] == [1.0, 2.0, 3.0]
    assert max(waits) == 11.0
    assert waits[-1] == 1.0


def test_addresses_with_wrong_passwords_take_no_more_memory_than_a_thousand() -> None:
    async def scene() -> int:
        wrong = Wrong(lambda: 100.0, lambda _: asyncio.sleep(0))
        for number in range(3000):
            await wrong.answered(f"10.0.{number // 250}.{number % 250}")
        return len(wrong._next)

    assert asyncio.run(scene()) == 1024


def test_a_proxy_that_comes_for_strangers_is_refused(serve: Callable[..., Served]) -> None:
    served = serve(trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),))
    with Client(served.port) as client:
        assert client.is_ended()


def test_once_a_public_address_leads_here_a_proxy_on_this_machine_is_refused(serve: Callable[..., Served]) -> None:
    with Client(serve(exposed=True).port) as client:
        assert client.is_ended()


def test_without_the_setting_nothing_listens_and_nothing_is_loaded(serve: Callable[..., Served]) -> None:
    served = serve(rtsp_port=None)
    assert served.plane.plane is not None
    assert served.plane.plane.rtsp is None


# limits


def test_an_address_has_a_number_of_connections(limited: Callable[..., RtspDoor]) -> None:
    door = limited(most_of_one=2)
    with Client(door.port) as first, Client(door.port) as second:
        assert first.ask("OPTIONS").status == second.ask("OPTIONS").status == 200
        with Client(door.port) as third:
            assert third.is_ended()
        assert first.ask("OPTIONS").status == 200
    until(lambda: not door._connections)
    with Client(door.port) as fourth:
        assert fourth.ask("OPTIONS").status == 200


@pytest.mark.parametrize("stage", ["silent", "described", "set up"])
def test_a_client_that_does_not_come_to_play_is_ended(
    served: Served, limited: Callable[..., RtspDoor], stage: str
) -> None:
    door = limited(asking_s=LONG_S if stage != "silent" else 0.2, unplayed_s=0.2)
    with Client(door.port) as client:
        if stage != "silent":
            assert client.described().status == 200
        if stage == "set up":
            assert client.set_up().status == 200
        assert client.is_ended()
    until(lambda: not sessions_of(served))


@pytest.mark.parametrize(
    "sent",
    [
        b"DESCRIBE rtsp://127.0.0.1/garden RTSP/1.0\r\nX: " + b"x" * 20_000,
        b"OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" * 100,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
    ids=["head", "body", "negative", "pipelined", "http", "tls"],
)
def test_what_is_no_rtsp_or_too_much_ends_the_connection(served: Served, sent: bytes) -> None:
    with Client(served.port) as client:
        client.socket.sendall(sent)
        assert client.is_ended()


def heavy(recording: Recording, size: int = 300_000) -> Recording:
    """The same pictures, each with filler (NAL unit 12): they fill every buffer on the way soon."""
    filler = b"\0\0\0\1\x0c" + b"\xff" * size + b"\x80"
    samples = tuple(
        replace(sample, data=sample.data + filler) if sample.kind == "video" else sample for sample in recording.samples
    )
    return replace(recording, samples=samples)


def test_a_client_that_reads_nothing_is_ended(served: Served, limited: Callable[..., RtspDoor]) -> None:
    served.camera.does.recording = heavy(recorded(sound=None))
    door = limited(stalled_s=0.5)
    with Client(door.port, buffer=4096) as client:
        client.described()
        client.set_up()
        client.play()
        until(lambda: not door._connections)
    until(lambda: not sessions_of(served))


def test_a_client_that_was_behind_goes_on_at_a_keyframe(served: Served, limited: Callable[..., RtspDoor]) -> None:
    served.camera.does.recording = heavy(recorded(sound=None))
    door = limited(behind=1_000_000)
    with Client(door.port, buffer=4096) as client:
        client.described()
        client.set_up()
        client.play()
        until(lambda: all([connection._skips for connection in door._connections]))
        before = 0
        while True:
            ((channel, packet),) = client.frames(1)
            time = int.from_bytes(packet[4:8])
            if channel == 0 and before and (time - before) % 2**32 > 3 * 90_000 / FPS:
                break
            before = time if channel == 0 else before
    assert packet[12] & 0x1F == h264.SPS


# ends


def sessions_of(served: Served) -> int:
    async def count() -> int:
        assert served.plane.plane is not None
        assert served.plane.plane._sessions is not None
        return served.plane.plane._sessions.stats()["sessions"]

    return served.plane.run(count())


def playing(client: Client) -> None:
    assert client.described().status == 200
    assert client.set_up().status == 200
    assert client.play().status == 200
    assert client.frames(3)


@pytest.mark.proves("A program of the house whose player is ended loses its RTSP connection", leans_on="double: camera")
def test_a_player_that_is_ended_loses_its_connection(served: Served) -> None:
    with Client(served.port) as client:
        playing(client)
        served.plane.client().end_session("player-1", "", "home")
        assert client.is_ended()
    assert sessions_of(served) == 0


def test_a_gate_that_closes_ends_the_connection(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with Client(served.port) as client:
        playing(client)
        served.house.verdict = Denied("encryption_on")
        assert client.is_ended()
    assert sessions_of(served) == 0


def test_teardown_ends_the_session_and_the_connection(served: Served) -> None:
    with Client(served.port) as client:
        playing(client)
        assert client.ask("TEARDOWN").status == 200
        assert client.is_ended()
    until(lambda: not sessions_of(served))


def test_a_client_that_goes_away_leaves_no_session(served: Served) -> None:
    with Client(served.port) as client:
        playing(client)
        assert sessions_of(served) == 1
    until(lambda: not sessions_of(served))


def test_a_camera_that_changes_its_codec_ends_the_connection_since_its_description_is_no_longer_true(
    served: Served,
) -> None:
    with Client(served.port) as client:
        playing(client)
        served.camera.does.recording = recorded(codec="libx265")
        served.camera.call(lambda viewer: viewer._writer.close())
        assert client.is_ended()
    assert seen(served.url)[0] == ["hevc", "aac"]
