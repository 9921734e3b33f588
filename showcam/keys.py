"""The installation's keys: four files in `keys/`, mode 0600, each a list so that a key can be rotated.

A line is `{key id} {base64}`; the first line is in use, the others still verify and open what was made with them.
"""

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

NAMES = ("seal", "grant", "cookie", "forwarder")


class KeysUnreadable(Exception):
    """A key file is missing its form or can't be read; the text names the file, never a key."""


@dataclass(frozen=True)
class Keys:
    seal: list[tuple[str, bytes]]
    grant: list[bytes]
    cookie: list[bytes]
    forwarder: list[tuple[str, bytes]]


def read_or_make(folder: Path) -> Keys:
    """Makes what is not there yet. Raises KeysUnreadable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lists = {name: _read_or_make(folder / name) for name in NAMES}
    except OSError as error:
        raise KeysUnreadable(f"{error.filename}: {error.strerror}") from None
    return Keys(
        seal=lists["seal"],
        grant=[key for _, key in lists["grant"]],
        cookie=[key for _, key in lists["cookie"]],
        forwarder=lists["forwarder"],
    )


def read_grant_keys(folder: Path) -> list[bytes]:
    """All that the media process may hold. Raises KeysUnreadable."""
    try:
        return [key for _, key in _read_or_make(folder / "grant")]
    except OSError as error:
        raise KeysUnreadable(f"{error.filename}: {error.strerror}") from None


def _read_or_make(path: Path) -> list[tuple[str, bytes]]:
    if not path.exists():
        _make(path)
    keys = []
    for line in path.read_text().splitlines():
        key_id, _, text = line.strip().partition(" ")
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            raise KeysUnreadable(f"{path}: a line is not `id base64`") from None
        if len(key) != 32 or not key_id:
            raise KeysUnreadable(f"{path}: a key has 32 bytes and an id before it")
        keys.append((key_id, key))
    if not keys:
        raise KeysUnreadable(f"{path}: holds no key")
    return keys


def _make(path: Path) -> None:
    line = f"{secrets.token_hex(4)} {base64.b64encode(secrets.token_bytes(32)).decode()}\n"
    # linked into place whole, so that of two processes that start at once one wins and both read the same key
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(line)
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
