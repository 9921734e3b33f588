"""The things that this driver lends for one opening, as text in a showcam.engine.lease.Lease."""

import json

import msgspec
from msgspec import Struct

from showcam.engine.lease import Lease
from showcam.store.records import Source


class LiveAddress(Struct, frozen=True, tag="address"):
    """A live address of the Open Platform. `number` gives it back."""

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
    """The key of a camera's own protocol at home."""

    serial: str


type Lent = LiveAddress | Opening | LocalKey

_lent = msgspec.json.Decoder[Lent](Lent)


def lease_of(source: Source, lent: Lent) -> Lease:
    return Lease(source.id, msgspec.json.encode(lent).decode())


def read_lent(text: str) -> Lent:
    """Reads the text of a lease, also in the form of the version before."""
    if text.startswith("local "):
        return LocalKey(text.removeprefix("local "))
    if text.startswith("opening "):
        return Opening(*json.loads(text.removeprefix("opening ")))
    return LiveAddress(*json.loads(text)) if text.startswith("[") else _lent.decode(text)
