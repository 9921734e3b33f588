"""The key file of the Google Cloud service account that reports to HomeGraph.

https://developers.google.com/identity/protocols/oauth2/service-account#creatinganaccount
"""

from collections.abc import Collection
from pathlib import Path

import msgspec
from msgspec import Struct

from showcam.i18n.catalogue import worded

LARGEST = 64 * 1024  # bytes of a key file


class BadKey(Exception):
    """The key can't be used; the text says why, for the operator. It holds nothing of the file but a project's id."""


class KeyFile(Struct, frozen=True):
    project_id: str
    private_key_id: str
    private_key: str
    client_email: str
    token_uri: str
    type: str


def read_key(given: str) -> KeyFile:
    """`given`: the path of the file, or its content. Raises BadKey."""
    data = given.encode() if given.lstrip().startswith("{") else _read(Path(given))
    try:
        key = msgspec.json.decode(data, type=KeyFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadKey(worded("it is not the JSON key of a service account")) from None
    if key.type != "service_account":
        raise BadKey(worded("it is a key of another kind than service_account"))
    if not all((key.project_id, key.private_key_id, key.client_email)):
        raise BadKey(worded("it lacks project_id, private_key_id or client_email"))
    return key


def check_key(key: KeyFile, projects: Collection[str] = ()) -> None:
    """`projects`: ids of the Google projects in the redirect addresses of the client. Raises BadKey."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        is_rsa = isinstance(load_pem_private_key(key.private_key.encode(), None), RSAPrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        is_rsa = False
    if not is_rsa:
        raise BadKey(worded("its private_key is no RSA key"))
    if projects and key.project_id not in projects:
        raise BadKey(
            worded(
                "it is of the project {project}, and Google's client here is of {projects}",
                project=key.project_id,
                projects=", ".join(projects),
            )
        )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise BadKey(worded("there is no file {path}", path=path)) from None
    except OSError as error:
        raise BadKey(worded("{path} can't be read: {why}", path=path, why=error.strerror)) from None
    if len(data) > LARGEST:
        raise BadKey(worded("{path} is too large for a key", path=path))
    return data
