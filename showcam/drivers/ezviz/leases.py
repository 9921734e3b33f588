"""What this driver lends for one opening, as its words in a showcam.engine.lease.Lease."""

import json

import msgspec
from msgspec import Struct

from showcam.engine.lease import Lease
from showcam.store.records import Source


class LiveAddress(Struct, frozen=True, tag="address"):
    """A live address of the Open Platform, which its number ends."""

    serial: str
    channel: int
    number: str


class Opening(Struct, frozen=True, tag="opening"):
    """A token of the account's cloud stream. `state`: what the vendor listed of the camera then."""

    token: int
    serial: str
    channel: int
    state: str


class LocalKey(Struct, frozen=True, tag="local"):
    """What opens a camera's own protocol at home."""

    serial: str


type Lent = LiveAddress | Opening | LocalKey

_lent = msgspec.json.Decoder[Lent](Lent)


def lease_of(source: Source, lent: Lent) -> Lease:
    return Lease(source.id, msgspec.json.encode(lent).decode())


def read_lent(text: str) -> Lent:
    """Also as the version before wrote it."""
    if text.startswith("local "):
        return LocalKey(text.removeprefix("local "))
    if text.startswith("opening "):
        return Opening(*json.loads(text.removeprefix("opening ")))
    return LiveAddress(*json.loads(text)) if text.startswith("[") else _lent.decode(text)
