"""The broker that the setting `mqtt` names."""

import re
from urllib.parse import unquote, urlsplit

from msgspec import Struct

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,45}").fullmatch
PORTS = {"mqtt": 1883, "mqtts": 8883}  # as IANA registered them
LONGEST = 256  # characters of a user name or a password
WANTED = "mqtt://USER:PASSWORD@BROKER or mqtts://… is wanted, with :PORT after it if the port is another"


class BadAddress(ValueError):
    """The text names no broker; the error's text holds nothing of it, since a password may be in it."""


class Broker(Struct, frozen=True):
    """`user` "": nobody signs in there."""

    host: str
    port: int
    tls: bool
    user: str
    password: str


def parsed(text: str) -> Broker:
    """Reads the setting; user name and password may be percent-encoded. Raises BadAddress."""
    try:
        split = urlsplit(text)
        port = split.port
    except ValueError:
        raise BadAddress(WANTED) from None
    user, password = unquote(split.username or ""), unquote(split.password or "")
    if split.scheme not in PORTS or not _HOST(split.hostname or "") or split.path or split.query or split.fragment:
        raise BadAddress(WANTED)
    if port == 0 or max(len(user), len(password)) > LONGEST or (password and not user):
        raise BadAddress(WANTED)
    return Broker(split.hostname or "", port or PORTS[split.scheme], split.scheme == "mqtts", user, password)
