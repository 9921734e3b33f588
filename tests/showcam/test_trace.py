"""A camera's trace: what it tells, and that nothing of what the vendor, its servers or the camera say can be in it."""

import asyncio
import json
import re
import socket
import stat
from collections.abc import Callable, Iterator
from itertools import batched
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect
from msgspec.structs import replace

from showcam.app.trace import offers, text
from showcam.app.trace.offers import OfferNotes
from showcam.drivers.camera import Camera
from showcam.drivers.ezviz import cameras as listed
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.keys import key_of
from showcam.drivers.ezviz.sessions import Secrets
from showcam.drivers.ezviz.trace.at_home import ByOwnProtocol, ByRtsp, probed, recorded
from showcam.drivers.ezviz.trace.camera import CameraTrace, Wanted
from showcam.drivers.ezviz.trace.recording import Recording, crowded
from showcam.drivers.ezviz.trace_lines import (
    MODELS,
    Alarm,
    Beside,
    Cut,
    Ended,
    Frame,
    Frames,
    Home,
    KeyState,
    Line,
    Opened,
    Row,
    Seconds,
    Wake,
    Way,
)
from showcam.drivers.ezviz.tracing import Aliases, excerpt
from showcam.drivers.vendor import SignedIn
from showcam.engine.ezviz.address import live
from showcam.engine.ezviz.local_messages import url
from showcam.engine.ezviz.local_session import PLAIN, WRAPPED
from showcam.engine.grants import Grants
from showcam.engine.source import CameraSpec, EzvizCloud, EzvizLocal, SourceSpec
from showcam.net.addresses import OnLoopback
from showcam.simulator.cloud.wire import ANSWER, ASK, NOTICE, fields_of, message, text_of
from showcam.simulator.cloud.wire import Line as Wire
from showcam.store.sqlite import SqliteStore
from tests.doubles import real_list
from tests.doubles.echo_offer import OFFERS
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.hour_cloud import HourCloud, claims
from tests.doubles.local_camera import LocalCamera
from tests.doubles.needs import REAL_LIST
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_recording import CODE
from tests.doubles.rtsp_recording import recorded as filmed
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.stream_cloud import StreamCloud
from tests.doubles.troubled.cas import answer, receive
from tests.doubles.troubled.dress import Plain
from tests.doubles.waiting import LONG_S, within

pytestmark = pytest.mark.proves(
    "A trace holds no name, address or other text of a household, and has at most 200 KB",
    leans_on="published: a real account's list and a real Echo's offer, with a canary in each text",
)

CANARY = "Kanari7"
ECHO = OFFERS["mode 0 only"]
NUMBER = "918273645"
SECRETS = Secrets(CANARY, {"session_id": CANARY}, codes={"FAKE00001": CANARY}, picture_codes={"FAKE00001": CANARY})
HERE = OnLoopback(every=True)


def test_no_field_of_a_line_takes_a_text() -> None:
    """Of all lines: a text is one of words that are written in the code, or fits a pattern without room for a name."""
    patterns = set()

    def look(kind: inspect.Type) -> None:
        if isinstance(kind, inspect.StrType):
            assert kind.pattern, "a text without a pattern"
            patterns.add(kind.pattern)
        for name in ("types", "fields", "item_types"):
            for inner in getattr(kind, name, ()):
                look(inner.type if isinstance(inner, inspect.Field) else inner)
        for name in ("item_type", "key_type", "value_type"):
            if (inner := getattr(kind, name, None)) is not None:
                look(inner)
        assert not isinstance(kind, inspect.AnyType | inspect.BytesType)

    look(inspect.type_info(Line | offers.Sdp))
    assert patterns == {
        rf"^({MODELS})\Z",
        offers.LINE,  # of an allow list: the tests of offers try each of its gaps
        r"^[0-9a-f]{12}\Z",
    }


def test_a_line_that_its_type_does_not_admit_is_not_written() -> None:
    fine = Beside(opened=True, ended_first=False, after_ms=1)
    assert text.read(text.written([replace(fine, after_ms=CANARY), fine])) == [fine]


def test_a_trace_that_is_too_large_loses_its_last_frames() -> None:
    rows = tuple(Frame(at, 1, 1400, (1, 1), 0) for at in range(40))
    lines = [Frames(number, rows) for number in range(400)]
    written = text.written([*lines, Beside(opened=True, ended_first=True, after_ms=9)])
    read = text.read(written)
    assert text.MOST - 2000 < len(written) <= text.MOST
    assert read[-1] == Cut(400 - sum(isinstance(line, Frames) for line in read))
    assert read[:3] == lines[:3]
    assert read[-2] == Beside(opened=True, ended_first=True, after_ms=9)


# the list


@REAL_LIST.mark
def test_a_trace_tells_how_the_list_has_a_camera() -> None:
    page = real_list.page(owned=False)
    [row] = [row for row in traced(page, {}) if isinstance(row, Row) and row.model == "H9c" and row.channel == 2]
    assert (row.category, row.firmware, row.encrypted, row.share) == ("IPC", (5, 3, 8, 250715), 1, 2)
    assert row.support is not None
    assert (row.support[519], row.support[62], row.support[16]) == ((3,), (1,), (16, 9))
    assert row.image_flip is True
    assert row.switches is not None
    assert (0, 22, True) in row.switches
    models = [row.model for row in traced(page, {}) if isinstance(row, Row)]
    assert len(models) == 20
    assert "other" not in models


@REAL_LIST.mark
@pytest.mark.parametrize("canary", [CANARY, NUMBER], ids=["a word", "a number"])
def test_no_text_of_a_real_list_is_in_a_trace(canary: str) -> None:
    """Six fields at a time are replaced wherever they stand, the rest being as it was; then all at once."""
    page = real_list.page(owned=True)
    messages = {"message": [alarm(page["deviceInfos"][0]["deviceSerial"])]}
    few = of_few(page)
    names = {name for name, _ in texts({**few, **messages})}
    assert names == {name for name, _ in texts({**page, **messages})}
    for some in batched(sorted(names), 6, strict=False):
        changed, more = (planted(part, frozenset(some).__contains__, canary) for part in (few, messages))
        assert canary not in saved(changed, more)
    changed, more = (planted(part, lambda _: True, canary) for part in (page, messages))
    assert canary not in saved(changed, more)


@REAL_LIST.mark
def test_the_codes_of_its_last_alarms_are_told() -> None:
    page = real_list.page(owned=True)
    serial = page["deviceInfos"][0]["deviceSerial"]
    ring = {**alarm(serial), "pic": "", "ext": {"callingStatus": 1}}
    other = {**alarm("FAKE99999"), "subType": "1"}
    camera = next(
        Camera.of(one)
        for one in listed.cameras([page], "source", ("open",))
        if (one.ref.serial, one.ref.channel) == (serial, 1)
    )
    found = excerpt([page], [alarm(serial), other, ring], camera, "0" * 12, SECRETS, 1.79e9 + 95)
    assert [line for line in found.lines if isinstance(line, Alarm)] == [
        Alarm(type=10002, sub=2701, calling=1, channel=1, pictured=True, ago_s=95),
        Alarm(type=None, sub=2701, calling=1, channel=1, pictured=False, ago_s=95),
    ]


@REAL_LIST.mark
@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        (Secrets("u", {"session_id": "s"}), KeyState(False, None, None, False, False)),
        (Secrets("u", {"session_id": "s"}, elevated="s"), KeyState(False, None, None, True, False)),
        (Secrets("u", {"session_id": "s"}, elevated="before"), KeyState(False, None, None, False, False)),
        (Secrets("u", picture_codes={"S": "ABCDEF"}), KeyState(True, True, None, False, False)),
        (Secrets("u", picture_codes={"S": CANARY}, by_video={"S": True}), KeyState(True, False, True, False, False)),
        (Secrets("u", keys_refused=("S",)), KeyState(False, None, None, False, True)),
    ],
)
def test_it_tells_of_the_key_whether_there_is_one_and_who_gives_it(secrets: Secrets, told: KeyState) -> None:
    page = real_list.page(owned=True)
    camera = Camera.of(listed.cameras([page], "source", ("open",))[0])
    serial = camera.ref.serial
    page["STATUS"][serial]["encryptPwd"] = "aa37ad52a5a65df39791a95818fb3298"  # md5hex(md5hex("ABCDEF"))
    of_serial = replace(
        secrets,
        picture_codes=dict.fromkeys([serial] * len(secrets.picture_codes), *secrets.picture_codes.values()),
        by_video=dict.fromkeys([serial] * len(secrets.by_video), *secrets.by_video.values()),
        keys_refused=(serial,) * len(secrets.keys_refused),
    )
    found = excerpt([page], [], camera, "0" * 12, of_serial, 1.8e9)
    assert [line for line in found.lines if isinstance(line, KeyState)] == [told]
    assert CANARY not in text.written(found.lines).decode()


@REAL_LIST.mark
def test_a_device_has_another_name_in_each_trace() -> None:
    serial = "FAKE00001"
    aliases = {Aliases().of(serial) for _ in range(20)}
    assert len(aliases) == 20
    assert all(re.fullmatch("[0-9a-f]{12}", alias) for alias in aliases)


def of_few(page: dict[str, Any]) -> dict[str, Any]:
    """The list with only as many devices as have every field between them."""
    devices: list[dict[str, Any]] = []
    seen: set[str] = set()
    for device in page["deviceInfos"]:
        own = {name for name, _ in texts(only(page, [device]))}
        if own - seen:
            devices.append(device)
            seen |= own
    return only(page, devices)


def only(page: dict[str, Any], devices: list[dict[str, Any]]) -> dict[str, Any]:
    serials = {device["deviceSerial"] for device in devices}
    rows = [row for row in page["resourceInfos"] if row["deviceSerial"] in serials]
    keys = serials | {row["resourceId"] for row in rows}
    known = {row[field] for row in page["resourceInfos"] for field in ("deviceSerial", "resourceId")}
    sections = {
        name: {key: value for key, value in section.items() if key in keys or key not in known}
        for name, section in page.items()
        if isinstance(section, dict)
    }
    return {**sections, "deviceInfos": devices, "resourceInfos": rows}


def traced(page: dict[str, Any], messages: dict[str, Any]) -> Iterator[Line]:
    """The lines of each camera of the list."""
    for camera in listed.cameras([page], "source", ("open",)):
        alias = Aliases().of(camera.ref.serial)
        found = excerpt([page], messages.get("message"), Camera.of(camera), alias, SECRETS, 1.8e9)
        yield from found.lines


def saved(page: dict[str, Any], messages: dict[str, Any]) -> str:
    lines = list(traced(page, messages))
    written = text.written(lines).decode()
    assert written.count("\n") == len(lines) > 10  # none was left out because of what it held
    return written


def alarm(serial: str) -> dict[str, Any]:
    more = {"alarmType": "10002", "pics": "https://example.com/1.jpg", "picCrypt": 1, "callingStatus": "1"}
    return {
        "msgId": "0123456789abcdef",
        "deviceSerial": serial,
        "channel": "1",
        "time": 1790000000000,
        "title": "Motion (Garden)",
        "pic": "https://example.com/1.jpg",
        "subType": "2701",
        "ext": more,
    }


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text with the name of its field, in texts that are JSON too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, name)
    elif isinstance(value, str):
        yield name, value
        if value[:1] in ("{", "["):
            yield from texts(json.loads(value), name)


def planted(value: Any, chosen: Callable[[str], bool], canary: str, name: str = "") -> Any:
    """The same with the canary in place of each text of the chosen fields; serials and ids stay apart."""
    if isinstance(value, dict):
        keyed = {key: planted(inner, chosen, canary, key) for key, inner in value.items()}
        ids = {"deviceSerial": r"FAKE\d+", "resourceId": "0{20,}[0-9a-f]+"}
        for field, pattern in ids.items():
            if chosen(field):
                keyed = {f"{canary}{key}" if re.fullmatch(pattern, key) else key: inner for key, inner in keyed.items()}
        return keyed
    if isinstance(value, list):
        return [planted(inner, chosen, canary, name) for inner in value]
    if not isinstance(value, str):
        return value
    if value[:1] in ("{", "[") and not chosen(name):
        return json.dumps(planted(json.loads(value), chosen, canary, name))
    if not chosen(name):
        return value
    return f"{canary}{value}" if name in ("deviceSerial", "resourceId") else canary


# sessions

CROWDED_S = 6.0  # in which a second session ends the first


@pytest.fixture
def cloud() -> Iterator[StreamCloud]:
    made = StreamCloud()
    yield made
    made.close()


def record(specs: list[CameraSpec], key: bytes = b"") -> list[Line]:
    async def recorded_session() -> list[Line]:
        recording = Recording(1, "sub", 2, 1000, key=key)
        node = await recording.opens(specs[0], HERE)
        if node is None:
            return recording.lines
        if len(specs) == 1:
            await recording.lasts(node, LONG_S, until_key=True)
            return recording.lines
        second = Recording(2, "beside", 2, 1000)
        beside = await crowded(recording, node, second, specs[1], HERE, CROWDED_S)
        return [*recording.lines, *second.lines, beside]

    return asyncio.run(recorded_session())


@pytest.mark.parametrize("transport", ["ps", "rtp"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_session_is_told_by_frame(cloud: StreamCloud, transport: Any, codec: Any) -> None:
    cloud.camera.transport, cloud.camera.codec = transport, codec
    opened, *_, ended = lines = record([cloud.spec()])
    assert isinstance(opened, Opened)
    assert (opened.results, opened.refused, opened.ssn) == ((5302, 0), "", 51)
    assert isinstance(ended, Ended)
    assert (ended.transport, ended.codec, ended.picture, ended.layout) == (transport, codec, "clear", "clear")
    assert ended.first_key_ms is not None
    rows = [row for line in lines if isinstance(line, Frames) for row in line.rows]
    sets = {7, 8} if codec == "h264" else {32, 33, 34}
    assert any(sets < set(row.nals) for row in rows)
    assert all(0 < row.length <= 1500 for row in rows if row.channel == 1)
    assert rows == sorted(rows, key=lambda row: row.ms)
    assert text.read(text.written(lines)) == lines


@pytest.mark.parametrize(
    ("code", "picture", "layout"),
    [("", "hidden", "unknown"), ("ABCDEF", "deciphered", "body"), ("GHIJKL", "hidden", "unknown")],
    ids=["without a key", "with its key", "with another key"],
)
def test_it_says_whether_the_key_deciphers(cloud: StreamCloud, code: str, picture: str, layout: str) -> None:
    cloud.camera.encryption = True
    ended = record([cloud.spec()], key_of(code) if code else b"")[-1]
    assert isinstance(ended, Ended)
    assert (ended.picture, ended.layout) == (picture, layout)


def test_a_long_session_is_told_in_steps_and_how_it_ended() -> None:
    async def scene(loop: FastLoop) -> list[Line]:
        cloud = HourCloud(loop, session_cut_s=12.0, cut_with="7005", stream_key_s=2)
        await cloud.cloud.open("127.0.0.1")
        recording, spec = Recording(1, "sub", 2, 10, 500), await cloud.open(claims())
        assert isinstance(spec, EzvizCloud)
        node = await recording.opens(spec, HERE)
        assert node is not None
        await recording.lasts(node, 20.0)
        await cloud.close()
        return recording.lines

    *_, steps, ended = lines = run(scene)
    assert sum(len(line.rows) for line in lines if isinstance(line, Frames)) == 10
    assert isinstance(steps, Seconds)
    assert [step.ms % 500 for step in steps.rows] == [0] * len(steps.rows)
    assert sum(step.keys for step in steps.rows) >= 2
    assert isinstance(ended, Ended)
    assert (ended.ending, ended.result) == ("result", 7005)
    assert 11_500 < ended.ms < 14_500  # with the clump that follows it


def test_a_camera_that_is_refused_is_told_by_the_codes(cloud: StreamCloud) -> None:
    cloud.camera.privacy = True
    [opened] = record([cloud.spec()])
    assert isinstance(opened, Opened)
    assert (opened.results, opened.refused) == ((5302, 5409), "")


@pytest.mark.parametrize(
    ("crowd", "opened", "ended_first"),
    [("", True, True), ("joins", True, False), ("5416", False, False)],
    ids=["ends the first", "joins it", "is refused"],
)
def test_it_says_what_a_second_session_does(cloud: StreamCloud, crowd: str, opened: bool, ended_first: bool) -> None:
    cloud.set(stream_crowd=crowd)
    first, second = cloud.tokens_of("demo@example.com")[:2]
    *_, beside = record([cloud.spec(token=first), cloud.spec(token=second)])
    assert isinstance(beside, Beside)
    assert (beside.opened, beside.ended_first) == (opened, ended_first)
    assert beside.after_ms < 1000 * CROWDED_S / 2


def test_no_text_of_a_dispatcher_a_node_or_a_stream_is_in_a_trace() -> None:
    """Every text that they can send is the canary, and so are the bytes of the stream."""
    ports: list[int] = []

    async def node(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        code, body = await wire.receive()
        assert code == ASK
        asked = text_of(fields_of(body), 1)
        if "hop" not in asked:
            url = f"ysproto://127.0.0.1:{ports[0]}/live?dev={CANARY}&chn=1&stream=2&ssn={CANARY}&hop=1"
            wire.say(ANSWER, message({1: 5302, 3: CANARY, 4: CANARY, 5: CANARY, 6: CANARY, 7: url, 8: CANARY}))
        else:
            wire.say(ANSWER, message({1: 0, 3: CANARY, 4: CANARY, 5: CANARY, 6: CANARY, 9: CANARY, 11: CANARY}))
            await asyncio.sleep(0.1)  # what came in one read with the answer belongs to no session yet
            wire.say(0x149, message({1: CANARY, 2: CANARY}))
            wire.say(0x1F7, CANARY.encode() * 9)
            for _ in range(30):
                wire.stream(b"\0\0\1\xba" + CANARY.encode() * 40 + b"\0\0\1\xe0" + CANARY.encode() * 40)
                wire._write(2, 0, CANARY.encode() * 40)
            wire.say(NOTICE, message({1: 7005, 4: CANARY, 6: CANARY, 7: CANARY}))
        await writer.drain()
        await reader.read()  # until the client has read all and closed
        writer.close()

    async def scene(_: FastLoop) -> list[Line]:
        server = await asyncio.start_server(node, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        place = f"127.0.0.1:{ports[0]}"
        spec = EzvizCloud(url=live(place, CANARY, 1, 2, CANARY, "biz=1", 1), hosts=(place,), sound="on")
        recording = Recording(1, "sub", 2, 1000)
        opened = await recording.opens(spec, HERE)
        assert opened is not None
        await recording.lasts(opened, 3.0)
        server.close()
        return recording.lines

    lines = run(scene)
    written = text.written(lines).decode()
    assert len(text.read(written.encode())) == len(lines) == 4
    assert CANARY not in written


# waking


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"))
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("user", "taken"), [("demo@example.com", True), ("other@example.com", False)], ids=["its owner", "a guest"]
)
def test_it_says_whether_a_camera_on_battery_took_being_woken_and_how_long_that_took(
    simulator: SimulatorProcess, store: SqliteStore, user: str, taken: bool
) -> None:
    """The vendor lets nobody but its owner wake a camera, and takes 0.4 s for each answer here."""
    simulator.control(simulator.serial("Garden"), dozes=True)
    simulator.configure(latency_ms=400)
    store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
    (source,) = store.sources(sessions.add_owner(store, user).id)
    hosts = EzvizHosts.of("eu", api=simulator.app_host)
    driver = EzvizDriver(store, hosts, ca_file=simulator.ca, demo=True)
    verdict = driver.sign_in(user, "showcam-demo", 20.0)
    assert isinstance(verdict, SignedIn)
    driver.sessions.signed_in(source, user, verdict.session)
    camera = next(Camera.of(one) for one in driver.read(source, 20.0) if one.name == "Garden")
    lines = CameraTrace(driver, source, camera, (0, 2, 0), loopback=True).take(Wanted(1.0))
    simulator.configure(latency_ms=0)
    [wake] = [line for line in lines if isinstance(line, Wake)]
    assert wake.taken is taken
    assert 400 <= wake.ms < 10_000
    [row] = [line for line in lines if isinstance(line, Row)]
    assert row.battery == 60
    assert lines.index(row) < lines.index(wake) < next(at for at, one in enumerate(lines) if isinstance(one, Opened))
    assert text.read(text.written(lines)) == lines


# sessions at home


def at_home(
    spec: SourceSpec, way: Way, by: Callable[[Recording], ByRtsp | ByOwnProtocol], key: bytes = b"", seconds: float = 20
) -> list[Line]:
    async def run() -> list[Line]:
        recording = Recording(1, way, 1, 1000, key=key)
        await recorded(recording, by, spec, seconds, loopback=True)
        return recording.lines

    return asyncio.run(run())


def plainly(recording: Recording) -> ByOwnProtocol:
    return ByOwnProtocol(recording, PLAIN)


def wrapped(recording: Recording) -> ByOwnProtocol:
    return ByOwnProtocol(recording, WRAPPED)


@pytest.fixture
def rtsp_camera() -> Iterator[RtspCamera]:
    made = RtspCamera()
    yield made
    made.close()


@pytest.mark.parametrize(("codec", "encoder"), [("h264", "libx264"), ("h265", "libx265")])
def test_a_session_by_rtsp_is_told_by_access_unit(rtsp_camera: RtspCamera, codec: str, encoder: str) -> None:
    rtsp_camera.does.recording = filmed(codec=encoder)
    opened, *_, ended = lines = at_home(rtsp_camera.spec(), "rtsp", ByRtsp)
    assert isinstance(opened, Opened)
    assert (opened.way, opened.refused, opened.results) == ("rtsp", "", ())
    assert isinstance(ended, Ended)
    assert (ended.ending, ended.transport, ended.codec, ended.sound) == ("ours", "rtp", codec, "aac")
    assert (ended.picture, ended.layout, ended.width, ended.height) == ("clear", "clear", 320, 180)
    rows = [row for line in lines if isinstance(line, Frames) for row in line.rows]
    keys = [row.ms for row in rows if any(kind == 5 if codec == "h264" else 16 <= kind <= 21 for kind in row.nals)]
    assert len(keys) == 2
    assert ended.first_key_ms == keys[0]
    assert keys[1] - keys[0] == pytest.approx(2000, abs=1200), "which are two seconds apart"
    assert {row.channel for row in rows} == {1, 2}
    assert all(row.nals for row in rows if row.channel == 1)
    assert not any(row.nals for row in rows if row.channel == 2)
    assert text.read(text.written(lines)) == lines


@pytest.mark.parametrize(
    ("key", "picture", "layout"),
    [("", "hidden", "unknown"), (CODE, "deciphered", "body"), ("GHIJKL", "hidden", "unknown")],
    ids=["without a key", "with its key", "with another key"],
)
def test_by_rtsp_too_it_says_whether_the_key_deciphers(
    rtsp_camera: RtspCamera, key: str, picture: str, layout: str
) -> None:
    rtsp_camera.does.recording = filmed(layout="body", described=False)
    ended = at_home(rtsp_camera.spec(), "rtsp", ByRtsp, key_of(key) if key else b"", 8.0)[-1]
    assert isinstance(ended, Ended)
    assert (ended.picture, ended.layout) == (picture, layout)


def test_a_camera_that_takes_another_code_or_no_connection_by_rtsp_is_told_so(rtsp_camera: RtspCamera) -> None:
    told = [at_home(rtsp_camera.spec(password="GHIJKL"), "rtsp", ByRtsp)]
    rtsp_camera.stop()
    told.append(at_home(rtsp_camera.spec(), "rtsp", ByRtsp))
    assert [[line.refused for line in lines if isinstance(line, Opened)] for lines in told] == [
        ["code_wrong"],
        ["unreached"],
    ]
    assert [len(lines) for lines in told] == [1, 1]


@pytest.fixture
def local_camera(request: pytest.FixtureRequest) -> Iterator[LocalCamera]:
    made = LocalCamera(request.param)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("local_camera", "way", "by"),
    [("plain", "plain", plainly), ("wrapped", "wrapped", wrapped)],
    indirect=["local_camera"],
    ids=["plain", "wrapped"],
)
def test_a_session_by_the_cameras_own_protocol_is_told_by_part(local_camera: LocalCamera, way: Way, by: Any) -> None:
    opened, *_, ended = lines = at_home(local_camera.local(), way, by)
    assert isinstance(opened, Opened)
    assert (opened.way, opened.refused, opened.results) == (way, "", (0,))
    assert isinstance(ended, Ended)
    assert (ended.transport, ended.codec, ended.picture, ended.layout) == ("ps", "h264", "clear", "clear")
    assert ended.first_key_ms is not None
    rows = [row for line in lines if isinstance(line, Frames) for row in line.rows]
    assert any({7, 8} < set(row.nals) for row in rows)
    assert {row.channel for row in rows} == {1}
    assert text.read(text.written(lines)) == lines
    local_camera.set(local_fault="refuses")
    [refused] = at_home(local_camera.local(), way, by)
    assert isinstance(refused, Opened)
    assert (refused.refused, refused.results) == ("", (9,))
    local_camera.shut()
    [closed] = at_home(local_camera.local(), way, by)
    assert isinstance(closed, Opened)
    assert (closed.refused, closed.results) == ("closed", ())


@pytest.mark.parametrize("local_camera", ["wrapped"], indirect=True)
def test_a_manner_in_which_a_camera_sends_nothing_is_told(local_camera: LocalCamera) -> None:
    ended = at_home(local_camera.local(), "plain", plainly, seconds=2.0)[-1]
    assert isinstance(ended, Ended)
    assert (ended.ending, ended.picture, ended.first_byte_ms) == ("ours", "none", None)


def test_no_text_of_a_camera_at_home_by_rtsp_is_in_a_trace(rtsp_camera: RtspCamera) -> None:
    """In headers of its own, in the realm, and in the description: its name, a text, an attribute, a track."""
    said: list[str] = []
    described = [f"s={CANARY}", f"i={CANARY}", f"u=http://{CANARY}", f"a=x-serial:{CANARY}", f"m=text 0 {CANARY} 99"]

    def canaries(lines: list[str]) -> list[str]:
        end = lines.index("")
        head = lines[:end]
        body = [line for line in lines[end + 1 :] if not line.startswith("s=")]
        if any(body):
            body = [*body[:-1], *described, ""]
            length = len("\r\n".join(body))
            head = [f"Content-Length: {length}" if line.startswith("Content-Length") else line for line in head]
        told = [*head, f"Server: {CANARY}", f"X-Serial: {CANARY}", "", *body]
        said.extend(told)
        return told

    rtsp_camera.does.says, rtsp_camera.does.realm = canaries, CANARY
    lines = at_home(rtsp_camera.spec(), "rtsp", ByRtsp)
    written = text.written(lines).decode()
    assert isinstance(lines[-1], Ended)
    assert lines[-1].picture == "clear"
    assert set(described) < set(said)
    assert any("realm" in line and CANARY in line for line in said)
    assert len(text.read(written.encode())) == len(lines) > 2
    for secret in (CANARY, CODE, "127.0.0.1", str(rtsp_camera.port)):
        assert secret not in written


def test_no_text_of_a_cameras_own_protocol_is_in_a_trace() -> None:
    """Every text that it can send is the canary, and so are the bytes of the stream; the key and code are, too."""
    key = CANARY.ljust(16, "0").encode()

    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await receive(reader, key)
        more = f"<Session>{CANARY}</Session><Serial>{CANARY}</Serial><{CANARY}>{CANARY}</{CANARY}>"
        writer.write(answer(said, f"<Result>0</Result>{more}", key))
        if said.command == 0x3105:
            dress = Plain()
            for _ in range(30):
                writer.write(dress.part(b"\0\0\1\xba" + CANARY.encode() * 40 + b"\0\0\1\xe0" + CANARY.encode() * 40))
        await writer.drain()
        await asyncio.sleep(0.5)
        writer.close()

    async def run() -> list[Line]:
        server = await asyncio.start_server(device, "127.0.0.1", 0)
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        spec = EzvizLocal(
            url=url(1, f"{CANARY}-{CANARY}"),
            hosts=(place, place),
            sound="on",
            user=CANARY,
            password=key.decode(),
        )
        recording = Recording(1, "plain", 1, 1000)
        await recorded(recording, plainly, spec, 3.0, loopback=True)
        server.close()
        return recording.lines

    lines = asyncio.run(run())
    written = text.written(lines).decode()
    assert len(text.read(written.encode())) == len(lines) == 3
    assert CANARY not in written


# assistants


def test_the_shape_of_an_echos_offer_is_told() -> None:
    told = offers.outlined(ECHO, "alexa", is_offer=True)
    assert [line for line in told.lines if line.startswith("m=")] == [
        "m=audio any UDP/TLS/RTP/SAVPF 96 0 8",
        "m=video any UDP/TLS/RTP/SAVPF 99",
    ]
    assert {"a=rtpmap:96 opus/48000/2", "a=rtpmap:99 H264/90000", "a=rtcp-fb:99 nack pli"} <= set(told.lines)
    assert "a=fmtp:99 profile-level-id=42e01f;packetization-mode=0" in told.lines
    assert {"a=group:BUNDLE 2", "a=setup:actpass", "a=sendrecv", "a=candidate host tcp other"} <= set(told.lines)
    assert text.read(text.written([told])) == [told]


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        ("m=video 9 UDP/TLS/RTP/SAVPF 96 97", "m=video 9 UDP/TLS/RTP/SAVPF 96 97"),
        ("m=application 5000 UDP/DTLS/SCTP webrtc-datachannel", "m=application any UDP/DTLS/SCTP webrtc-datachannel"),
        ("a=rtpmap:99 h264/90000", "a=rtpmap:99 h264/90000"),
        ("a=rtpmap:100 L16/44100/2", "a=rtpmap:100 other/44100/2"),
        ("a=fmtp:99 profile-level-id=42e01f; x-google-name=nora;apt=96", "a=fmtp:99 profile-level-id=42e01f;apt=96"),
        ("a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap"),
        ("a=msid:stream track", "a=msid"),
        ("a=candidate:1 1 udp 1 192.168.1.20 5000 typ host", "a=candidate host udp private"),
        ("a=candidate:1 1 udp 1 8.8.8.8 5000 typ srflx", "a=candidate srflx udp public"),
        ("a=candidate:1 1 udp 1 4d1c.local 5000 typ host", "a=candidate host udp mdns"),
        ("a=ice-pwd:abcdefghijklmnopqrstuvwx", None),
        ("a=fingerprint:sha-256 00:01", None),
        ("a=mid:nora", None),
        ("o=- 1234567890 2 IN IP4 192.168.1.20", None),
    ],
)
def test_each_line_of_an_offer_is_told_by_its_shape(line: str, shape: str | None) -> None:
    assert offers.outlined(line, "google", is_offer=False).lines == ((shape,) if shape else ())


@pytest.mark.parametrize("canary", [CANARY, NUMBER], ids=["a word", "a number"])
def test_no_word_of_an_offer_is_in_a_trace(canary: str) -> None:
    """Each word in turn, and then all of them."""
    lines = ECHO.split("\r\n")
    words = {word for line in lines for word in re.split(r"[ :;=/]", line[2:]) if word}
    assert len(words) > 60
    for word in words:
        planted_line = [
            line[:2] + re.sub(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])", canary, line[2:]) for line in lines
        ]
        told = offers.outlined("\r\n".join(planted_line), "alexa", is_offer=True)
        assert canary not in text.written([told]).decode()
    told = offers.outlined("\r\n".join(f"{line[:2]}{canary}" for line in lines), "alexa", is_offer=True)
    assert canary not in text.written([told]).decode()


def test_the_last_offers_are_kept_with_their_answers(tmp_path: Path) -> None:
    notes = OfferNotes(ReadyPictures(), tmp_path)
    claims = Grants([b"k" * 32]).issue(
        account="a", link="l", camera="ezviz-1", protocol="webrtc", surface="alexa", now=0.0, life_s=60
    )[1]
    for _ in range(9):
        notes.answer(claims, None, ECHO)
    notes.answer(claims._replace(surface="page"), None, ECHO)
    assert within(LONG_S, lambda: len(offers.read(tmp_path, "alexa")) == offers.KEPT)
    kept = offers.read(tmp_path, "alexa")
    assert [line.is_offer for line in kept] == [True, False] * 6
    assert offers.read(tmp_path, "google") == []
    assert stat.S_IMODE((tmp_path / "offers-alexa.ndjson").stat().st_mode) == 0o600


# at home


def test_the_ports_of_a_camera_at_home_are_told_without_its_address() -> None:
    listening, closed = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    ports = tuple(int(one.getsockname()[1]) for one in (listening, closed))
    closed.close()
    told = probed(Home("loopback", (*ports, 0, 0), True, {}), "127.0.0.1", loopback=True)
    listening.close()
    assert told.ports == {ports[0]: "open", ports[1]: "closed"}
    assert "127.0.0.1" not in text.written([told]).decode()


@pytest.mark.parametrize("address", ["", "8.8.8.8", "127.0.0.1", "camera.example", "169.254.1.1"])
def test_only_an_address_of_the_house_is_asked(address: str) -> None:
    line = Home("none", (0, 9010, 9020, 0), None, {})
    assert probed(line, address, loopback=False) == line
