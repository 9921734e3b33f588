"""How many may watch at once, and begin in a minute. Who was handed an address has a place until its grant lapses."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from media.grants import Claims
from media.plane.settings import PlaneSettings
from media.plane.viewing.pull import Key, key_of
from media.plane.viewing.pulls import TooMany

MINUTE_S = 60.0


class Places:
    """`live` counts the sessions that are watched: of an account, or with None of all."""

    def __init__(self, settings: PlaneSettings, live: Callable[[str | None], int]) -> None:
        self._settings, self._live = settings, live
        self._loop = asyncio.get_running_loop()
        self._kept: dict[str, Claims] = {}  # by the nonce of a grant that nobody came with yet
        self._begun: dict[tuple[str, bool], deque[float]] = {}  # by link, and whether it was for a card

    def keep(self, claims: Claims) -> None:
        """For who comes with this grant, as long as it lasts; once, however often it is said. Raises TooMany."""
        if claims.nonce not in self._kept:
            self._admit(claims)
            self._kept[claims.nonce] = claims

    def take(self, claims: Claims) -> None:
        """For a session that begins: the place that was kept for it, else another. Raises TooMany."""
        if self._kept.pop(claims.nonce, None) is None:
            self._admit(claims)

    def give_back(self, link: str, nonce: str) -> Claims | None:
        """What was kept for that grant of the link, if anything was."""
        claims = self._kept.get(nonce)
        return self._kept.pop(nonce) if claims is not None and claims.link == link else None

    def leave_link(self, link: str) -> None:
        self._kept = {nonce: each for nonce, each in self._kept.items() if each.link != link}

    def expects(self, key: Key) -> bool:
        """Whether somebody may still come for that pull."""
        clock = time.time()
        return any([each.expires > clock and key_of(each) == key for each in self._kept.values()])

    def tidy(self) -> None:
        now, clock = self._loop.time(), time.time()
        self._kept = {nonce: each for nonce, each in self._kept.items() if each.expires > clock}
        self._begun = {who: begun for who, begun in self._begun.items() if begun and now - begun[-1] < MINUTE_S}

    def _admit(self, claims: Claims) -> None:
        if self._taken(claims.account) >= self._settings.live_per_account:
            raise TooMany(10)
        if self._taken(None) >= self._settings.live_per_process:
            raise TooMany(10, full=True)
        now = self._loop.time()
        # a card is no opening of the camera: who mended the reason gets the picture
        begun = self._begun.setdefault((claims.link, claims.explains), deque())
        while begun and now - begun[0] > MINUTE_S:
            begun.popleft()
        if len(begun) >= self._settings.opens_per_minute:
            raise TooMany(int(MINUTE_S - (now - begun[0])) + 1)
        begun.append(now)

    def _taken(self, account: str | None) -> int:
        clock = time.time()
        kept = [each.expires > clock and account in (None, each.account) for each in self._kept.values()]
        return self._live(account) + sum(kept)
