"""The processes that a process has started, and the addresses where one listens, from the tables of /proc."""

import contextlib
import ipaddress
from pathlib import Path


def below(pid: int) -> list[int]:
    """The process ids of all descendants. A bare Debian has no ps."""
    parents = dict[int, int]()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            number, _, rest = stat.read_text().partition(" (")
            parents[int(number)] = int(rest.rpartition(") ")[2].split()[1])
    found: list[int] = []
    wave = [pid]
    while wave:
        wave = [child for child, parent in parents.items() if parent in wave]
        found += wave
    return found


def started_by(pid: int, module: str) -> list[int]:
    """The processes of this module that the process has started, from its own tables: they may be read often."""
    found = []
    for table in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # the thread ended meanwhile
            found += [child for child in map(int, table.read_text().split()) if module in words_of(child)]
    return found


def words_of(pid: int) -> list[str]:
    """The command of a process, in words; none if it has ended."""
    with contextlib.suppress(OSError):
        if written := Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0"):  # a forked one fills its place with them
            return written.split("\0")
    return []


def runs(pid: int) -> bool:
    """Whether the process has not ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def listening(pid: int) -> set[str]:
    """Addresses at which a process has a socket open to others, TCP or UDP; it may be at work meanwhile, or end."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return _listening(pid)
    return set()


def _listening(pid: int) -> set[str]:
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since the folder was listed
            kind, _, inode = str(descriptor.readlink()).partition(":")
            if kind == "socket":
                inodes.add(inode.strip("[]"))
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            unconnected = int(fields[2].rpartition(":")[2], 16) == 0
            if fields[9] in inodes and unconnected:
                words = bytes.fromhex(fields[1].partition(":")[0])
                turned = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
                found.add(str(ipaddress.ip_address(turned)))
    return found
