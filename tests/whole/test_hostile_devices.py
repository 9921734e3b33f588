"""Devices of the house that mean harm, on the running program: each costs its own function, and all else goes on."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from showcam.simulator.lan.onvif import Picture, Reply
from tests.cast.conftest import certificate, receivers
from tests.doubles.listening import started_by
from tests.doubles.onvif_device import Served, served
from tests.doubles.program import Program, running
from tests.doubles.rtsp_camera import PATH, Frame, RtspCamera
from tests.doubles.rtsp_faults import resized
from tests.doubles.rtsp_recording import CODE, recorded
from tests.doubles.waiting import LONG_S, until

__all__ = ["certificate"]  # a fixture

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.proves(
        "A hostile TV, hostile events and hostile video cost only their own function: Alexa still shows "
        "another camera, and no process grows by more than 32 MB",
        leans_on="second stack: npm castv2; double: the hostile devices",
    ),
]
MOTION = "RuleEngine/CellMotionDetector/Motion"
MORE_MB = 32  # that a process may take while somebody watches; what is hostile would take it gigabytes
LASTS_S = 2.0  # a device floods for so long at least


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    made = RtspCamera(recording=recorded(sound="pcmu", gop_s=1))
    yield made
    made.close()


@pytest.fixture
def device(camera: RtspCamera) -> Iterator[Served]:
    pictures = [Picture("main", PATH, "h264", 320, 180)]
    with served(rtsp=f"127.0.0.1:{camera.port}", password=CODE, pictures=pictures) as made:
        yield made


def added(program: Program, address: str, name: str) -> None:
    done = program.command("cameras", "add", address, "--name", name, "--demo", text=f"admin\n{CODE}\n")
    assert done.returncode == 0, done.stderr


def linked(program: Program) -> None:
    for assistant, words in (("alexa", "discover devices"), ("google", "sync my devices")):
        program.link(assistant)
        program.assistant(assistant, "say", text=words)


def part(program: Program, word: str) -> int:
    """The program's process that was started with this word."""
    assert program.process is not None
    [found] = started_by(program.process.pid, word)
    return found


def memory_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def limited(pid: int) -> set[str]:
    """What the process has a limit on."""
    rows = Path(f"/proc/{pid}/limits").read_text().splitlines()
    limits = {row[:25].strip(): row[25:].split()[0] for row in rows}
    return {name for name in ("Max cpu time", "Max address space") if limits[name] != "unlimited"}


@contextmanager
def watching(pid: int, module: str) -> Iterator[set[frozenset[str]]]:
    """What the processes of this module had limits on at any moment, that the process started meanwhile."""
    seen, over = set[frozenset[str]](), threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            for child in started_by(pid, module):
                with contextlib.suppress(OSError):  # it has ended
                    seen.add(frozenset(limited(child)))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def goes_on_for(seconds: float, program: Program) -> None:
    """Alexa shows the garden again and again."""
    end = time.monotonic() + seconds
    while True:
        assert program.shown("alexa", "show the garden camera")["outcome"]["broken"] == []
        if time.monotonic() > end:
            return


class sound:  # noqa: N801
    """The program's parts are the same ones afterwards, and none of them has grown."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def __enter__(self) -> None:
        self._before = {
            word: (pid := part(self._program, word), memory_mb(pid)) for word in ("worker", "media", "serve")
        }

    def __exit__(self, *failed: object) -> None:
        if failed[0] is None:
            for word, (pid, memory) in self._before.items():
                assert part(self._program, word) == pid
                assert memory_mb(pid) < memory + MORE_MB, word


TELEVISIONS = ["floods without end", "nests deeply", "announces a gigabyte", "says no numbers"]


@pytest.fixture(scope="module")
def program(certificate: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """With every hostile television in the house at once, each named by what it does; cameras are added by tests."""
    with receivers(certificate) as begin:
        televisions = [f"{behaves}=127.0.0.1:{begin(behaves).device.port}" for behaves in TELEVISIONS]
        # one link looks at all the cameras that tests add
        folder, named = tmp_path_factory.mktemp("hostile"), ",".join(televisions)
        with running(folder, troubled=True, SHOWCAM_CAST_DEVICES=named, SHOWCAM_OPENS_PER_MINUTE="600") as started:
            started.login()
            linked(started)
            goes_on_for(0, started)  # what a first viewer takes is not counted
            yield started


@pytest.mark.parametrize("behaves", TELEVISIONS)
def test_a_television_costs_what_it_shows(program: Program, behaves: str) -> None:
    worker = part(program, "worker")
    with sound(program), watching(worker, "showcam.cast.apart") as seen:
        done = program.command("cast", "Garden", "--on", behaves, "--demo")
        assert (done.returncode, done.stdout) == (0, f"Garden is on {behaves}.\n"), done.stderr
        goes_on_for(LASTS_S, program)
    assert frozenset({"Max cpu time", "Max address space"}) in seen
    if behaves == "says no numbers":  # it goes on until it is told to end
        assert program.command("cast", "--stop", "--on", behaves, "--demo").returncode == 0
    until(lambda: program.command("cast", "--demo").stdout == "Nothing is shown.\n", LONG_S)
    until(lambda: not started_by(worker, "showcam.cast.apart"), LONG_S)


ENVELOPE = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><P>{}</P></s:Body></s:Envelope>'
NOTE = (
    "<NotificationMessage><Topic>RuleEngine/CellMotionDetector/Motion</Topic><Message><Message "
    'PropertyOperation="Changed"><Data><SimpleItem Name="IsMotion" Value="true"/></Data></Message></Message>'
    "</NotificationMessage>"
)
HOSTILE = {
    "events without a pause": ("Paddock", NOTE * 4000),
    "a megabyte of elements": ("Meadow", "<a/>" * 250_000),
    "deep nesting": ("Cabin", "<a>" * 160_000 + "</a>" * 160_000),
    "numbers that are none": (
        "Brewery",
        NOTE.replace('"true"', '"1e400"') * 400 + NOTE.replace('"true"', '"²"') * 400,
    ),
    "a megabyte in a name": (
        "Lighthouse",
        f"<NotificationMessage><Topic>{'a:' * 500_000}</Topic></NotificationMessage>",
    ),
}


@pytest.mark.parametrize(("name", "says"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_camera_s_events_cost_its_events(program: Program, device: Served, name: str, says: str) -> None:
    added(program, f"http://127.0.0.1:{device.port}", name)
    until(lambda: device.device.subscriptions > 0, LONG_S)  # the worker reads every half minute which cameras there are
    with sound(program):
        device.pull_s = 0.0
        device.says = Reply(200, ENVELOPE.format(says).encode()[: 1024 * 1024])
        worker = part(program, "worker")
        both = {"Max cpu time", "Max address space"}  # a process that has just started sets them itself
        until(lambda: [limited(pid) for pid in started_by(worker, "showcam.drivers.lan.events")] == [both])
        pulls = len(device.paths)
        goes_on_for(LASTS_S, program)
        assert len(device.paths) > pulls or name != "Paddock"


def slow(lines: list[str]) -> list[str]:
    """A description whose sound has ten samples a second: a packet then has the sound of minutes."""
    return resized([line.replace("PCMU/8000", "PCMU/10") for line in lines])


def long(frames: list[Frame]) -> list[Frame]:
    """Packets of G.711 (payload type 0) as long as they may be, and everything else as it is."""
    return [
        (channel, (frame[:12] + frame[12:] * 60)[:8000] if channel % 2 == 0 and frame[1] & 0x7F == 0 else frame)
        for channel, frame in frames
    ]


@pytest.mark.parametrize(
    ("name", "turns"),
    [
        ("Smithy", {"says": slow, "wire": long}),
        ("Shed", {"silent": True, "flood": (b"$\x00\x05\x78\x80\x60" + bytes(1398)) * 40}),
        ("Mill", {"silent": True, "flood": b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" * 100}),
        ("Orchard", {"drip_s": 0.5}),
        ("Quarry", {"first": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 1e400\r\n\r\n"}),
        ("Harbour", {"first": "RTSP/1.0 200 OK\r\nCSeq: ²\r\nContent-Length: ²\r\n\r\n".encode()}),
    ],
    ids=[
        "minutes of sound in a packet",
        "interleaved data",
        "endless questions",
        "an answer that drips",
        "a length of 1e400",
        "a length of ²",
    ],
)
def test_a_camera_s_video_costs_its_video(
    program: Program, camera: RtspCamera, name: str, turns: dict[str, object]
) -> None:
    added(program, f"rtsp://127.0.0.1:{camera.port}{PATH}", name)
    program.assistant("google", "say", text="sync my devices")
    with sound(program):
        for what, value in turns.items():
            setattr(camera.does, what, value)
        over, asked = threading.Event(), len(camera.does.methods)

        def ask() -> None:
            while not over.is_set():
                program.assistant("google", "watch", text=f"show the {name.lower()} camera")

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            goes_on_for(LASTS_S, program)
        finally:
            over.set()
            asking.join()
        assert len(camera.does.methods) > asked, "it was asked"
