"""`showcam cameras add` and what is said of a camera of one's own: what is asked for, tried, kept and shown."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from click.testing import CliRunner, Result

from showcam.app.cli import main
from showcam.app.cli.named_camera import asking
from showcam.app.compose.command import Household
from showcam.app.compose.own_cameras import add, own_cameras
from showcam.app.settings import Settings
from showcam.drivers.lan.trial import Tried
from showcam.drivers.settings import BadValue
from showcam.registry.owner.owner import Owner
from showcam.simulator.lan.onvif import Picture
from showcam.store.records import Account, Source, SourceKind
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.onvif_device import Served, served
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE, recorded

pytestmark = pytest.mark.proves(
    "A camera in the house is added, listed with its reasons, moved and forgotten by command"
)

SUB = "/Streaming/Channels/102"


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    made = RtspCamera(recording=recorded(sound="pcmu", gop_s=1))
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SHOWCAM_DATA", "SHOWCAM_SIGN_UP"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data"


def run(folder: Path, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["--demo", "--data", str(folder), "cameras", *words], input=typed)


def added(folder: Path, camera: RtspCamera, *more: str, typed: str = f"admin\n{CODE}\n", path: str = PATH) -> Result:
    return run(folder, "add", f"rtsp://127.0.0.1:{camera.port}{path}", "--name", "Shed", *more, typed=typed)


def test_a_camera_is_added_by_its_address_and_listed(folder: Path, camera: RtspCamera) -> None:
    done = added(folder, camera)
    assert done.exit_code == 0, done.output
    assert "Shed is added." in done.output
    row = next(line for line in done.output.splitlines() if "whole" in line)
    assert row.split("  ")[-1].strip() == "G.711"
    assert "H.264" in row
    assert "320×180" in row
    assert "every 1.0 s" in row
    listed = run(folder, "list").output
    rows = [line.split() for line in listed.splitlines() if line.startswith("Shed")]
    assert rows == [["Shed", "yes", "yes"]], listed


def test_user_and_password_are_in_no_file_in_the_clear(folder: Path, camera: RtspCamera) -> None:
    camera.does.code = "a-password-like-no-other"
    assert added(folder, camera, typed="admin\na-password-like-no-other\n").exit_code == 0
    kept = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert b"a-password-like-no-other" not in kept
    assert b"Streaming/Channels" not in kept


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("rtsp://admin:secret@192.168.1.20/", "Leave user and password out of the address"),
        ("rtsp://203.0.113.9/", "no address of a home network"),
        ("rtsp://camera.local/", "in place of a name"),
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_asked_for(folder: Path, address: str, says: str) -> None:
    done = run(folder, "add", address)
    assert done.exit_code == 2
    assert says in done.output
    assert "User name" not in done.output


def test_a_wrong_password_is_asked_for_again_three_times_at_most(folder: Path, camera: RtspCamera) -> None:
    done = added(folder, camera, typed="admin\nwrong1\nadmin\nwrong2\nadmin\nwrong3\n")
    assert done.exit_code == 1
    assert "It refused three passwords" in done.output
    assert camera.does.wrong == 3
    assert run(folder, "list").output.find("Shed") == -1
    again = added(folder, camera)
    assert (again.exit_code, "It refused three passwords" in again.output, camera.does.wrong) == (1, True, 3)


def test_a_right_password_is_taken_after_a_wrong_one(folder: Path, camera: RtspCamera) -> None:
    assert added(folder, camera, typed=f"admin\nwrong\nadmin\n{CODE}\n").exit_code == 0


def test_a_web_page_is_distinguished_from_a_camera(folder: Path, camera: RtspCamera) -> None:
    camera.does.first = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    done = added(folder, camera)
    assert done.exit_code == 1
    assert "No RTSP picture there" in done.output


def test_a_closed_port_is_distinguished_from_silence(folder: Path, camera: RtspCamera) -> None:
    camera.stop()
    done = added(folder, camera)
    assert (done.exit_code, "Its video port is closed" in done.output) == (1, True)
    camera.start()


def test_its_sound_is_switched_off_here(folder: Path, camera: RtspCamera) -> None:
    added(folder, camera)
    assert "audio is off" in run(folder, "set", "Shed", "audio", "off").output
    assert "Audio is off for Shed" in run(folder, "list").output


@pytest.fixture
def device(camera: RtspCamera) -> Iterator[Served]:
    """Its sub stream is H.265 by its own word, and its keyframes are far apart."""
    pictures = [Picture("whole", PATH, "h264", 1920, 1080, gop=150), Picture("small", SUB, "h264", 640, 360)]
    with served(rtsp=f"127.0.0.1:{camera.port}", password=CODE, pictures=pictures) as made:
        yield made


@pytest.mark.parametrize(("answer", "gop"), [("y", 30), ("n", 150)])
def test_what_would_be_better_is_set_by_onvif_on_a_yes(folder: Path, device: Served, answer: str, gop: int) -> None:
    slow = RtspCamera(recording=recorded(sound="pcmu", gop_s=6))
    device.device.rtsp = f"127.0.0.1:{slow.port}"
    done = run(folder, "add", f"http://127.0.0.1:{device.port}", typed=f"admin\n{CODE}\n{answer}\nBarn\n")
    assert done.exit_code == 0, done.output
    assert "A keyframe every 2 s in the whole picture" in done.output
    assert device.device.pictures[0].gop == gop
    slow.close()


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        (("ezviz",), "Asking EZVIZ"),
        (("lan",), "Asking the cameras of the house"),
        (("ezviz", "lan"), "Asking EZVIZ and the cameras of the house"),
    ],
)
def test_a_command_says_whom_it_asks(tmp_path: Path, kinds: tuple[SourceKind, ...], says: str) -> None:
    store = SqliteStore(tmp_path / "s", Sealer([("k", bytes(32))]))
    store.add_account(Account("a1", 0.0, b"x" * 16))
    for kind in kinds:
        store.add_source(Source(kind, "a1", kind, kind, 0.0), b"{}", "ok")
    assert asking(Household("a1", cast("Owner", None), store, "")) == says
    store.close()


def here(folder: Path, *words: str, typed: str = "") -> Result:
    """Outside the demo, whose households are there from the beginning."""
    return CliRunner().invoke(main, ["--data", str(folder), *words], input=typed)


@pytest.mark.parametrize("typed", ["", "admin\n"])  # ended at the user name, and at the password
def test_adding_that_is_broken_off_leaves_no_household(folder: Path, typed: str) -> None:
    done = here(folder, "cameras", "add", "rtsp://192.168.1.20/live", typed=typed)
    assert (done.exit_code, "standard input ended without an answer" in done.output) == (1, True)
    assert json.loads(here(folder, "household", "list", "--json").output)["households"] == []
    assert "Nobody has cameras here yet" in here(folder, "cameras", "list").output


def test_the_first_camera_that_is_kept_makes_the_household(folder: Path, camera: RtspCamera) -> None:
    tried = shown(camera)
    with own_cameras(Settings(data=folder), None) as (own, store, account):
        assert (list(store.accounts()), account) == ([], "")
        made = add(own, store, account, tried, "Shed", doorbell=False)
        assert [household.id for household in store.accounts()] == [made]
        assert add(own, store, account, tried, "Shed", doorbell=False) == made
    with own_cameras(Settings(data=folder), None) as (own, _, account):
        assert (account, [device.name for device in own.known(account)]) == (made, ["Shed"])


def test_a_first_camera_that_can_not_be_kept_leaves_no_household(folder: Path, camera: RtspCamera) -> None:
    tried = shown(camera)
    with own_cameras(Settings(data=folder), None) as (own, store, account):
        with pytest.raises(BadValue):
            add(own, store, account, tried, " ", doorbell=False)
        assert list(store.accounts()) == []


def shown(camera: RtspCamera) -> Tried:
    """The camera as it is before it has a name; only the demo may try one on this machine."""
    with TemporaryDirectory() as folder, own_cameras(Settings(demo=True, data=Path(folder)), None) as (own, _, _):
        return own.tried(f"rtsp://127.0.0.1:{camera.port}{PATH}", "admin", CODE)


def test_where_anyone_may_sign_up_there_are_none(
    folder: Path, camera: RtspCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOWCAM_SIGN_UP", "anyone")
    done = added(folder, camera)
    assert done.exit_code == 2
    assert "not for an installation where anyone may sign up" in done.output
    assert camera.does.methods == []
