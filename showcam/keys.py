"""The installation's four keys, each a list so that it can be rotated: the first is in use, the others still verify
and open what was made with them.

At home they are files in `keys/`, mode 0600, of lines `{key id} {base64}`. On AWS they are derived (HKDF, RFC 5869)
from a secret `{"root": "…", "older": ["…"]}`. A new root stands in `older` until every process has begun anew and reads
what is made with it; then it and `root` change places.
"""

import base64
import hashlib
import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from net.incoming import JsonObject
from showcam.aws import secrets as secrets_manager
from showcam.settings import Settings

NAMES = ("seal", "grant", "cookie", "forwarder")
SHORTEST_ROOT = 32  # characters
MOST_ROOTS = 8
HANDED = "SHOWCAM_GRANT_KEYS"  # in the environment of a media process: its keys, for it may not know the root


class KeysUnreadable(Exception):
    """A key file or the secret is missing its form or can't be read; the text names it, never a key."""


@dataclass(frozen=True)
class Keys:
    seal: list[tuple[str, bytes]]
    grant: list[bytes]
    cookie: list[bytes]
    forwarder: list[tuple[str, bytes]]


def of(settings: Settings) -> Keys:
    """From the secret where one is named, else from the folder.

    Raises KeysUnreadable, also where rows of the database are sealed under a key that is not there: no other is made
    in its place. Raises SecretUnreadable, and StoreUnavailable where the database can't be looked at.
    """
    needed = _sealed_under(settings)
    if needed and not settings.keys_secret and not (settings.keys / "seal").exists():
        raise KeysUnreadable(f"{settings.keys / 'seal'} is missing. {_put_back(settings, needed)}")
    found, grant, cookie = _all(settings), _grant_apart(settings), _cookie_apart(settings)
    if missing := needed - {key_id for key_id, _ in found.seal}:
        where = f"The secret {settings.keys_secret}" if settings.keys_secret else settings.keys / "seal"
        raise KeysUnreadable(f"{where} lacks a key. {_put_back(settings, missing)}")
    return replace(found, grant=grant or found.grant, cookie=cookie or found.cookie)


def _all(settings: Settings) -> Keys:
    if settings.keys_secret:
        return derived(_roots(settings.keys_secret, secrets_manager.read(settings.keys_secret)))
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        raise KeysUnreadable("keys_secret is not set: a function has no folder in which keys last")
    return read_or_make(settings.keys)


def seal_ids(settings: Settings) -> set[str]:
    """Of the seal keys that are there; makes none. Raises KeysUnreadable, SecretUnreadable."""
    if settings.keys_secret:
        return {key_id for key_id, _ in _all(settings).seal}
    path = settings.keys / "seal"
    return {key_id for key_id, _ in _read_or_make(path)} if path.exists() else set()


def _sealed_under(settings: Settings) -> set[str]:
    if settings.store != "sqlite":
        return set()  # a whole table is not read for this: a row whose key is missing says so when it is read
    from store.sqlite import sealed

    return sealed.key_ids(settings.database)


def _put_back(settings: Settings, key_ids: set[str]) -> str:
    named = " and ".join(f"“{each}”" for each in sorted(key_ids))
    return (
        f"Vendor sign-ins in {settings.database} are sealed under {named} and can't be opened without it. Put it back "
        "from your copy of keys/, or restore a backup that was made --with-keys: showcam restore FILE. If it is lost "
        f"for good, move {settings.database} away, then add owners and clients and link again."
    )


def from_root(settings: Settings) -> bool:
    """Whether the grant key is made from a root, and not read from the folder."""
    return bool(settings.keys_secret or settings.grant_secret or settings.grant_roots)


def grant_of(settings: Settings) -> list[bytes]:
    """All that the media process may hold. Raises KeysUnreadable, SecretUnreadable."""
    if handed := os.environ.get(HANDED):
        return [base64.b64decode(each) for each in handed.split()]
    if apart := _grant_apart(settings):
        return apart
    return _all(settings).grant if settings.keys_secret else read_grant_keys(settings.keys)


def _grant_apart(settings: Settings) -> list[bytes]:
    """From a secret of its own, so that a media process elsewhere holds no root that makes the other keys too."""
    if settings.grant_secret:
        roots = _roots(settings.grant_secret, secrets_manager.read(settings.grant_secret))
    elif settings.grant_roots:
        try:
            held = json.loads(settings.grant_roots)
        except (ValueError, RecursionError):
            held = None
        roots = _roots("of grant_roots", held if isinstance(held, dict) else {})
    else:
        return []
    return [_derived(root, "grant")[1] for root in roots]


def _cookie_apart(settings: Settings) -> list[bytes]:
    """From a secret of its own, so that no function but the one that signs cookies is told their key."""
    if not settings.cookie_secret:
        return []
    roots = _roots(settings.cookie_secret, secrets_manager.read(settings.cookie_secret))
    return [_derived(root, "cookie")[1] for root in roots]


def derived(roots: list[str]) -> Keys:
    """From roots, the newest first."""
    return _keys({name: [_derived(root, name) for root in roots] for name in NAMES})


def read_or_make(folder: Path) -> Keys:
    """Makes what is not there yet. Raises KeysUnreadable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _keys({name: _read_or_make(folder / name) for name in NAMES})
    except OSError as error:
        raise KeysUnreadable(f"{error.filename}: {error.strerror}") from None


def _keys(lists: dict[str, list[tuple[str, bytes]]]) -> Keys:
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


def _roots(secret: str, held: JsonObject) -> list[str]:
    """Newest first."""
    root, older = held.get("root"), held.get("older", [])
    if not {*held} <= {"root", "older"} or not isinstance(older, list):
        raise KeysUnreadable(f'the secret {secret} is not {{"root": "…", "older": ["…"]}}')
    roots = [root, *older]
    if not all(isinstance(each, str) and len(each) >= SHORTEST_ROOT for each in roots):
        raise KeysUnreadable(f"the secret {secret}: a root is a text of at least {SHORTEST_ROOT} random characters")
    if len({*roots}) < len(roots) or len(roots) > MOST_ROOTS:
        raise KeysUnreadable(f"the secret {secret}: no root stands there twice, and {MOST_ROOTS} are the most")
    return roots


def _derived(root: str, name: str) -> tuple[str, bytes]:
    """The key of that name and its id, which tells nothing of it."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(SHA256(), 32, salt=None, info=f"showcam/{name}/1".encode()).derive(root.encode())
    return hashlib.sha256(b"showcam/id/1" + key).hexdigest()[:8], key


def _read_or_make(path: Path) -> list[tuple[str, bytes]]:
    if not path.exists():
        _make(path)
    return parsed(path.read_text(), path)


def parsed(text: str, path: Path | str) -> list[tuple[str, bytes]]:
    """What stands in a key file. Raises KeysUnreadable, which names the `path`."""
    keys = []
    for line in text.splitlines():
        key_id, _, given = line.strip().partition(" ")
        try:
            key = base64.b64decode(given, validate=True)
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
