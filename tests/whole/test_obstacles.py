"""What stands in the way of a start, as a table: the state, the command, and the one sentence that says what next.

The data are on a disk of their own, in a mount namespace (mount_namespaces(7)) that ends with the command.
"""

import os
import shutil
import socket
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.doubles.command_process import commanded
from tests.doubles.needs import OTHERS
from tests.doubles.program import AS_INSTALLED, ROOT, SHOWCAM, running
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "A file or a folder that can't be used, a full disk and a taken port are named in one sentence that says what "
    "next; nothing half written is left",
    leans_on="system: Linux's tmpfs, users and read-only mounts",
)

NAMESPACE = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--user", "--map-root-user", "--mount")
# $1: the disk's options, $2: data to begin with, $3: how it is mounted again, $4: where the list of files is put.
# Without --options-mode mount repeats the disk's uid as the machine has it, which an ordinary user's namespace refuses.
ON_DISK = """
mount -t tmpfs -o "$1" tmpfs "$SHOWCAM_DATA" || exit 99
cp -a "$2/." "$SHOWCAM_DATA" && mount --options-mode=ignore -t tmpfs -o "remount,$3" tmpfs "$SHOWCAM_DATA" || exit 99
list=$4; shift 4
"$@"; code=$?
(cd "$SHOWCAM_DATA" && find . -type f -printf '%s %P\\n') > "$list"
cp -a "$SHOWCAM_DATA" "$list.data" || exit 98
exit $code
"""
KEYS = {"keys/cookie", "keys/forwarder", "keys/grant", "keys/seal"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of an installation with one owner."""
    data = tmp_path_factory.mktemp("kept") / "data"
    assert showcam(data, "owner", "add", "me@example.com").returncode == 0
    return data


def environ(data: Path, **more: str) -> dict[str, str]:
    ways = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "NO_BROWSER": "1", **AS_INSTALLED}
    return ways | {"SHOWCAM_STUN": "", "SHOWCAM_BIND": "127.0.0.1", "SHOWCAM_DATA": str(data), **more}


def showcam(data: Path, *words: str, before: tuple[str, ...] = (), **more: str) -> subprocess.CompletedProcess[str]:
    command = [*before, str(SHOWCAM), *words]
    if not before:
        return commanded(command, environ(data, **more), ROOT, "", LONG_S)
    return subprocess.run(
        command, env=environ(data, **more), cwd=ROOT, capture_output=True, text=True, timeout=LONG_S, check=False
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


FREE = "can't be written: the disk is full. Free some space on it, then try again."
GROW = "database showcam.sqlite3 can't grow: the disk is full. Free some space on it, then try again"


@pytest.mark.parametrize(
    ("size", "holds", "words", "says"),
    [
        # a file takes whole pages of 4 KiB, and a folder none: the four keys fill 16 KiB
        ("4k", "nothing", ("owner", "add", "you@example.com"), f"The key file {{disk}}/keys {FREE}"),
        ("4k", "nothing", ("run",), f"The key file {{disk}}/keys {FREE}"),
        ("16k", "keys", ("owner", "add", "you@example.com"), GROW),
        ("16k", "keys", ("run",), f"The data folder {{disk}} {FREE}"),
        ("64k", "keys", ("run",), GROW),
        ("64k", "nothing", ("owner", "add", "you@example.com"), GROW),
    ],
)
def test_a_full_disk_is_named_and_leaves_nothing_half_written(
    size: str, holds: str, words: tuple[str, ...], says: str, kept: Path, tmp_path: Path
) -> None:
    if holds == "keys":
        shutil.copytree(kept / "keys", tmp_path / "begin" / "keys")
    done, left = on_disk(tmp_path, f"size={size}", "rw", *words, holds=tmp_path / "begin")
    assert (done.returncode, done.stderr) == (2, f"showcam: {says.format(disk=tmp_path / 'disk')}\n")
    assert {name for name in left if name.startswith("keys/")} <= KEYS
    assert all(size == 54 for name, size in left.items() if name in KEYS)


def test_a_disk_that_is_full_when_showcam_starts_again_loses_nothing(kept: Path, tmp_path: Path) -> None:
    done, left = on_disk(tmp_path, "size=256k", "rw", "run", holds=kept)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"showcam: {GROW}")
    assert left.keys() >= {*KEYS, "showcam.sqlite3"}
    assert "me@example.com" in (tmp_path / "list.owners").read_text()


READ_ONLY = "The data folder {disk} can't be written: it is mounted read-only. "


@pytest.mark.parametrize("words", [("run",), ("home",), ("owner", "add", "you@example.com")], ids=" ".join)
@pytest.mark.parametrize(
    ("container", "step"),
    [("", "Name another with --data."), ("podman", "Mount a volume there that can be written.")],
)
def test_a_disk_that_is_only_read_is_named(
    words: tuple[str, ...], container: str, step: str, kept: Path, tmp_path: Path
) -> None:
    done, _ = on_disk(tmp_path, "size=8m", "ro", *words, holds=kept, container=container)
    assert (done.returncode, done.stderr) == (2, f"showcam: {READ_ONLY.format(disk=tmp_path / 'disk')}{step}\n")


def on_disk(
    folder: Path, options: str, again: str, *words: str, holds: Path, container: str = ""
) -> tuple[subprocess.CompletedProcess[str], dict[str, int]]:
    """Runs the command with its data on a disk with these mount options, then lists the owners from a copy of the data.

    Returns the command's end, and the sizes of the files that it left.
    """
    for place in (folder / "disk", holds):
        place.mkdir(exist_ok=True)
    script = [*NAMESPACE, "sh", "-c", ON_DISK, "sh", options, str(holds), again]
    before = (*script, str(folder / "list"))
    done = showcam(folder / "disk", *words, before=before, container=container)
    assert done.returncode not in (98, 99), done.stderr
    listed = showcam(folder / "list.data", "household", "list")
    assert listed.returncode == 0, listed.stderr
    (folder / "list.owners").write_text(listed.stdout)
    rows = [line.split(" ", 1) for line in (folder / "list").read_text().splitlines()]
    return done, {name: int(size) for size, name in rows}


# a process of root's to which the modes of files apply (capabilities(7)), so that 65534's files are another user's
AS_ANOTHER = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
ANOTHER = 65534
SUDO = "belongs to another user, who runs showcam. Write sudo before the command."
CONTAINED = (
    f"belongs to user {ANOTHER}, and showcam runs in this container as user 0. Let user 0 own what is mounted there, "
    f"or start the container with --user {ANOTHER}."
)


@pytest.fixture
def anothers(kept: Path, tmp_path: Path) -> Path:
    """The data as another user's, with a settings file beside them."""
    data = tmp_path / "data"
    shutil.copytree(kept, data)
    (tmp_path / "mine.toml").write_text("port = 8080\n")
    for file in (tmp_path / "mine.toml", data, *data.rglob("*")):
        file.chmod(0o700 if file.is_dir() else 0o600)
        os.chown(file, ANOTHER, ANOTHER)
    return data


@OTHERS.mark
@pytest.mark.parametrize(
    ("words", "file"),
    [
        (("run",), "{data}/run/unclean"),
        (("home",), "{data}/run/unclean"),
        (("household", "list"), "{data}/run/unclean"),
        (("health",), "{data}/run/lock"),
        (("where",), "{data}/run/lock"),
        (("--config", "{data}/../mine.toml", "run"), "The settings file {data}/../mine.toml"),
        (("--config", "{data}/../mine.toml", "health"), "The settings file {data}/../mine.toml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize(("container", "says"), [("", SUDO), ("podman", CONTAINED)], ids=["machine", "container"])
def test_what_belongs_to_another_user_is_named(
    words: tuple[str, ...], file: str, container: str, says: str, anothers: Path
) -> None:
    before = files(anothers)
    given = [word.format(data=anothers) for word in words]
    done = showcam(anothers, *given, before=AS_ANOTHER, container=container)
    assert (done.returncode, done.stderr) == (2, f"showcam: {file.format(data=anothers)} {says}\n")
    assert files(anothers) == before


@OTHERS.mark
@pytest.mark.parametrize("container", ["", "podman"])
def test_what_its_own_user_may_not_use_is_named(container: str, kept: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(kept, data)
    data.chmod(0o500)
    done = showcam(data, "run", before=AS_ANOTHER, container=container)
    data.chmod(0o700)
    says = f"The data folder {data} is yours, and its mode forbids you to use it. Allow it: chmod u+rwX {data}"
    assert (done.returncode, done.stderr) == (2, f"showcam: {says}\n")


@pytest.mark.parametrize("words", [("run",), ("home",), ("health",), ("household", "list")], ids=" ".join)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "The settings file {file} can't be read: Is a directory. Name another with --config."),
        (
            b"port = ",
            "{file} is not TOML: Invalid value (at end of document). Correct it, or name another with --config.",
        ),
    ],
    ids=["folder", "broken"],
)
def test_a_settings_file_that_can_t_be_used_is_named(
    text: bytes | None, says: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "my.toml"
    if text is None:
        file.mkdir()
    else:
        file.write_bytes(text)
    done = showcam(tmp_path / "data", *words, SHOWCAM_CONFIG=str(file))
    assert (done.returncode, done.stderr) == (2, f"showcam: {says.format(file=file)}\n")
    assert not (tmp_path / "data").exists()


NEWER = (
    "database showcam.sqlite3 was written by a newer showcam (schema 999, this one knows {known}): install that "
    "version, or restore a backup made before it"
)


@pytest.mark.parametrize("words", [("run",), ("serve",), ("household", "list")], ids=" ".join)
def test_data_of_a_newer_showcam_are_left_as_they_are(words: tuple[str, ...], kept: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(kept, data)
    with closing(sqlite3.connect(data / "showcam.sqlite3")) as database:
        (known,) = database.execute("PRAGMA user_version").fetchone()
        database.execute("PRAGMA user_version = 999")
    before = files(data)
    done = showcam(data, *words)
    assert (done.returncode, done.stderr) == (2, f"showcam: {NEWER.format(known=known)}\n")
    assert {name: text for name, text in files(data).items() if not name.startswith("run/")} == before


def test_a_second_showcam_and_a_taken_port_change_no_data(kept: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        shutil.copytree(kept, tmp_path / "data")
        before = files(tmp_path / "data")
        done = showcam(tmp_path / "data", "run", SHOWCAM_PORT=port)
        says = (
            f"Port {port} on 127.0.0.1 can't be used (Address already in use). Free it, or set SHOWCAM_PORT to another."
        )
        assert (done.returncode, done.stderr) == (2, f"showcam: {says}\n")
        left = {name: text for name, text in files(tmp_path / "data").items() if not name.startswith("run/")}
        assert left == before
    with running(tmp_path, demo=False) as first:
        second = showcam(first.data, "run")
        says = f"showcam is running on {first.data} already. End that one, or give this one a folder of its own: "
        says += "SHOWCAM_DATA=…"
        assert (second.returncode, second.stderr) == (2, f"showcam: {says}\n")
        until(first.serves)
