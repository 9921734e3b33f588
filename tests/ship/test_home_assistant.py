"""The app of Home Assistant: its image as the supervisor starts it, and its pages through a double of ingress."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.doubles.ingress import BASE, Ingress
from tests.doubles.older_data import VERSIONS, put_demo
from tests.doubles.waiting import LONG_S, until
from tests.ship import table
from tests.ship.containers import APP, USER, Engine, engine
from tests.ship.supervised import CONFIG, HOST, PORT, SUPERVISOR, WATCHDOG, network, started
from tests.ship.test_image import stopped, until_printed
from tests.ship.upgraded import demo_environ, goes_on
from tests.whole.test_own_proxy import Frame

OWN, OWN_PASSWORD = "kari", "four words of a house"
NOTHING = "0" * 16  # capabilities
pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.allow_hosts([HOST, "127.0.0.1", "::1"]),
    pytest.mark.proves(
        "The image of the Home Assistant app gives a folder of root's to showcam, drops every right, and has its pages",
        leans_on="second stack: buildah and podman; double: Home Assistant's supervisor and ingress",
        also=("tests/house/test_home_assistant_app.py", "tests/browser/test_own_proxy.py"),
    ),
]


@pytest.fixture(scope="module")
def containers() -> Iterator[Engine]:
    with engine() as made:
        made.import_base()
        made.build(APP, "home-assistant", VERSION=CONFIG["version"])
        yield made


@pytest.fixture(scope="module")
def hassio(containers: Engine) -> Iterator[str]:
    with network(containers) as name:
        yield name


def rights(containers: Engine, name: str) -> dict[str, set[str]]:
    """What the kernel says of all processes in the container: user and group, capabilities, and new privileges."""
    pids = containers.podman("top", name, "hpid").split()[1:]
    status = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    facts = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")
    return {fact: {" ".join(re.findall(rf"^{fact}:(.*)$", each, re.M)[0].split()) for each in status} for fact in facts}


def of_others(containers: Engine, name: str) -> list[str]:
    """The files of /data that do not belong to showcam."""
    return containers.podman("exec", name, "find", "/data", "!", "-user", str(USER)).split()


def test_its_labels_say_what_it_is_and_for_which_machines(containers: Engine) -> None:
    labels = containers.inspected(APP)["Config"]["Labels"]
    found = {name: text for name, text in labels.items() if name.startswith("io.hass.")}
    assert found == {
        "io.hass.type": "app",
        "io.hass.version": CONFIG["version"],
        "io.hass.arch": "|".join(CONFIG["arch"]),
    }


def test_a_new_folder_of_roots_becomes_showcams_and_the_sidebar_has_its_pages(
    containers: Engine, hassio: str, tmp_path: Path
) -> None:
    began = time.monotonic()
    with started(containers, hassio, tmp_path) as name:
        until_printed(containers, name, "Your cameras: ")
        until(lambda: requests.get(WATCHDOG, timeout=LONG_S).status_code == 200)
        containers.podman("healthcheck", "run", name)
        ids = " ".join([str(USER)] * 4)
        assert rights(containers, name) == {
            "Uid": {ids},
            "Gid": {ids},
            "Groups": {""},
            **{key: {NOTHING} for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
            "NoNewPrivs": {"1"},
        }
        assert of_others(containers, name) == []
        [code] = re.findall(r"Your cameras: \S+#(\S+)", containers.log(name))
        with Ingress(PORT, host=HOST, address=SUPERVISOR) as ingress:
            frame = Frame(ingress)
            assert frame.ask("GET", f"{BASE}/") == 200
            assert "frame-ancestors 'self'" in frame.answer.headers["Content-Security-Policy"]
            assert frame.press(f"{BASE}/home", step="enter", entry=code) == 200
            assert frame.press(f"{BASE}/home", step="own", own_user=OWN, own_password=OWN_PASSWORD) == 200
            assert frame.ask("GET", f"{BASE}/home/health") == 200
            assert ingress.strays == []
        assert stopped(containers, name) == 0, containers.log(name)
    shown = "started as the supervisor starts it, its pages through a double of ingress"
    table.add("Home Assistant app", containers.inspected(APP)["Size"], time.monotonic() - began, shown)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_restored_backup_of_an_older_version_is_roots_and_goes_on(
    containers: Engine, hassio: str, tmp_path: Path, version: str
) -> None:
    kept = put_demo(version, tmp_path)
    (tmp_path / "beside").symlink_to("/etc/passwd")
    assert {path.lstat().st_uid for path in (tmp_path, *tmp_path.rglob("*"))} == {0}
    environ = demo_environ(kept)  # without that of config.yaml: the demo refuses a proxy
    with started(containers, hassio, tmp_path, "run", "--demo", **environ) as name:
        until_printed(containers, name, "Practice page:")
        assert of_others(containers, name) == []
        assert containers.podman("exec", name, "stat", "--format=%u", "/etc/passwd") == "0\n"

        def run(*words: str) -> str:
            return containers.podman("exec", name, "/opt/showcam/as-showcam", *words)

        goes_on(run, f"http://127.0.0.1:{PORT}", kept)
