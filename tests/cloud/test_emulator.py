"""The AWS on this machine: whom it listens to, and that it ends."""

import ipaddress
from pathlib import Path

import pytest

from deploy_local import emulator
from deploy_local.emulator import Emulator, NoEmulator


def listening(pid: int) -> set[str]:
    """Addresses at which a process has a socket open to others, TCP or UDP."""
    inodes = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        kind, _, inode = str(each.readlink()).partition(":")
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


def test_it_listens_on_loopback_alone(aws: Emulator) -> None:
    assert listening(aws.pid) == {"127.0.0.1"}


def test_it_ends_with_what_it_holds(tmp_path: Path) -> None:
    one = Emulator(tmp_path)
    one.client("s3").create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": one.region})
    one.stop()
    assert not Path(f"/proc/{one.pid}").exists()
    again = Emulator(tmp_path)
    assert again.client("s3").list_buckets()["Buckets"] == []
    again.stop()


def test_one_that_is_not_installed_says_how_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "ENVIRONMENT", tmp_path)
    with pytest.raises(NoEmulator, match=r"make \.venv-cloud/made"):
        Emulator(tmp_path)
