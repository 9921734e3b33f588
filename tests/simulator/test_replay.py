"""Cameras of the simulator that are made from traces: what is listed of them, and how their sessions go."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.app.trace import text
from showcam.drivers.camera import Camera, Listed
from showcam.drivers.ezviz import cameras as listed
from showcam.drivers.ezviz.trace.at_home import ByOwnProtocol, ByRtsp
from showcam.drivers.ezviz.trace.recording import Recording
from showcam.drivers.ezviz.trace_lines import Ended, Frame, Frames, Line, Opened, Trace, Way
from showcam.drivers.ezviz.tracing import Aliases, row
from showcam.engine.ezviz.local_session import PLAIN
from showcam.engine.ezviz.node import SaidNo
from showcam.engine.source import EzvizCloud, Rtsp, SourceSpec
from showcam.net.addresses import OnLoopback
from showcam.simulator.app_api import pagelist
from showcam.simulator.households import demo_world
from showcam.simulator.state import Account, World
from tests.doubles import real_list
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.hour_cloud import SERIAL, USER, HourCloud, Studio, claims
from tests.doubles.local_camera import spec_at
from tests.doubles.needs import REAL_LIST
from tests.doubles.troubled import replay
from tests.doubles.troubled.names import REPLAYED
from tests.doubles.troubled.own_protocol import Device
from tests.doubles.troubled.replay import TracedCamera
from tests.doubles.troubled.replayed import TracedHouse
from tests.doubles.troubled.trouble import TroubledWorld

pytestmark = pytest.mark.proves(
    "A camera that is replayed from a trace is listed and streams as the trace has it",
    leans_on="published: a real account's list and public clients' reports",
)

FILES = sorted((Path(__file__).parents[1] / "traces").glob("*.ndjson"))
HEAD = Trace(1, "camera", (0, 2, 0), 2026, 11, 1)
NOT_THE_SAME = ("ref", "name", "ways")
FPS = 15


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_program_and_the_simulator_read_the_same_file(file: Path) -> None:
    lines = text.read(file.read_bytes())
    assert text.written(lines) == file.read_bytes()
    assert [line["line"] for line in replay.read(file)] == [line.__struct_config__.tag for line in lines]
    camera = replay.camera_of(replay.read(file), "T00000001", "Made")
    assert sum(map(len, camera.replay.shapes.values())) == sum(isinstance(line, Opened) for line in lines)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"line":"trace","version":2,"of":"camera"}', "\x00"])
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.ndjson"
    file.write_text(content)
    with pytest.raises(replay.NotTrace):
        replay.add(TroubledWorld.of(demo_world()), [file])


@REAL_LIST.mark
def test_each_camera_of_a_real_list_is_listed_as_it_was(tmp_path: Path) -> None:
    """List, trace, simulator and list again: the driver reads the same camera."""
    page = real_list.page(owned=False)
    originals = listed.cameras([page], "source", ())
    singles = [camera for camera in originals if camera.model != "H9c"]  # a trace is of one channel
    files = []
    for number, camera in enumerate(singles):
        traced = row([page], Camera.of(camera), Aliases().of(camera.ref.serial))
        files.append(tmp_path / f"{number:02}.ndjson")
        files[-1].write_bytes(text.written([HEAD, traced]))
    world = TroubledWorld.of(demo_world())
    replay.add(world, files)
    account = world.accounts[REPLAYED]
    sections = set(listed.SECTIONS.split(","))
    again = listed.cameras([pagelist.page(world, account, 0, 50, sections)], "source", ())
    by_number = {int(camera.ref.serial[1:]): camera for camera in again}
    assert len(by_number) == len(singles) == 18
    for number, camera in enumerate(singles):
        assert of(by_number[number]) == of(camera)


def of(camera: Listed) -> dict[str, Any]:
    return {name: getattr(camera, name) for name in camera.__struct_fields__ if name not in NOT_THE_SAME}


# sessions


def session(number: int, rows: list[Frame], ended: dict[str, Any], results: tuple[int, ...] = (5302, 0)) -> list[Line]:
    usual: dict[str, Any] = {
        "number": number,
        "ms": 60_000,
        "ending": "ours",
        "result": 0,
        "transport": "ps",
        "codec": "h264",
        "width": 640,
        "height": 360,
        "layout": "clear",
        "picture": "clear",
        "sound": "aac",
        "first_byte_ms": None,
        "first_key_ms": None,
    }
    lines: list[Line] = [Opened(number, "sub", 2, "", results, 500, 51)]
    if results[-1] == 0:
        lines += [Frames(number, tuple(rows)), Ended(**usual | ended)]
    return lines


def replayed(tmp_path: Path, sessions: list[list[Line]], count: int = 1, seconds: float = 6.0) -> list[list[Line]]:
    """What a trace of the replayed camera tells of its sessions, one after another."""
    file = tmp_path / "made.ndjson"
    page_row = next(line for line in text.read(FILES[0].read_bytes()) if line.__struct_config__.tag == "camera")
    file.write_bytes(text.written([HEAD, page_row, *(line for lines in sessions for line in lines)]))
    made = replay.camera_of(replay.read(file), SERIAL, "Made")
    made.owner, made.sub_size, made.battery, made.audio = USER, (320, 180), None, False

    async def scene(loop: FastLoop) -> list[list[Line]]:
        cloud, told = HourCloud(loop, stream_key_s=2), list[list[Line]]()
        cloud.camera = made
        cloud.world.add(made)
        await cloud.cloud.open("127.0.0.1")
        for _ in range(count):
            recording, spec = Recording(1, "sub", 2, 2000), await cloud.open(claims())
            assert isinstance(spec, EzvizCloud)
            node = await recording.opens(spec, OnLoopback(every=True))
            if node is not None:
                await recording.lasts(node, seconds)
            told.append(recording.lines)
        await cloud.close()
        return told

    return run(scene)


def pictures(lines: list[Line]) -> list[Frame]:
    return [one for line in lines if isinstance(line, Frames) for one in line.rows if one.channel == 1]


def end(lines: list[Line]) -> Ended:
    assert isinstance(lines[-1], Ended)
    return lines[-1]


def test_a_session_begins_goes_on_and_ends_as_in_the_trace(tmp_path: Path) -> None:
    rows = [Frame(ms, 1, 1300, (7, 8, 5) if ms == 2500 else (), 0) for ms in (900, 1700, 2500, 3300, 3700)]
    ended = {"ms": 4500, "ending": "result", "result": 7005, "first_byte_ms": 900, "first_key_ms": 2500}
    [lines] = replayed(tmp_path, [session(1, rows, ended)])
    assert (end(lines).ending, end(lines).result, end(lines).picture) == ("result", 7005, "clear")
    assert end(lines).ms == pytest.approx(4500, abs=400)
    assert end(lines).first_byte_ms == pytest.approx(900, abs=300)
    assert end(lines).first_key_ms == pytest.approx(2500, abs=900)  # with the clump that follows it
    clumps = sorted({round(frame.ms / 100) for frame in pictures(lines)})
    assert {9, 25, 33, 37} & {at + apart for at in clumps for apart in (-2, -1, 0)} == {9, 25, 33, 37}


def test_its_keyframes_have_the_units_of_the_trace(tmp_path: Path) -> None:
    rows = [Frame(at * 250, 1, 1300, {2: (9, 7, 8, 6, 5), 10: (9, 5)}.get(at, (1,)), 0) for at in range(1, 16)]
    [lines] = replayed(tmp_path, [session(1, rows, {"first_byte_ms": 250, "first_key_ms": 500})])
    first, *others = [frame.nals for frame in pictures(lines) if 5 in frame.nals]
    assert first[first.index(9) : first.index(5) + 1] == (9, 7, 8, 6, 5)
    assert others
    assert all({7, 8, 6}.isdisjoint(nals) and 9 in nals for nals in others)


def test_sessions_follow_one_another_as_in_the_trace(tmp_path: Path) -> None:
    """Refused, silent, then with a picture; the last stands for all that follow."""
    rows = [Frame(ms, 1, 1300, (7, 8, 5) if ms == 300 else (), 0) for ms in (100, 300, 500)]
    silent = {"ms": 800, "ending": "closed", "transport": "unknown", "codec": "unknown", "picture": "none"}
    shown = {"first_byte_ms": 100, "first_key_ms": 300}
    sessions = [session(1, [], {}, (5302, 5404)), session(2, [], silent), session(3, rows, shown)]
    refused, mute, first, second = replayed(tmp_path, sessions, 4, seconds=3.0)
    assert isinstance(refused[0], Opened)
    assert refused[0].results == (5302, 5404)
    assert (end(mute).ending, end(mute).first_byte_ms, pictures(mute)) == ("closed", None, [])
    assert [end(lines).picture for lines in (first, second)] == ["clear", "clear"]


@pytest.mark.parametrize(
    ("shown", "rtsp"), [((), False), (("rtsp",), True), (("rtsp", "plain"), True), (("wrapped",), False)]
)
def test_a_camera_has_the_ways_at_home_that_showed_it(tmp_path: Path, shown: tuple[str, ...], rtsp: bool) -> None:
    """Its sessions of the cloud, and its codec there, are those of the cloud only."""
    cloud = session(1, [Frame(500, 1, 1400, (7, 8, 5))], {"first_byte_ms": 500, "first_key_ms": 500})
    lines = list(cloud)
    for number, way in enumerate(("rtsp", "plain", "wrapped"), 2):
        picture = "clear" if way in shown else "none"
        opened, frames, ended = session(number, [Frame(9, 1, 90_000, (32, 33, 34, 19))], {"codec": "h265"})
        assert isinstance(opened, Opened)
        assert isinstance(ended, Ended)
        lines += [replace(opened, way=way, stream=1), frames, replace(ended, picture=picture)]
    file = tmp_path / "made.ndjson"
    page_row = next(line for line in text.read(FILES[0].read_bytes()) if line.__struct_config__.tag == "camera")
    file.write_bytes(text.written([HEAD, page_row, *lines]))
    made = replay.camera_of(replay.read(file), "T00000001", "Made")
    assert (made.rtsp, made.codec) == (rtsp, "h264")
    assert made.product is not None
    assert made.product.rtsp == rtsp
    assert {stream: len(shapes) for stream, shapes in made.replay.shapes.items()} == {2: 1}


# sessions at home


def traced_at_home(tmp_path: Path, way: Way, sessions: list[list[Line]]) -> TracedCamera:
    """A camera that is made from a trace with these sessions of that way."""
    file = tmp_path / "made.ndjson"
    page_row = next(line for line in text.read(FILES[0].read_bytes()) if line.__struct_config__.tag == "camera")
    lines: list[Line] = []
    for opened, *others in sessions:
        assert isinstance(opened, Opened)
        lines += [replace(opened, way=way, stream=1), *others]
    file.write_bytes(text.written([HEAD, page_row, *lines]))
    made = replay.camera_of(replay.read(file), SERIAL, "Made")
    made.owner, made.battery, made.codec, made.size, made.audio = USER, None, "h264", (320, 180), False
    return made


def by_rtsp(made: TracedCamera, count: int, seconds: float) -> list[list[Line]]:
    """What a trace of the camera by RTSP tells, session after session."""

    async def scene(loop: FastLoop) -> list[list[Line]]:
        world, studio = World({USER: Account(USER, "")}, {SERIAL: made}, now=loop.time), Studio(loop, FPS)
        house = TracedHouse(world, studio)  # type: ignore[arg-type]
        await house.open()
        place = f"127.0.0.1:{world.ports.rtsp(SERIAL)}"
        spec = Rtsp(
            url=f"rtsp://{place}/h264/ch1/main/av_stream", hosts=(place,), sound="on", user="admin", password=made.code
        )
        try:
            return [await at_home(spec, "rtsp", ByRtsp, seconds) for _ in range(count)]
        finally:
            studio.close()
            await house.close()

    return run(scene)


def by_own_protocol(made: TracedCamera, count: int, seconds: float) -> list[list[Line]]:
    async def scene(loop: FastLoop) -> list[list[Line]]:
        world, studio = TroubledWorld({USER: Account(USER, "")}, {SERIAL: made}, now=loop.time), Studio(loop, FPS)
        world.trouble_of(made).local = "plain"
        device = Device(world, studio, SERIAL)  # type: ignore[arg-type]
        await device.open("127.0.0.1")
        manner = partial(ByOwnProtocol, manner=PLAIN)
        try:
            return [await at_home(spec_at(device.ports), "plain", manner, seconds) for _ in range(count)]
        finally:
            studio.close()
            await device.close()

    return run(scene)


async def at_home(spec: SourceSpec, way: Way, by: Callable[[Recording], Any], seconds: float) -> list[Line]:
    recording = Recording(1, way, 1, 2000)
    session = by(recording)
    try:
        refused = await session.open(spec, loopback=True)
    except SaidNo as no:
        recording.results.append(no.result)
        recording.opened("")
        session.close()
        return recording.lines
    recording.opened(refused)
    await recording.lasts(session, seconds)
    return recording.lines


WAYS_AT_HOME: list[tuple[Way, Any]] = [("rtsp", by_rtsp), ("plain", by_own_protocol)]


@pytest.mark.parametrize(("way", "sessions_of"), WAYS_AT_HOME, ids=["by RTSP", "by its own protocol"])
def test_a_session_at_home_begins_goes_on_and_ends_as_in_the_trace(tmp_path: Path, way: Way, sessions_of: Any) -> None:
    """Bytes at 0.9 s, then in the rhythm of the trace; a keyframe at 2.5 s; the camera hangs up at 4.5 s."""
    rows = [Frame(ms, 1, 1300, (7, 8, 5) if ms == 2500 else (1,), 0) for ms in (900, 1700, 2500, 3300, 3700)]
    ended = {"ms": 4500, "ending": "closed", "first_byte_ms": 900, "first_key_ms": 2500}
    made = traced_at_home(tmp_path, way, [session(1, rows, ended, (0,))])
    first, second = sessions_of(made, 2, 8.0)
    for lines in (first, second):
        assert (end(lines).ending, end(lines).picture) == ("closed", "clear")
        assert end(lines).ms == pytest.approx(4500, abs=900)
        assert end(lines).first_byte_ms == pytest.approx(900, abs=500)
        assert end(lines).first_key_ms == pytest.approx(2500, abs=1200)  # with the clump that follows it
        pauses = [later.ms - earlier.ms for earlier, later in pairwise(pictures(lines))]
        assert max(pauses) > 500, "nothing comes between two clumps"


@pytest.mark.parametrize(("way", "sessions_of"), WAYS_AT_HOME, ids=["by RTSP", "by its own protocol"])
def test_keyframes_at_home_have_the_units_of_the_trace(tmp_path: Path, way: Way, sessions_of: Any) -> None:
    rows = [Frame(at * 250, 1, 1300, {2: (9, 7, 8, 6, 5), 10: (9, 5)}.get(at, (1,)), 0) for at in range(1, 16)]
    ended = {"first_byte_ms": 250, "first_key_ms": 500}
    [lines] = sessions_of(traced_at_home(tmp_path, way, [session(1, rows, ended, (0,))]), 1, 7.0)
    first, *others = [frame.nals for frame in pictures(lines) if 5 in frame.nals]
    assert first[first.index(9) : first.index(5) + 1] == (9, 7, 8, 6, 5)
    assert others
    assert all({7, 8, 6}.isdisjoint(nals) and 9 in nals for nals in others)


def test_a_session_of_its_own_protocol_is_refused_as_in_the_trace(tmp_path: Path) -> None:
    """Then one with a picture, which stands for all that follow."""
    rows = [Frame(ms, 1, 1300, (7, 8, 5) if ms == 300 else (1,), 0) for ms in (100, 300, 500)]
    shown = session(2, rows, {"first_byte_ms": 100, "first_key_ms": 300}, (0,))
    made = traced_at_home(tmp_path, "plain", [session(1, [], {}, (10,)), shown])
    refused, *others = by_own_protocol(made, 3, 2.0)
    assert [line.results for line in refused if isinstance(line, Opened)] == [(10,)]
    assert [end(lines).picture for lines in others] == ["clear", "clear"]
