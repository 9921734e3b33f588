"""The image: built by buildah from ship/Containerfile, started by podman, and as ship/compose.yaml says."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
import requests

from scripts.deploy_local.emulator import free_ports
from tests.doubles.lan_page import OWNER, PASSWORD, Pages, forwarded
from tests.doubles.older_data import VERSIONS, put_demo
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE, recorded
from tests.doubles.waiting import LONG_S, until
from tests.ship import table
from tests.ship.compose import compose
from tests.ship.containers import HARDENED, MEDIA, SHOWCAM, USER, Engine, data_folder, engine
from tests.ship.practice import garden_is_shown
from tests.ship.upgraded import demo_environ, goes_on

MOST_BYTES = 500_000_000
STOPPED_S = 60
pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.proves(
        "The image runs without capabilities from a read-only root and shows the Garden, by compose too",
        leans_on="second stack: buildah, podman and Docker's compose",
    ),
]


@pytest.fixture(scope="module")
def containers() -> Iterator[Engine]:
    with engine() as made:
        made.import_base()
        made.build(SHOWCAM, "showcam")
        yield made


def given(**environ: object) -> list[str]:
    return [word for name, value in environ.items() for word in ("--env", f"{name}={value}")]


def until_printed(containers: Engine, name: str, text: str) -> None:
    def printed() -> bool:
        log = containers.log(name)
        assert containers.inspected(name)["State"]["Running"], log
        return text in log

    until(printed, 3 * LONG_S)


def stopped(containers: Engine, name: str) -> int:
    """The exit code after `podman stop`: 137 if it had to be killed."""
    containers.podman("stop", "--time", str(STOPPED_S), name)
    return int(containers.inspected(name)["State"]["ExitCode"])


def test_it_is_small_and_holds_its_licences(containers: Engine) -> None:
    assert containers.inspected(SHOWCAM)["Size"] <= MOST_BYTES
    listed = containers.podman("run", "--rm", "--network", "none", "--entrypoint", "ls", SHOWCAM, "/opt/showcam")
    assert listed.split() == ["LICENSE", "NOTICE"]


def test_the_demo_shows_garden_and_ends_when_asked(containers: Engine, tmp_path: Path) -> None:
    port = free_ports(8)
    ports = given(SHOWCAM_PORT=port, SHOWCAM_MEDIA_PORT=port + 1, SHOWCAM_SIMULATOR_PORT=port + 2)
    data = data_folder(tmp_path / "data")
    words = ["--network", "host", *HARDENED, *ports, *given(SHOWCAM_BIND="127.0.0.1"), "--volume", f"{data}:/data"]
    began = time.monotonic()
    with containers.started(*words, SHOWCAM, "run", "--demo") as name:
        until_printed(containers, name, "Practice page:")
        containers.podman("healthcheck", "run", name)
        garden_is_shown(port + 2)
        shown = "started with a read-only root and no capabilities, the demo showed Garden"
        table.add("image", containers.inspected(SHOWCAM)["Size"], time.monotonic() - began, shown)
        assert stopped(containers, name) == 0, containers.log(name)
        containers.podman("healthcheck", "run", name, code=125)


def test_it_serves_without_a_word_outside_its_data(containers: Engine, tmp_path: Path) -> None:
    """The root is writable here, so that a write would be seen."""
    port = free_ports(2)
    data = data_folder(tmp_path / "data")
    words = ["--network", "host", *given(SHOWCAM_PORT=port, SHOWCAM_MEDIA_PORT=port + 1, SHOWCAM_BIND="127.0.0.1")]
    with containers.started(*words, "--volume", f"{data}:/data", SHOWCAM) as name:
        until_printed(containers, name, f"showcam serves at http://127.0.0.1:{port}")
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=LONG_S).ok
        assert written(containers, name) == []
        assert stopped(containers, name) == 0, containers.log(name)
        assert written(containers, name) == []
    assert {"keys", "showcam.sqlite3"} <= {file.name for file in data.iterdir()}


@pytest.mark.proves("The image goes on with data of 0.1 and 0.2: its household, links, tokens and decisions")
@pytest.mark.parametrize("version", VERSIONS)
def test_it_goes_on_with_the_data_of_an_older_version(containers: Engine, tmp_path: Path, version: str) -> None:
    data = tmp_path / "data"
    kept = put_demo(version, data)
    for path in (data, *data.rglob("*")):
        os.chown(path, USER, USER)
    words = ["--network", "none", *HARDENED, *given(**demo_environ(kept)), "--volume", f"{data}:/data"]
    with containers.started(*words, SHOWCAM, "run", "--demo") as name:
        until_printed(containers, name, "Practice page:")
        goes_on(lambda *words: containers.podman("exec", name, *words), "http://127.0.0.1:8080", kept)
        assert list(data.glob("showcam.sqlite3.schema-*")), "the copy of the earlier database"


def written(containers: Engine, name: str) -> list[str]:
    """What changed in the container, without the places where the engine mounts its own files and the data."""
    mounted = {"/data", "/dev", "/etc", "/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/resolv.conf", "/proc", "/run"}
    mounted |= {"/run/.containerenv", "/run/secrets", "/sys"}
    lines = containers.podman("diff", name).splitlines()
    return [line for line in lines if line.partition(" ")[2] not in mounted]


ANOTHERS = (
    "belongs to user 0, and showcam runs in this container as user 10001. Let user 10001 own what is mounted there, or "
    "start the container with --user 0."
)


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (0o755, f"The data folder /data {ANOTHERS}"),
        (0o700, f"/data/showcam.toml {ANOTHERS}"),
    ],
    ids=["readable", "closed"],
)
def test_a_data_folder_of_another_user_is_named_in_one_sentence(
    containers: Engine, tmp_path: Path, mode: int, said: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(mode)
    words = ["run", "--rm", "--network", "none", *HARDENED, "--volume", f"{data}:/data", SHOWCAM]
    done = subprocess.run(["podman", *words], env=containers.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"showcam: {said}\n")


def test_on_a_bridge_a_camera_of_the_house_is_added_by_the_pages_and_shown_by_hls(
    containers: Engine, tmp_path: Path
) -> None:
    port, rtsp = free_ports(2), free_ports()
    data = data_folder(tmp_path / "data")
    words = [*HARDENED, *given(SHOWCAM_PORT=port, SHOWCAM_MEDIA_PORT=port + 1), "--volume", f"{data}:/data"]
    words += [f"--publish=127.0.0.1:{each}:{each}" for each in (port, port + 1)]
    camera = RtspCamera(recording=recorded(sound="pcmu", gop_s=1))
    with containers.started(*words, SHOWCAM) as name:
        until_printed(containers, name, "showcam serves at")
        [gateway] = [network["Gateway"] for network in networks(containers, name)]
        with forwarded(rtsp, camera.port, gateway):
            pages = Pages(f"http://127.0.0.1:{port}")
            code = containers.podman("exec", name, "showcam", "home").partition("#")[2].split()[0]
            pages.get("/home")
            pages.post("/home", step="enter", entry=code)
            pages.post("/home", step="own", own_user=OWNER, own_password=PASSWORD)
            pages.get("/home/cameras/add")
            pages.post("/home/cameras/add", address=f"rtsp://{gateway}:{rtsp}{PATH}", user="admin", password=CODE)
            added = pages.post("/home/cameras/add", step="add", name="Shed")
            answer = pages.opened(added.url.partition("#")[2])
            assert answer["hls"].startswith(f"http://127.0.0.1:{port + 1}/s/"), answer
            with av.open(answer["hls"]) as played:
                frame = next(played.decode(video=0))
            assert (frame.width, frame.height) == (320, 180)
    camera.close()


def networks(containers: Engine, name: str) -> list[dict[str, str]]:
    return list(containers.inspected(name)["NetworkSettings"]["Networks"].values())


def test_the_media_process_alone_asks_for_its_key_and_serves(containers: Engine) -> None:
    containers.build(MEDIA, "media")
    hardened = ["--network", "host", *HARDENED, *given(SHOWCAM_WEB_INTERNAL_URL="https://cam.example")]
    words = ["run", "--rm", *hardened, MEDIA]
    done = subprocess.run(["podman", *words], env=containers.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, "grant_roots" in done.stderr) == (2, True), done.stderr
    port = free_ports()
    environ = given(
        SHOWCAM_BIND="127.0.0.1", SHOWCAM_MEDIA_PORT=port, SHOWCAM_GRANT_ROOTS=json.dumps({"root": "x" * 40})
    )
    with containers.started(*hardened, *environ, MEDIA) as name:
        until(lambda: answers(port))
        assert stopped(containers, name) == 128 + signal.SIGTERM, "ended by the signal, and not killed later"


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=LONG_S).ok
    except requests.ConnectionError:
        return False


def test_compose_starts_showcam_alone_and_with_each_profile_one_way_in(containers: Engine, tmp_path: Path) -> None:
    with compose(containers, tmp_path) as ask:
        assert {*ask.services()} == {"showcam"}
        for profile in ("caddy", "cloudflared", "tailscale"):
            services = ask.services(profile)
            assert {*services} == {"showcam", profile}
            for service in services.values():
                assert (service["network_mode"], service["cap_drop"]) == ("host", ["ALL"])
        assert services["showcam"]["read_only"] is True


def test_compose_keeps_the_data_when_all_is_taken_down(containers: Engine, tmp_path: Path) -> None:
    port = free_ports(2)
    given = {"SHOWCAM_PORT": str(port), "SHOWCAM_MEDIA_PORT": str(port + 1), "SHOWCAM_BIND": "127.0.0.1"}
    with compose(containers, tmp_path, **given) as ask:
        ask("up", "--detach", "--no-build")
        until(lambda: answers(port), 3 * LONG_S)
        ask("exec", "-T", "showcam", "showcam", "health")
        ask("exec", "-T", "showcam", "showcam", "owner", "add", "me@example.com")
        ask("down")
        assert not answers(port)
        ask("up", "--detach", "--no-build")
        until(lambda: answers(port), 3 * LONG_S)
        assert "me@example.com" in ask("exec", "-T", "showcam", "showcam", "household", "list")
