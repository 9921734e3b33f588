"""How many may watch at once, and begin in a minute. Who was handed an address has a place until its grant lapses.

Of the addresses that a link was handed for one camera and protocol, the last has the place: a link that asks and never
comes holds one. Those before still open where there is room.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from media.grants import Claims
from media.plane.settings import PlaneSettings
from media.plane.viewing.key import Key, key_of
from media.plane.viewing.pulls import TooMany

MINUTE_S = 60.0

type Ask = tuple[str, str, str, str]  # account, link, camera, protocol


class Places:
    """`live` counts the sessions that are watched: of an account, or with None of all."""

    def __init__(self, settings: PlaneSettings, live: Callable[[str | None], int]) -> None:
        self._settings, self._live = settings, live
        self._loop = asyncio.get_running_loop()
        self._kept: dict[Ask, Claims] = {}  # of grants that nobody came with yet
        self._ousted: dict[str, Claims] = {}  # by nonce: what was asked for before, counted as begun, without a place
        self._begun: dict[tuple[str, bool], deque[float]] = {}  # by who counts, and whether for a card

    def keep(self, claims: Claims) -> None:
        """For who comes with this grant, as long as it lasts; once, however often it is said. Raises TooMany."""
        if claims.nonce in self._ousted:
            return
        before = self._kept.get(_ask(claims))
        if before is not None and before.nonce == claims.nonce:
            return
        if before is None or before.expires <= time.time():
            self.find_room(claims.account)
        self._begin(claims)
        if before is not None:
            self._ousted[before.nonce] = before
        self._kept[_ask(claims)] = claims

    def take(self, claims: Claims) -> None:
        """For a session that begins: the place that was kept for it, else another. Raises TooMany."""
        if self._drop_kept(claims.link, claims.nonce) is not None:
            return
        self.find_room(claims.account)
        if self._ousted.pop(claims.nonce, None) is None:
            self._begin(claims)

    def give_back(self, link: str, nonce: str) -> Claims | None:
        """What was kept for that grant of the link, or asked for before, if anything was."""
        ousted = self._ousted.get(nonce)
        if ousted is not None and ousted.link == link:
            return self._ousted.pop(nonce)
        return self._drop_kept(link, nonce)

    def leave_link(self, link: str) -> None:
        self._kept = {ask: claims for ask, claims in self._kept.items() if claims.link != link}
        self._ousted = {nonce: claims for nonce, claims in self._ousted.items() if claims.link != link}

    def expects(self, key: Key) -> bool:
        """Whether somebody may still come for that pull."""
        clock = time.time()
        return any([claims.expires > clock and key_of(claims) == key for claims in self._kept.values()])

    def tidy(self) -> None:
        now, clock = self._loop.time(), time.time()
        self._kept = {ask: claims for ask, claims in self._kept.items() if claims.expires > clock}
        self._ousted = {nonce: claims for nonce, claims in self._ousted.items() if claims.expires > clock}
        self._begun = {who: begun for who, begun in self._begun.items() if begun and now - begun[-1] < MINUTE_S}

    def _drop_kept(self, link: str, nonce: str) -> Claims | None:
        for ask, claims in self._kept.items():
            if claims.nonce == nonce and claims.link == link:
                return self._kept.pop(ask)
        return None

    def find_room(self, account: str) -> None:
        """Raises TooMany."""
        if self._taken(account) >= self._settings.live_per_account:
            raise TooMany(10)
        if self._taken(None) >= self._settings.live_per_process:
            raise TooMany(10, full=True)

    def _begin(self, claims: Claims) -> None:
        """Raises TooMany."""
        now = self._loop.time()
        # a card is no opening of the camera: who mended the reason gets the picture
        begun = self._begun.setdefault((_counted(claims), claims.explains), deque())
        while begun and now - begun[0] > MINUTE_S:
            begun.popleft()
        if len(begun) >= self._settings.opens_per_minute:
            raise TooMany(int(MINUTE_S - (now - begun[0])) + 1)
        begun.append(now)

    def _taken(self, account: str | None) -> int:
        clock = time.time()
        kept = [claims.expires > clock and account in (None, claims.account) for claims in self._kept.values()]
        return self._live(account) + sum(kept)


def _counted(claims: Claims) -> str:
    """A link; of an owner's page each camera by itself, since it opens all of them."""
    return f"{claims.link}/{claims.camera}" if claims.surface == "page" else claims.link


def _ask(claims: Claims) -> Ask:
    return claims.account, claims.link, claims.camera, claims.protocol
