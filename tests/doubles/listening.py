"""The descendants of a process, and the addresses where one listens, from the tables of /proc."""

import ipaddress
import subprocess
from pathlib import Path


def below(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(line.split()[0]): int(line.split()[1]) for line in listed.splitlines()}
    found: list[int] = []
    wave = [pid]
    while wave:
        wave = [child for child, parent in parents.items() if parent in wave]
        found += wave
    return found


def listening(pid: int) -> set[str]:
    """Addresses at which a process has a socket open to others, TCP or UDP."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
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
