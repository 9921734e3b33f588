"""docs/owner/install.md, typed as it is written: from nothing to a camera of the house, and to a backup.

showcam runs in a network of its own, in which a camera answers; `docker` is podman by docker's words.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts import deb
from scripts.deploy_local.emulator import free_ports
from tests.doubles.terminal import Terminal
from tests.doubles.waiting import LONG_S, until
from tests.ship import book, built, table
from tests.ship.compose import service
from tests.ship.containers import engine
from tests.ship.debian import FOLDER, REPOSITORY, ROOT, debian, stop, unpacked
from tests.ship.machine import booted

INSTALLED_S = 1800.0
PHRASE = "barn door and two geese"
ADDRESS = r"https?://\S+/home#[\w-]+"
ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.proves(
        "The owner's book, typed as it is written, leads from nothing to a camera of the house and to a backup",
        leans_on="second stack: podman, Docker's compose, pipx, apt and systemd; double: the camera",
    ),
]


@dataclass(frozen=True)
class Typed:
    """A line of the book at a terminal."""

    words: Sequence[str]
    environ: Mapping[str, str]
    folder: Path

    def ended(self, answers: Sequence[tuple[str, str]] = ()) -> str:
        """What it printed until it ended well. `answers`: what is typed after a text."""
        code, printed = self.outcome(answers)
        assert code == 0, printed
        return printed

    def outcome(self, answers: Sequence[tuple[str, str]] = ()) -> tuple[int, str]:
        with self._terminal() as terminal:
            for asked, answer in answers:
                terminal.until(asked, INSTALLED_S)
                terminal.type(f"{answer}\n")
            code = terminal.process.wait(INSTALLED_S)
            return code, "\n".join(terminal.end())

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address that it prints while it serves; it is killed in the end."""
        with self._terminal() as terminal:
            terminal.until(rf"\[Y/n\]|{ADDRESS}", INSTALLED_S)
            if "[Y/n]" in terminal.printed:  # whether the devices in the house may open the page
                terminal.type("\n")
            terminal.until(rf"{ADDRESS}\s", LONG_S)
            yield re.findall(ADDRESS, terminal.printed)[0]

    @contextmanager
    def _terminal(self) -> Iterator[Terminal]:
        with Terminal(self.words, self.environ, self.folder) as terminal:
            try:
                yield terminal
            finally:
                stop(terminal.process)


class Home:
    """A network of its own with a camera, and a person in it who opens a printed address."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.leads = ["nsenter", f"--net=/proc/{process.pid}/ns/net", "--"]

    def first_picture(self, address: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{address}\n")
        self._process.stdin.flush()
        return dict(json.loads(self.line()))

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def home(*leads: str) -> Iterator[Home]:
    """`leads`: the words that start a program in the network."""
    command = [*(leads or ("unshare", "--net")), sys.executable, "-m", "tests.ship.in_house"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        made = Home(process)
        assert made.line() == "at home\n"
        yield made
    finally:
        process.kill()
        process.communicate()


@dataclass(frozen=True)
class Reader:
    """Someone who has installed showcam as the book says, which serves now."""

    home: Home
    address: str  # of their cameras' page, with its code
    seconds: float  # from the first line to that address
    lines: Sequence[str]
    types: Callable[[str], Typed]


@contextmanager
def checkout(folder: Path) -> Iterator[Reader]:
    lines, began = book.typed("From a checkout"), time.monotonic()
    clone, start = lines[:2]
    [address] = re.findall(r"https://\S+", clone)
    port = free_ports(2)
    ports = {"SHOWCAM_PORT": str(port), "SHOWCAM_MEDIA_PORT": str(port + 1)}
    with debian() as system, home() as network:
        git = f"git config --global url./{REPOSITORY}.insteadOf {address} && git config --global safe.directory '*'"
        assert system.run("sam", git, folder / "git.log", within_s=LONG_S) == 0
        pasted = f"{clone}\n{start}"
        with Typed(system.words("sam", pasted, **ports), ENV, folder).serving():
            seconds = time.monotonic() - began

        def types(line: str) -> Typed:
            return Typed([*network.leads, *system.words("sam", line, "showcam")], ENV, folder)

        with types(start).serving() as printed:
            yield Reader(network, printed, seconds, (clone, start), types)


@contextmanager
def wheel(folder: Path) -> Iterator[Reader]:
    install, start = book.row("wheel")["install and start"]
    made = built.wheel(built.tree(folder))
    environ = {"PATH": "/home/sam/.local/bin:/usr/local/bin:/usr/bin:/bin", "NO_BROWSER": "1"}
    with unpacked("wheel", "python3,pipx") as system, home() as network:
        (system.folder / "home/sam" / made.name).write_bytes(made.read_bytes())
        began = time.monotonic()
        Typed(system.words("sam", install.replace("VERSION", version_of(made)), **environ), ENV, folder).ended()

        def types(line: str) -> Typed:
            return Typed([*network.leads, *system.words("sam", line, **environ)], ENV, folder)

        with types(start).serving() as printed:
            yield Reader(network, printed, time.monotonic() - began, (install, start), types)


@contextmanager
def package(folder: Path) -> Iterator[Reader]:
    [install, _of_arm64] = book.row("Debian package")["install and start"]
    tree = built.tree(folder)
    made = deb.build(tree, built.wheel(tree), "amd64", folder)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with booted(FOLDER / "book-console.log") as machine, home("nsenter", "-t", str(machine.leader), "-n") as network:
        (machine.folder / "etc/sudoers.d/sam").write_text("sam ALL=(ALL) NOPASSWD: ALL\n")
        (machine.folder / "home/sam" / made.name).write_bytes(made.read_bytes())

        def types(line: str) -> Typed:
            words = machine.words("bash", "-c", f"cd; {line}", user="sam")
            return Typed(words, ENV, folder)

        began = time.monotonic()
        types(install.replace("VERSION", version_of(made))).ended()
        address = printed_address(types("sudo showcam home"))
        yield Reader(network, address, time.monotonic() - began, (install, "sudo showcam home"), types)


@contextmanager
def image(folder: Path) -> Iterator[Reader]:
    build, start = book.typed("The container")
    tree = built.tree(folder)
    with engine() as containers, home() as network:
        containers.import_base()
        docker = containers.docker(folder / "bin")
        environ = containers.environ | {"PATH": f"{docker.parent}:{ENV['PATH']}"}

        def types(line: str) -> Typed:
            return Typed([*network.leads, "bash", "-c", line], environ, tree)

        began = time.monotonic()
        Typed(["bash", "-c", build], environ, tree).ended()
        types(start).ended()
        try:
            address = printed_address(types("docker exec showcam showcam home"))
            until(lambda: "showcam serves at" in containers.log("showcam"), 2 * LONG_S)
            yield Reader(network, address, time.monotonic() - began, (build, start), types)
        finally:
            Typed(["bash", "-c", "docker rm -f showcam"], environ, tree).ended()


@contextmanager
def composed(folder: Path) -> Iterator[Reader]:
    up, show = book.row("compose")["install and start"]
    tree = built.tree(folder)
    with engine() as containers, home() as network, service(containers, folder, *network.leads) as given:
        containers.import_base()
        docker = containers.docker(folder / "bin")
        environ = given | {"PATH": f"{docker.parent}:{ENV['PATH']}"}

        def types(line: str) -> Typed:
            return Typed(["bash", "-c", line], environ, tree)

        began = time.monotonic()
        try:
            types(up).ended()
            address = printed_address(types(show))
            until(lambda: "showcam serves at" in containers.log("showcam-showcam-1"), 2 * LONG_S)
            yield Reader(network, address, time.monotonic() - began, (up, show), types)
        finally:
            types("docker compose -f ship/compose.yaml down --volumes").ended()


def printed_address(home: Typed) -> str:
    """What `showcam home` prints, typed again until showcam has started."""
    ends = time.monotonic() + 2 * LONG_S
    while (outcome := home.outcome())[0] and time.monotonic() < ends:
        time.sleep(0.5)
    [address] = re.findall(ADDRESS, outcome[1])
    return str(address)


def version_of(file: Path) -> str:
    return re.split(r"[-_]", file.name)[1]


ARTEFACTS: Mapping[str, Callable[[Path], AbstractContextManager[Reader]]] = {
    "container image": image,
    "compose": composed,
    "Debian package": package,
    "wheel": wheel,
    "checkout": checkout,
}


@pytest.mark.parametrize("artefact", ARTEFACTS)
def test_the_book_leads_from_nothing_to_a_camera_and_to_a_backup(artefact: str, tmp_path: Path) -> None:
    with ARTEFACTS[artefact](tmp_path) as reader:
        picture = reader.home.first_picture(reader.address)
        assert picture["width"] == 320
        [backup] = book.row(artefact)["back up"]
        asked = [("Passphrase: ", PHRASE), ("Repeat for confirmation: ", PHRASE)]
        assert "holds 1 household" in reader.types(backup).ended(asked)
        table.add(f"the book, {artefact}", None, reader.seconds + picture["seconds"], "; ".join(reader.lines))


def test_each_row_of_the_table_of_installations_is_typed_or_says_unverified() -> None:
    assert [each for each in book.artefacts() if not each.endswith(" *(unverified)*")] == [*ARTEFACTS]
