"""The address of a camera as its owner gives it."""

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from net.addresses import is_in_house

RTSP = 554


_KINDS: dict[str, Literal["any", "rtsp", "onvif"]] = {
    "any": "any",
    "rtsp": "rtsp",
    "http": "onvif",
    "https": "onvif",
}

type Wrong = Literal["characters", "none", "login", "tls", "scheme", "name", "outside", "path"]


class BadAddress(ValueError):
    """The text says for a person what is wrong with it, `why` in a word; nothing of the address is in either."""

    def __init__(self, why: Wrong, text: str) -> None:
        super().__init__(text)
        self.why = why


class Address(Struct, frozen=True):
    """`path` with its query; "" and a `port` of 0: not given. `tls`: ONVIF by https."""

    kind: Literal["any", "rtsp", "onvif"]
    host: str
    port: int = 0
    path: str = ""
    tls: bool = False


def read(text: str, *, loopback: bool = False) -> Address:
    """An IP address alone, rtsp://…, or http(s)://… of ONVIF. Raises BadAddress."""
    given = text.strip()
    if not given.isascii() or not given.isprintable() or " " in given:
        raise BadAddress("characters", "An address has no blanks and no letters beyond ASCII")
    if "://" not in given:
        given = f"any://[{given}]" if given.count(":") > 1 and "[" not in given else f"any://{given}"
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port or 0
        userless = parts.username is None and parts.password is None and "@" not in parts.netloc
    except ValueError:
        raise BadAddress("none", "That is not an address: rtsp://192.168.1.20/stream1, or 192.168.1.20") from None
    if not userless:
        raise BadAddress("login", "Leave user and password out of the address: both are asked for, and kept sealed")
    if parts.scheme == "rtsps":
        raise BadAddress("tls", "RTSP over TLS is not read: give the camera's plain rtsp:// address")
    if parts.scheme not in _KINDS:
        raise BadAddress(
            "scheme", "An address begins with rtsp://, with http:// or https:// for ONVIF, or is an IP address alone"
        )
    try:
        host = str(ipaddress.ip_address(host))
    except ValueError:
        raise BadAddress("name", "Give the camera's IP address, such as 192.168.1.20, in place of a name") from None
    if not is_in_house(host, loopback=loopback):
        raise BadAddress("outside", "That is no address of a home network: 10.…, 172.16.… to 172.31.…, 192.168.…, fd…")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "any" and path not in ("", "/"):
        raise BadAddress("path", "An address with a path begins with rtsp:// or http://")
    path = "" if parts.scheme == "any" else path
    return Address(_KINDS[parts.scheme], host, port, path, tls=parts.scheme == "https")
