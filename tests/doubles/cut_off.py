"""A process, and all that it starts, on a machine without a way out: a network namespace that no route leads out of."""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SIOCSIFFLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
# a name is looked up by asking port 53 of the loopback, where nobody listens until a test does
_FILES = {"resolv.conf": "nameserver 127.0.0.1", "nsswitch.conf": "hosts: files dns"}


def cut_off() -> None:
    """From here on this process has no way out. It needs no privilege (user_namespaces(7))."""
    user, group = os.getuid(), os.getgid()
    os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET | os.CLONE_NEWNS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knob:
        fcntl.ioctl(knob, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _UP_AND_RUNNING))
    mount = ctypes.CDLL(None, use_errno=True).mount
    assert mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None) == 0
    for name, text in _FILES.items():
        with tempfile.NamedTemporaryFile("w", suffix=name, delete=False) as file:
            file.write(text)
        assert mount(file.name.encode(), f"/etc/{name}".encode(), None, _MS_BIND, None) == 0


def run_cut_off(program: str, *given: str, within_s: float = 60.0) -> str:
    """What a Python program prints that runs so, with `given` as its arguments."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"from tests.doubles.cut_off import cut_off\ncut_off()\n{program}", *given],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
