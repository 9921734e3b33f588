"""A Debian 13 with git, make and python3 and nothing else, in a folder, with root and an ordinary user, sam.

Programs in it have mounts and processes of their own and share the machine's network.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.doubles.forked_process import ForkedProcess

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build/ship"
REPOSITORY = "srv/showcam.git"
AUTHORITIES = "etc/authorities-of-the-machine.pem"
NEW_S = 7 * 86400.0  # Debian's security updates come about as often
# pivot_root and not chroot: in a chroot the kernel makes no user namespace, which sam's tests of networks need
ENTER = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
mount -t sysfs sys "$1/sys"
mount -t tmpfs tmpfs "$1/run"
cd "$1"
pivot_root . mnt
umount -l /mnt
shift
exec "$@"
"""


class Debian:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def words(self, user: str, line: str, within: str = "", **environ: str) -> list[str]:
        """The command by which a line is typed into a shell of the user's, in a folder of their home."""
        home = "/root" if user == "root" else f"/home/{user}"
        given = {
            "HOME": home,
            "USER": user,
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            if user == "root"
            else "/usr/local/bin:/usr/bin:/bin",
            **environ,
        }
        if (self.folder / AUTHORITIES).exists():
            given |= dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS"), f"/{AUTHORITIES}")
        typed = f"cd {home}/{within} && {line}"
        inside = ["env", "-i", *(f"{name}={value}" for name, value in given.items())]
        inside += ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "bash", "-c", typed]
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh", str(self.folder)]
        return [*command, *inside]

    def start(self, user: str, line: str, log: Path, within: str = "", **environ: str) -> subprocess.Popen[bytes]:
        """What the line prints goes into `log`."""
        command = self.words(user, line, within, **environ)
        with log.open("wb") as printed:
            return subprocess.Popen(command, stdout=printed, stderr=printed, stdin=subprocess.DEVNULL)

    def run(self, user: str, line: str, log: Path, within: str = "", *, within_s: float, **environ: str) -> int:
        """The exit code. Raises TimeoutExpired."""
        process = self.start(user, line, log, within, **environ)
        try:
            return process.wait(within_s)
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes] | ForkedProcess) -> None:
    """Ends it and all that it started, which are one process namespace."""
    if process.poll() is None:
        # the first process of the namespace: unshare's --kill-child is lost where it becomes another user, see prctl(2)
        for first in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(first), signal.SIGKILL)
        process.kill()
    process.wait()


@contextmanager
def debian() -> Iterator[Debian]:
    """A new system that holds the project's last commit as a repository."""
    with unpacked("base", "git,make,python3") as system:
        subprocess.run(["git", "clone", "-q", "--bare", ROOT, system.folder / REPOSITORY], check=True)
        yield system


@contextmanager
def unpacked(name: str, packages: str) -> Iterator[Debian]:
    """A new system with these packages of Debian's; `name` is that of the file that is kept for the next one."""
    base = archive(name, packages)
    with tempfile.TemporaryDirectory(dir=FOLDER, ignore_cleanup_errors=True) as made:
        folder = Path(made) / "system"
        folder.mkdir()
        subprocess.run(["tar", "-xf", base, "-C", folder], check=True)
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", folder / "etc")
        if authorities := os.environ.get("SSL_CERT_FILE"):  # of a machine whose registries are reached by a mirror
            shutil.copy(authorities, folder / AUTHORITIES)
        subprocess.run(["chroot", folder, "useradd", "--create-home", "--shell", "/bin/bash", "sam"], check=True)
        yield Debian(folder)


def archive(name: str, packages: str, *kind: str) -> Path:
    """The system as a file of tar's; `kind` are options of mmdebstrap's."""
    base = FOLDER / f"{name}.tar"
    base.parent.mkdir(parents=True, exist_ok=True)
    if not base.exists() or time.time() - base.stat().st_mtime > NEW_S:
        made = base.with_suffix(".new.tar")
        command = [
            "mmdebstrap",
            "--quiet",
            *(kind or ["--variant=minbase"]),
            f"--include={packages}",
            "trixie",
            str(made),
        ]
        subprocess.run(command, check=True)
        made.rename(base)
    return base
