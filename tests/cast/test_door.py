"""The worker's door for Cast devices: who may ask, and what comes back."""

import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from showcam.cast.device import Device, Showing
from showcam.cast.door import MOST_AT_WORK, NAME, PATH, CastClient, CastDoor, address
from showcam.cast.errors import CastFailed
from showcam.drivers.camera import Failed, Refusal
from showcam.engine.grants import Grants
from showcam.registry.scenes import Begun
from tests.doubles.waiting import LONG_S, until

GRANTS = Grants([b"grant key of the tests, 32 bytes"])
STRANGER = Grants([b"another key altogether, 32 bytes"])
TV = Device("1", "Living room TV", "192.168.1.20")
SHOWING = Showing(TV, "home", "ezviz-garden", "Garden", 1.0)


class ReadyScreens:
    """What `Screens` would answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.shows: Showing | Refusal | Exception = SHOWING
        self.may_end = threading.Event()  # until then `show` goes on
        self.may_end.set()
        self.dozes = ""  # the name of a camera that has to wake

    def devices(self) -> list[Device]:
        return [TV]

    def now(self, account: str) -> list[Showing]:
        self.asked.append(("now", account))
        return [SHOWING]

    def show(
        self,
        account: str,
        camera: str,
        on: str,
        seconds: float = 0.0,
        waking: Callable[[str], object] = lambda name: None,
    ) -> Showing | Refusal:
        self.asked.append(("show", account, camera, on, seconds))
        if self.dozes:
            waking(self.dozes)
        self.may_end.wait(LONG_S)
        if isinstance(self.shows, Exception):
            raise self.shows
        return self.shows

    def stop(self, account: str, on: str = "", camera: str = "") -> list[Showing]:
        self.asked.append(("stop", account, on, camera))
        return []


@pytest.fixture
def screens() -> ReadyScreens:
    return ReadyScreens()


@pytest.fixture
def folder(tmp_path: Path, screens: ReadyScreens) -> Iterator[Path]:
    long = tmp_path / ("a-folder-with-a-long-name-" * 6)  # longer than a socket's address may be
    long.mkdir()
    with CastDoor(long, screens, GRANTS.proof()) as door:
        serving = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        yield long
        door.shutdown()
        serving.join()


def test_a_question_reaches_the_screens_and_its_answer_comes_back(folder: Path, screens: ReadyScreens) -> None:
    client = CastClient(folder, GRANTS.proof())
    assert client.devices() == [TV]
    assert client.now("home") == [SHOWING]
    assert client.show("home", "ezviz-garden", TV.name, 60.0) == SHOWING
    assert client.stop("home", TV.name) == []
    assert screens.asked == [
        ("now", "home"),
        ("show", "home", "ezviz-garden", TV.name, 60.0),
        ("stop", "home", TV.name, ""),
    ]


def test_a_refusal_and_a_failure_come_back_as_they_were(folder: Path, screens: ReadyScreens) -> None:
    client = CastClient(folder, GRANTS.proof())
    screens.shows = Refusal((Failed("encryption_on"),), "Garage", "EZVIZ")
    assert client.show("home", "ezviz-garage", TV.name) == screens.shows
    screens.shows = CastFailed("several", "TV")
    with pytest.raises(CastFailed) as raised:
        client.show("home", "ezviz-garden", "TV")
    assert (raised.value.why, raised.value.device) == ("several", "TV")


def test_a_camera_that_has_to_wake_is_reported_before_its_picture_comes(folder: Path, screens: ReadyScreens) -> None:
    client = CastClient(folder, GRANTS.proof())
    screens.dozes = "Garden"
    screens.may_end.clear()
    names: list[str] = []

    def woken(name: str) -> None:
        names.append(name)
        screens.may_end.set()  # the picture comes no earlier than this was reported

    assert client.show("home", "ezviz-garden", TV.name, waking=woken) == SHOWING
    assert names == ["Garden"]


def test_who_can_not_wait_is_answered_at_once_when_a_camera_has_to_wake(folder: Path, screens: ReadyScreens) -> None:
    client = CastClient(folder, GRANTS.proof())
    screens.dozes = "Garden"
    screens.may_end.clear()
    began = time.monotonic()
    assert client.begin("home", "ezviz-garden", TV.name, 15.0) == Begun(waking=True)
    assert time.monotonic() - began < 10
    screens.may_end.set()


def test_what_takes_longer_than_an_assistant_waits_goes_on_after_the_answer(
    folder: Path, screens: ReadyScreens
) -> None:
    client = CastClient(folder, GRANTS.proof())
    screens.may_end.clear()
    assert client.begin("home", "ezviz-garden", TV.name, 0.05) == Begun()
    until(lambda: screens.asked == [("show", "home", "ezviz-garden", TV.name, 0.0)])
    screens.may_end.set()
    client.begin_stop("home", "ezviz-garden", TV.name, 20)
    assert screens.asked[1:] == [("stop", "home", TV.name, "ezviz-garden")]


def test_what_fails_in_time_is_answered(folder: Path, screens: ReadyScreens) -> None:
    client = CastClient(folder, GRANTS.proof())
    screens.shows = Refusal((Failed("encryption_on"),), "Garage", "EZVIZ")
    assert client.begin("home", "ezviz-garage", TV.name, 20) == screens.shows
    screens.shows = CastFailed("unreachable", TV.name)
    with pytest.raises(CastFailed, match="unreachable"):
        client.begin("home", "ezviz-garden", TV.name, 20)
    screens.shows = RuntimeError("a fault of ours")
    with pytest.raises(CastFailed, match="no_pictures"):
        client.begin("home", "ezviz-garden", TV.name, 20)


def test_only_so_much_goes_on_at_once(folder: Path, screens: ReadyScreens) -> None:
    client = CastClient(folder, GRANTS.proof())
    screens.may_end.clear()
    for _ in range(MOST_AT_WORK):
        client.begin("home", "ezviz-garden", TV.name, 0.01)
    with pytest.raises(CastFailed, match="full"):
        client.begin("home", "ezviz-garden", TV.name, 0.01)
    screens.may_end.set()


def test_the_socket_is_its_owners_alone(folder: Path) -> None:
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600


def _said(folder: Path, *lines: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection, address(folder) as path:
        connection.settimeout(LONG_S)
        connection.connect(path)
        connection.sendall(b"".join(lines))
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while data := connection.recv(4096):
            found += data
        return found


LINE = b'{"what":"devices"}'


@pytest.mark.parametrize(
    "lines",
    [
        (b"",),
        (b"\n", LINE),
        (STRANGER.proof().make(PATH, LINE, time.time()).encode(), b"\n", LINE),
        (GRANTS.proof().make("/internal/warm", LINE, time.time()).encode(), b"\n", LINE),
        (GRANTS.proof().make(PATH, LINE, time.time() - 3600).encode(), b"\n", LINE),
        (GRANTS.proof().make(PATH, b'{"what":"now"}', time.time()).encode(), b"\n", LINE),
        (GRANTS.proof().make(PATH, b"[]", time.time()).encode(), b"\n", b"[]"),
        (b"\xff\xff\n", LINE),
        (b"x" * 100_000, LINE),
    ],
    ids=[
        "nothing",
        "no proof",
        "a stranger's",
        "another door's",
        "old",
        "another text's",
        "no question",
        "bytes",
        "long",
    ],
)
def test_who_is_not_one_of_ours_or_asks_nothing_known_gets_no_answer(folder: Path, lines: tuple[bytes, ...]) -> None:
    assert _said(folder, *lines) == b""


def test_a_fault_ends_its_question_and_no_other(folder: Path, screens: ReadyScreens) -> None:
    client = CastClient(folder, GRANTS.proof())
    screens.shows = RuntimeError("a fault")
    with pytest.raises(CastFailed, match="not_running"):
        client.show("home", "ezviz-garden", TV.name)
    assert client.devices() == [TV]


def test_without_a_worker_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(CastFailed, match="not_running"):
        CastClient(tmp_path, GRANTS.proof()).devices()
