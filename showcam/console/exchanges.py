"""The messages between an assistant that is tried and showcam's door for it, kept for the page."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from showcam.store.records import Link

_GRANT = re.compile(r"/s/[^/\"]+/")
_SDP = re.compile(r'"value": "v=0[^"]*"|"sdp": "v=0[^"]*"')

type Ask = Callable[[Link, bytes], bytes]
type Messages = tuple[tuple[str, str], ...]


class Exchanges:
    """`ask` answers a message as if it came with a token of the link."""

    def __init__(self, link: Link, ask: Ask) -> None:
        self.link, self._ask = link, ask
        self._shown: list[tuple[str, str]] = []

    @property
    def shown(self) -> Messages:
        """The messages for a person to read; grants in addresses and the lines of WebRTC descriptions are left out."""
        return tuple(self._shown)

    def send(self, message: Mapping[str, object], ask: Ask | None = None) -> Any:
        """Sends the message and returns the answer. `ask` is another door of the same assistant."""
        body = msgspec.json.encode(message)
        answer = (ask or self._ask)(self.link, body)
        self._shown.append((_for_a_person(body), _for_a_person(answer)))
        return msgspec.json.decode(answer)


def _for_a_person(body: bytes) -> str:
    text = _GRANT.sub("/s/…/", msgspec.json.format(body, indent=1).decode())
    return _SDP.sub(lambda found: f'{found[0].partition(": ")[0]}: "v=0 …"', text)
