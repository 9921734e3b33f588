"""A Debian 13 that systemd boots in namespaces, with loopback as its only network."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.doubles.waiting import LONG_S, until
from tests.ship.debian import unpacked

PACKAGES = "dbus,libstdc++6,python3,sudo,systemd,systemd-sysv,zlib1g"
BOOTED_S = 300.0
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
POST = """
import sys, urllib.request
asked = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"Content-Type": "application/json"})
print(urllib.request.urlopen(asked, timeout=60).read().decode())
"""
GET = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=60).status)"


class Machine:
    """`leader`: its first process, as this machine numbers it."""

    def __init__(self, folder: Path, leader: int) -> None:
        self.folder, self.leader = folder, leader

    def words(self, *command: str, user: str = "root") -> list[str]:
        """The command by which a program runs in the machine."""
        inside = ["env", "-i", f"PATH={PATH}", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
        if user != "root":
            inside += [f"HOME=/home/{user}", "setpriv", "--reuid", user, "--regid", user, "--init-groups"]
        enter = ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "--wdns=/", "--"]
        return [*enter, *inside, *command]

    def ended(self, *command: str, user: str = "root", within_s: float = BOOTED_S) -> tuple[int, str]:
        """The exit code of a program in the machine, and what it printed."""
        done = subprocess.run(
            self.words(*command, user=user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=within_s,
            check=False,
        )
        return done.returncode, done.stdout

    def run(self, *command: str, user: str = "root", within_s: float = BOOTED_S) -> str:
        code, printed = self.ended(*command, user=user, within_s=within_s)
        assert code == 0, printed
        return printed

    def status(self, address: str) -> int:
        """The status of the answer to a GET, 0 if there is none."""
        code, printed = self.ended("python3", "-c", GET, address)
        return 0 if code else int(printed)

    def post(self, address: str, body: dict[str, str]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.run("python3", "-c", POST, address, json.dumps(body)))
        return answer

    def unit(self, name: str, fact: str) -> str:
        return self.run("systemctl", "show", "--value", "--property", fact, name).strip()


@contextmanager
def booted(log: Path) -> Iterator[Machine]:
    """`log` takes what the machine's console shows. An ordinary user, sam, is in it."""
    with unpacked("booted", PACKAGES) as system:
        (system.folder / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")  # else systemd asks who it is
        command = ["systemd-nspawn", "-q", "-D", str(system.folder), "--register=no", "--keep-unit"]
        environ = os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        with log.open("wb") as console:
            process = subprocess.Popen(
                [*command, "--private-network", "--resolv-conf=off", "--timezone=off", "-b"],
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        try:
            until(lambda: _leader(process.pid) or process.poll() is not None, BOOTED_S)
            assert process.poll() is None, log.read_text(errors="replace")
            machine = Machine(system.folder, _leader(process.pid))
            until(lambda: machine.ended("systemctl", "is-active", "multi-user.target")[0] == 0, BOOTED_S)
            yield machine
        finally:
            _end(process)


def _leader(nspawn: int) -> int:
    """The first process of the machine, as this machine numbers it; 0 before there is one."""
    children = Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split()
    named = {int(child): Path(f"/proc/{child}/comm").read_text().strip() for child in children}
    return next((child for child, name in named.items() if name == "systemd"), 0)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()  # nspawn lets the machine halt
    try:
        process.wait(LONG_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
