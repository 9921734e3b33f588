"""Says in a sentence why a file or folder can't be used, by the system's error (errno(3)), and what to do next."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

# Files that Docker and Podman make in a container (systemd/systemd, src/basic/virt.c). Other engines set `container` in
# the environment (https://systemd.io/CONTAINER_INTERFACE).
_MARKS = (".dockerenv", "run/.containerenv")
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM)
KNOWN = (*_FULL, *_FORBIDDEN, errno.EROFS)

type Verb = Literal["read", "written"]


def in_container(environ: Mapping[str, str], root: Path = Path("/")) -> bool:
    return bool(environ.get("container")) or any((root / mark).exists() for mark in _MARKS)


def sentence(what: str, path: Path, error: OSError, verb: Verb = "written", option: str = "--data") -> str:
    """`what` begins the sentence and means `path`. `option`: of the command, to name another place than the path."""
    contained = in_container(os.environ)
    if error.errno in _FULL:
        return f"{what} can't be written: the disk is full. Free some space on it, then try again."
    if error.errno == errno.EROFS:
        step = "Mount a volume there that can be written." if contained else f"Name another with {option}."
        return f"{what} can't be written: it is mounted read-only. {step}"
    if error.errno in _FORBIDDEN:
        return _forbidden(what, path, contained)
    return f"{what} can't be {verb}: {error.strerror}. Name another with {option}."


def of_folder(folder: Path) -> OSError | None:
    """The error that a write into the folder would raise; None: the folder can be written."""
    if os.access(folder, os.W_OK | os.X_OK):
        return None
    is_read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
    return OSError(errno.EROFS if is_read_only else errno.EACCES, "", str(folder))


def _forbidden(what: str, path: Path, contained: bool) -> str:
    owner, me = _owner(path), os.geteuid()
    if owner == me:
        return f"{what} is yours, and its mode forbids you to use it. Allow it: chmod u+rwX {path}"
    if contained:
        return (
            f"{what} belongs to user {owner}, and showcam runs in this container as user {me}. Let user {me} own what "
            f"is mounted there, or start the container with --user {owner}."
        )
    return f"{what} belongs to another user, who runs showcam. Write sudo before the command."


def _owner(path: Path) -> int:
    """The user who owns the path, or else the nearest readable folder above the path."""
    for place in (path, *path.absolute().parents):
        try:
            return place.stat().st_uid
        except OSError:
            continue
    return 0
