"""Addresses of EZVIZ's live streams, `ysproto://host:port/live?…`. Standard library only."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from showcam.net.addresses import with_port

type Stream = Literal[1, 2]

MAIN: Stream = 1
SUB: Stream = 2
LONGEST = 4096
LOWEST_PORT = 1024  # the vendor uses no lower port, and other protocols listen there
# every host name of EZVIZ's that a key, a session or a camera's address may be sent to or come from
KNOWN = re.compile(r"[a-z0-9-]+\.(?:ezvizlife|ezviz|ezvizru|ys7)\.com")
_STREAM = re.compile(r"(?<=[?&]stream=)\d+(?=&|$)")
_CAMERA = re.compile(r"(?<=[?&])dev=[^&]*&chn=[^&]*")
_BIZ = re.compile(r"[\w.~%-]+=[\w.~%-]*(?:&[\w.~%-]+=[\w.~%-]*)*", re.ASCII)


class BadAddress(Exception):
    """The text is no such address. The error quotes nothing of the text."""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """An address of a stream. `url` is sent to a node unchanged, since it may be signed. Secret: it holds a token."""

    url: str
    host: str
    port: int

    @classmethod
    def read(cls, url: str) -> "Address":
        """Reads the text of an address. Raises BadAddress."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or 0
        except ValueError:
            raise BadAddress from None
        clean = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST
        if (
            not clean
            or parts.scheme != "ysproto"
            or parts.path != "/live"
            or not host
            or port < LOWEST_PORT
            or "@" in parts.netloc
        ):
            raise BadAddress
        return cls(url, host, port)

    @property
    def named(self) -> str:
        return with_port(self.host, self.port)

    @property
    def camera(self) -> str:
        """The part of the address that names device and channel."""
        found = _CAMERA.search(self.url)
        return found[0] if found else ""

    @property
    def stream(self) -> Stream:
        found = _STREAM.search(self.url)
        return SUB if found and found[0] == str(SUB) else MAIN

    def asking(self, stream: Stream) -> "Address":
        """The same address for another stream: a dispatcher writes stream 1 into every redirect."""
        return Address(_STREAM.sub(str(stream), self.url, count=1), self.host, self.port)

    def at(self, host: str, port: int) -> "Address":
        """The same address at another host of the dispatcher."""
        return Address.read(self.url.replace(self.named, with_port(host, port), 1))


def parted(place: str) -> tuple[str, int]:
    """Host and port of "host:port". Raises BadAddress."""
    host, _, port = place.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise BadAddress
    return host.strip("[]"), int(port)


def live(place: str, serial: str, channel: int, stream: Stream, token: str, biz: str, timestamp_ms: int) -> str:
    """The address of a camera's stream at the dispatcher `place`.

    `biz`: the parameters from the vendor's list, in any of its forms.
    """
    said = biz.rpartition("?")[2] if "://" not in biz or "?" in biz else ""
    if not _BIZ.fullmatch(said):
        said = "biz=1"
    quoted, number = quote(token, safe=""), quote(serial, safe="")
    return (
        f"ysproto://{place}/live?dev={number}&chn={channel}&stream={stream}&cln=9&isp=0&auth=1&ssn={quoted}"
        f"&{said}&vip=0&timestamp={timestamp_ms}"
    )
