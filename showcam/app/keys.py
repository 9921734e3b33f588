"""The installation's four keys. Each is a list, so that it can be rotated: the first is in use, the others still verify
and open what was made with them.

At home they are files in `keys/`, mode 0600, of lines `{key id} {base64}`. On AWS they are derived (HKDF, RFC 5869)
from a secret `{"root": "…", "older": ["…"]}`. A new root stands in `older` until every process has been restarted and
can read what is made with it; then it and `root` change places.
"""

import base64
import hashlib
import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from showcam.app import obstacles
from showcam.app.aws import boto
from showcam.app.settings import Settings
from showcam.net.text import JsonObject

NAMES = ("seal", "grant", "cookie", "forwarder")
SHORTEST_ROOT = 32  # characters
MOST_ROOTS = 8
HANDED = "SHOWCAM_GRANT_KEYS"  # the variable that hands a media process the grant keys without their root


class KeysUnreadable(Exception):
    """A key file or the secret can't be read or has the wrong form; the text names it, and never holds a key."""


@dataclass(frozen=True)
class Keys:
    seal: list[tuple[str, bytes]]
    grant: list[bytes]
    cookie: list[bytes]
    forwarder: list[tuple[str, bytes]]


def of(settings: Settings) -> Keys:
    """The keys from the secret if one is named, else from the folder; files missing there are made.

    Raises KeysUnreadable, also if rows of the database are sealed under a key that is missing: then none is made.
    Raises SecretUnreadable, and StoreUnavailable if the database can't be read.
    """
    needed = _sealed_under(settings)
    if needed and not settings.keys_secret and not (settings.keys / "seal").exists():
        raise KeysUnreadable(f"{settings.keys / 'seal'} is missing. {_put_back(settings, needed)}")
    keys, grant = _all(settings), _grant_apart(settings)
    cookie = _apart("cookie", settings.cookie_secret)  # readable only by the function that signs cookies
    if missing := needed - {key_id for key_id, _ in keys.seal}:
        where = f"The secret {settings.keys_secret}" if settings.keys_secret else settings.keys / "seal"
        raise KeysUnreadable(f"{where} lacks a key. {_put_back(settings, missing)}")
    return replace(keys, grant=grant or keys.grant, cookie=cookie or keys.cookie)


def _all(settings: Settings) -> Keys:
    if settings.keys_secret:
        return derived(_roots(settings.keys_secret, boto.read_secret(settings.keys_secret)))
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        raise KeysUnreadable("keys_secret is not set: a function has no folder in which keys last")
    return read_or_make(settings.keys)


def seal_ids(settings: Settings) -> set[str]:
    """The ids of the seal keys; makes no key. Raises KeysUnreadable, SecretUnreadable."""
    if settings.keys_secret:
        return {key_id for key_id, _ in _all(settings).seal}
    path = settings.keys / "seal"
    return {key_id for key_id, _ in _read_or_make(path)} if path.exists() else set()


def _sealed_under(settings: Settings) -> set[str]:
    if settings.store != "sqlite":
        return set()  # a whole table is not read for this: a row whose key is missing fails when it is read
    from showcam.store.sqlite import database_file

    return database_file.key_ids(settings.database)


def _put_back(settings: Settings, key_ids: set[str]) -> str:
    named = " and ".join(f"“{key_id}”" for key_id in sorted(key_ids))
    return (
        f"Vendor sign-ins in {settings.database} are sealed under {named} and can't be opened without it. Put it back "
        "from your copy of keys/, or restore a backup that was made --with-keys: showcam restore FILE. If it is lost "
        f"for good, move {settings.database} away, then add owners and clients and link again."
    )


def from_root(settings: Settings) -> bool:
    """Whether the grant key is derived from a root and not read from the folder."""
    return bool(settings.keys_secret or settings.grant_secret or settings.grant_roots)


def grant_of(settings: Settings) -> list[bytes]:
    """Only the grant keys, for the media process. Raises KeysUnreadable, SecretUnreadable."""
    if handed := os.environ.get(HANDED):
        return [base64.b64decode(key) for key in handed.split()]
    if apart := _grant_apart(settings):
        return apart
    return _all(settings).grant if settings.keys_secret else read_grant_keys(settings.keys)


def _grant_apart(settings: Settings) -> list[bytes]:
    """Grant keys from a separate root, so that a media process elsewhere holds no root of the other keys."""
    if not settings.grant_roots:
        return _apart("grant", settings.grant_secret)
    try:
        held = json.loads(settings.grant_roots)
    except (ValueError, RecursionError):
        held = None
    roots = _roots("of grant_roots", held if isinstance(held, dict) else {})
    return [_derived(root, "grant")[1] for root in roots]


def _apart(name: str, secret: str) -> list[bytes]:
    """Keys from the roots in a separate secret; none if no secret is named."""
    return [_derived(root, name)[1] for root in _roots(secret, boto.read_secret(secret))] if secret else []


def derived(roots: list[str]) -> Keys:
    """The keys of these roots, the newest first."""
    return _keys({name: [_derived(root, name) for root in roots] for name in NAMES})


def read_or_make(folder: Path) -> Keys:
    """The keys of the folder; missing files are made. Raises KeysUnreadable."""
    return _keys(_in_folder(folder, NAMES))


def read_grant_keys(folder: Path) -> list[bytes]:
    """The grant keys of the folder; a missing file is made. Raises KeysUnreadable."""
    return [key for _, key in _in_folder(folder, ("grant",))["grant"]]


def _in_folder(folder: Path, names: tuple[str, ...]) -> dict[str, list[tuple[str, bytes]]]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return {name: _read_or_make(folder / name) for name in names}
    except OSError as error:
        raise _unusable(folder, error) from None


def _unusable(folder: Path, error: OSError) -> KeysUnreadable:
    file = Path(error.filename or folder)
    return KeysUnreadable(obstacles.sentence(f"The key file {file}", file, error))


def _keys(lists: dict[str, list[tuple[str, bytes]]]) -> Keys:
    return Keys(
        seal=lists["seal"],
        grant=[key for _, key in lists["grant"]],
        cookie=[key for _, key in lists["cookie"]],
        forwarder=lists["forwarder"],
    )


def _roots(secret: str, held: JsonObject) -> list[str]:
    """The texts of the roots, the newest first. Raises KeysUnreadable."""
    root, older = held.get("root"), held.get("older", [])
    if not {*held} <= {"root", "older"} or not isinstance(older, list):
        raise KeysUnreadable(f'the secret {secret} is not {{"root": "…", "older": ["…"]}}')
    roots = [root, *older]
    if not all(isinstance(text, str) and len(text) >= SHORTEST_ROOT for text in roots):
        raise KeysUnreadable(f"the secret {secret}: a root is a text of at least {SHORTEST_ROOT} random characters")
    if len({*roots}) < len(roots) or len(roots) > MOST_ROOTS:
        raise KeysUnreadable(f"the secret {secret}: at most {MOST_ROOTS} roots are taken, none of them twice")
    return roots


def _derived(root: str, name: str) -> tuple[str, bytes]:
    """A key's id, which reveals nothing of the key, and the key."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(SHA256(), 32, salt=None, info=f"showcam/{name}/1".encode()).derive(root.encode())
    return hashlib.sha256(b"showcam/id/1" + key).hexdigest()[:8], key


def _read_or_make(path: Path) -> list[tuple[str, bytes]]:
    if not path.exists():
        _make(path)
    return parsed(path.read_text(), path)


def parsed(text: str, path: Path | str) -> list[tuple[str, bytes]]:
    """Ids and keys in the text of a key file. Raises KeysUnreadable, which names `path`."""
    keys = []
    for line in text.splitlines():
        key_id, _, encoded = line.strip().partition(" ")
        try:
            key = base64.b64decode(encoded, validate=True)
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
    # the finished file is linked into place: of two processes that start at once one wins, and both read the same key
    made = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(line)
        os.link(made, path)
    except FileExistsError:
        pass
    finally:
        made.unlink(missing_ok=True)
