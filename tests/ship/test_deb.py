"""The packages for Debian 13: the one for amd64 in a booted machine, the one for arm64 unpacked and run by qemu."""

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts import deb
from tests.doubles.older_data import VERSIONS, put_demo
from tests.doubles.waiting import LONG_S, until
from tests.ship import built, table
from tests.ship.debian import FOLDER, archive
from tests.ship.machine import Machine, booted
from tests.ship.upgraded import demo_environ, goes_on

LATER = "99.0.0"
WEB = "http://127.0.0.1:8080"
DATA = "/var/lib/showcam"
DEMO_DATA = f"{DATA}/demo"
WITHOUT_SUDO = {"home": f"{DATA}/run/unclean", "health": f"{DATA}/run/lock"}  # the file that the command asks first
PURGE_DATA = "/etc/showcam/purge-data"
EXPOSURE = 3.5  # of systemd-analyze security: 0 is sealed, 10 is open
STARTED_S = 180.0
QEMU = Path("/usr/bin/qemu-aarch64-static")
OF_ARM64 = "base-files,libc6,libgcc-s1,libstdc++6,python3,zlib1g"
PYTHON = "/usr/lib/showcam/bin/python"
# a child of its own sees /proc; qemu runs Python, which is told the name by which it finds its environment
IN_ARM64 = 'mount -t proc proc "$1/proc"; shift; exec chroot "$@"'
LOAD = """
import ctypes, json, pathlib
refused = {}
libraries = sorted(pathlib.Path("/usr/lib/showcam").rglob("*.so*"))
for library in libraries:
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        refused[str(library)] = str(error)
print(json.dumps([len(libraries), refused]))
"""
pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.proves(
        "The Debian package for amd64 is installed, upgraded and purged in a Debian 13 that systemd booted",
        leans_on="second stack: systemd; system: loopback only, no house",
    ),
]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The project's last commit, and the same as a later version."""
    return [built.tree(tmp_path_factory.mktemp("tree"), version) for version in ("", LATER)]


@pytest.fixture(scope="module")
def packages(trees: list[Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """For amd64, of both versions."""
    out = tmp_path_factory.mktemp("amd64")
    return [deb.build(tree, built.wheel(tree), "amd64", out) for tree in trees]


class Owner:
    """Of a booted machine, into which they install one of both versions before they go on."""

    def __init__(self, machine: Machine, packages: list[Path]) -> None:
        self.machine = machine
        self.packages = dict(zip(("present", "later"), packages, strict=True))
        for package in packages:
            shutil.copy(package, machine.folder / "srv")

    def install(self, which: str) -> None:
        self.machine.run("apt-get", "install", "-y", "--allow-downgrades", f"/srv/{self.packages[which].name}")

    def has(self, which: str) -> Machine:
        version = self.packages[which].name.split("_")[1]
        state = self.machine.ended("dpkg-query", "-W", "-f", "${Status} ${Version}", "showcam")[1]
        if state != f"install ok installed {version}":
            self.install(which)
        self.machine.run("systemctl", "start", "showcam")
        self.serves()
        return self.machine

    def serves(self) -> None:
        until(lambda: self.machine.status(f"{WEB}/healthz") == 200, STARTED_S)


@pytest.fixture(scope="module")
def owner(packages: list[Path]) -> Iterator[Owner]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with booted(FOLDER / "deb-console.log") as machine:
        yield Owner(machine, packages)


def test_it_serves_as_soon_as_it_is_installed_and_again_after_a_restart(owner: Owner) -> None:
    began = time.monotonic()
    machine = owner.has("present")
    served_s = time.monotonic() - began
    assert machine.run("systemctl", "is-active", "showcam") == "active\n"
    assert machine.run("systemctl", "is-enabled", "showcam") == "enabled\n"
    assert machine.run("dpkg", "--verify", "showcam") == ""
    first = machine.unit("showcam", "MainPID")
    machine.run("systemctl", "restart", "showcam")
    owner.serves()
    assert machine.unit("showcam", "MainPID") != first
    assert "Traceback" not in machine.run("journalctl", "-u", "showcam", "--no-pager")
    package = owner.packages["present"]
    table.add(".deb, amd64", package.stat().st_size, served_s, "installed in a booted Debian 13, served, restarted")


def test_systemd_is_told_that_it_lives(owner: Owner) -> None:
    machine = owner.has("present")
    assert (machine.unit("showcam", "Type"), machine.unit("showcam", "WatchdogUSec")) == ("notify", "1min")
    told = machine.unit("showcam", "WatchdogTimestampMonotonic")
    until(lambda: machine.unit("showcam", "WatchdogTimestampMonotonic") != told, 2 * LONG_S)


def test_the_service_is_sealed_off(owner: Owner) -> None:
    printed = owner.has("present").run("systemd-analyze", "security", "--no-pager", "showcam.service")
    [exposure] = re.findall(r"Overall exposure level for showcam\.service: ([\d.]+)", printed)
    assert float(exposure) <= EXPOSURE, printed
    table.add(".deb, amd64", None, 0, f"systemd-analyze security: {exposure}")


def test_a_command_of_roots_acts_as_the_services_user(owner: Owner) -> None:
    machine = owner.has("present")
    facts = json.loads(machine.run("showcam", "where", "--json"))
    places = (facts["data"], facts["settings_file"], facts["address"])
    assert places == (DATA, "/etc/showcam/showcam.toml", WEB)
    machine.run("showcam", "owner", "add", "root@example.com")
    machine.run("showcam", "backup", f"{DATA}/showcam.backup", "--force")
    assert "/home#" in machine.run("showcam", "home")
    machine.run("systemctl", "stop", "showcam")
    assert machine.run("find", DATA, "!", "-user", "showcam") == ""
    assert machine.run("stat", "--format=%U %a", DATA) == "showcam 700\n"


@pytest.mark.parametrize("command", WITHOUT_SUDO)
def test_another_user_is_told_to_use_sudo(owner: Owner, command: str) -> None:
    code, printed = owner.has("present").ended("showcam", command, user="sam")
    belongs = f"{WITHOUT_SUDO[command]} belongs to another user, who runs showcam"
    assert (code, printed) == (2, f"showcam: {belongs}. Write sudo before the command.\n")


@contextmanager
def demo(owner: Owner, **environ: str) -> Iterator[None]:
    """The service runs the demo, and in the end what it ran before."""
    machine = owner.machine
    drop_in = machine.folder / "etc/systemd/system/showcam.service.d/demo.conf"
    drop_in.parent.mkdir()
    variables = "".join(f"Environment={name}={value}\n" for name, value in environ.items())
    drop_in.write_text(f"[Service]\n{variables}ExecStart=\nExecStart=/usr/bin/showcam run --demo\n")
    try:
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", "showcam")
        owner.serves()
        yield
    finally:
        shutil.rmtree(drop_in.parent)
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", "showcam")


def test_in_its_sandbox_the_demo_shows_cameras_as_they_are_and_transcoded(owner: Owner) -> None:
    machine = owner.has("present")
    with demo(owner):
        assistant = "http://127.0.0.1:8082/assistants/alexa"
        account = {"user": "demo@example.com", "password": "showcam-demo"}
        assert machine.post(f"{assistant}/link", account)["linked"]
        for name in ("garden", "pond"):
            answer = machine.post(f"{assistant}/watch", {"text": f"show the {name} camera", "via": "webrtc"})
            assert answer["outcome"]["shown"], answer["outcome"]
            assert answer["shown"]["frames"] > 10


def test_a_shell_completes_its_commands(owner: Owner) -> None:
    machine = owner.has("present")
    typed = "source /usr/share/bash-completion/completions/showcam; COMP_WORDS=(showcam hea); COMP_CWORD=1"
    printed = machine.run("bash", "-c", f'{typed}; _showcam_completion showcam; echo "${{COMPREPLY[@]}}"')
    assert printed == "health\n"


def test_a_newer_version_goes_on_with_the_data_and_leaves_a_disabled_service_disabled(owner: Owner) -> None:
    machine = owner.has("present")
    machine.run("showcam", "owner", "add", "upgraded@example.com")
    began = time.monotonic()
    owner.install("later")
    owner.serves()
    upgraded_s = time.monotonic() - began
    assert machine.run("showcam", "--version") == f"showcam {LATER}\n"
    assert "upgraded@example.com" in machine.run("showcam", "household", "list")
    machine.run("systemctl", "disable", "--now", "showcam")
    owner.install("present")
    assert machine.ended("systemctl", "is-enabled", "showcam") == (1, "disabled\n")
    machine.run("systemctl", "enable", "--now", "showcam")
    table.add(".deb, amd64", None, upgraded_s, "upgraded to a newer version with its data")


@pytest.mark.proves("The Debian package goes on with data of 0.1 and 0.2: its household, links, tokens and decisions")
@pytest.mark.parametrize("version", VERSIONS)
def test_it_goes_on_with_the_data_of_an_older_version(owner: Owner, version: str) -> None:
    """Root copies the folder and gives it to the service's user, as docs/owner/upgrading.md says."""
    machine = owner.has("present")
    folder = machine.folder / DEMO_DATA[1:]
    shutil.rmtree(folder, ignore_errors=True)
    kept = put_demo(version, folder)
    machine.run("chown", "-R", "showcam:", DATA)
    began = time.monotonic()
    environ = demo_environ(kept)
    variables = [f"{name}={value}" for name, value in environ.items()]
    with demo(owner, **environ):
        goes_on(lambda *words: machine.run("env", *variables, *words), WEB, kept, "--data", DEMO_DATA)
        assert list(folder.glob("showcam.sqlite3.schema-*")), "the copy of the earlier database"
    table.add(".deb, amd64", None, time.monotonic() - began, f"went on with data of {version}")


def test_a_purge_keeps_the_data_unless_its_file_is_there(owner: Owner) -> None:
    machine = owner.has("present")
    machine.run("showcam", "owner", "add", "kept@example.com")
    printed = machine.run("apt-get", "purge", "-y", "showcam")
    assert f"your data and keys are still in {DATA}" in printed
    assert not (machine.folder / "usr/lib/showcam").exists()
    assert not (machine.folder / "etc/showcam").exists()
    assert "kept@example.com" in owner.has("present").run("showcam", "household", "list")
    machine.run("touch", PURGE_DATA)
    printed = machine.run("apt-get", "purge", "-y", "showcam")
    assert "are still in" not in printed
    assert not (machine.folder / "var/lib/showcam").exists()
    assert not (machine.folder / "etc/showcam").exists()
    table.add(".deb, amd64", None, 0, "a purge kept the data, and removed them when it was asked to")


@pytest.fixture(scope="module")
def of_arm64(trees: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("arm64")
    return deb.build(trees[0], built.wheel(trees[0]), "arm64", out)


@pytest.fixture
def unpacked(of_arm64: Path) -> Iterator[Path]:
    """A system for arm64, unpacked and not installed, with the package in it."""
    base = archive("arm64", OF_ARM64, "--architectures=arm64", "--variant=extract", "--skip=check/qemu")
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        subprocess.run(["tar", "-xf", base, "-C", folder], check=True)
        subprocess.run(["dpkg-deb", "-x", of_arm64, folder], check=True)
        shutil.copy(QEMU, folder)
        yield Path(folder)


def emulated(folder: Path, *words: str) -> str:
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", IN_ARM64, "sh", str(folder)]
    command += [str(folder), f"/{QEMU.name}", "-0", PYTHON, PYTHON, "-P", *words]
    done = subprocess.run(command, capture_output=True, text=True, env={"HOME": "/root"}, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_on_arm64_every_library_of_c_loads_and_the_program_says_its_version(of_arm64: Path, unpacked: Path) -> None:
    began = time.monotonic()
    count, refused = json.loads(emulated(unpacked, "-c", LOAD))
    assert refused == {}
    assert count > 100
    version = of_arm64.name.split("_")[1]
    assert emulated(unpacked, "-P", "-m", "showcam", "--version") == f"showcam {version}\n"
    shown = f"by qemu, {count} libraries of C loaded, --version answered"
    table.add(".deb, arm64", of_arm64.stat().st_size, time.monotonic() - began, shown)
