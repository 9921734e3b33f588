"""The household's cameras as tiles, with a line above them, and the forms at a tile."""

import time
from collections.abc import Callable

from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.home import glance
from showcam.console.home.forms import STEPS, TileForms
from showcam.console.home.glance import AssistantState
from showcam.console.home.sentences import BY_ITSELF
from showcam.console.home.tiles import Tile, Tiles, WhyNot, in_order, unlisted
from showcam.console.look import pages
from showcam.drivers.camera import Camera
from showcam.drivers.errors import Unavailable
from showcam.registry.owner.owner import Owner
from showcam.registry.owner.sign_in import SignIn

SEARCH_FROM = 12  # cameras: fewer are seen at once
OF_STILLS = ("stills-off", "stills-on")


class GalleryView(Struct, frozen=True):
    """`waiting` names the vendors without a sign-in. `why` says why there is no list; None if there is a list."""

    tiles: list[Tile]
    summary: str = ""
    waiting: tuple[str, ...] = ()
    why: WhyNot | None = None
    undecided: tuple[Camera, ...] = ()  # the household's own encrypted cameras; a single tick may cover them all
    assistants: tuple[AssistantState, ...] = ()
    keeps_stills: bool = False
    now: float = 0.0
    at_vendor: bool = True  # whether the household has an account at a vendor, whose app adds cameras

    def age(self, tile: Tile) -> str:
        """Says how old the last still of the tile is."""
        return glance.age(self.now - tile.last_at, pages.language())

    @property
    def ages(self) -> list[tuple[int, int, str]]:
        """Lists the words for an age, for the script, which renews them."""
        return glance.ages(pages.language())

    @property
    def searches(self) -> bool:
        return len(self.tiles) >= SEARCH_FROM

    @property
    def rooms(self) -> list[str]:
        """Lists the rooms to choose from; none if there are fewer than two."""
        named = {tile.room.casefold(): tile.room for tile in self.tiles if tile.room}
        return sorted(named.values(), key=in_order) if len(named) > 1 else []

    @property
    def signed_out(self) -> bool:
        """Tells whether signing in again brings the list."""
        return self.why is not None and self.why["reason"] == "signed_out"

    @property
    def comes(self) -> bool:
        """Tells whether a list comes without anybody's doing: the page then asks for it again."""
        return self.why is not None and self.why["reason"] in BY_ITSELF

    @property
    def shown(self) -> int:
        """Counts the cameras that the page can show."""
        return sum(tile.why_not is None for tile in self.tiles)


class Gallery:
    """`live` is the number of pictures that the page shows at once."""

    def __init__(
        self,
        tiles: Tiles,
        forms: TileForms,
        sign_in: SignIn,
        owner: Owner,
        live: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tiles, self._forms, self._sign_in, self._owner = tiles, forms, sign_in, owner
        self.live, self._clock = live, clock

    def of(self, current: ConsoleSession) -> GalleryView:
        language = pages.language()
        try:
            steps = self._forms.encryption.steps(current, language, self._sign_in.vendor)
            tiles = self._tiles.of(current, language, steps)
            return GalleryView(
                tiles,
                glance.summary(tiles, language),
                self._owner.waiting(current.account),
                undecided=self._tiles.undecided(current.account),
                assistants=tuple(glance.assistants(tiles)),
                keeps_stills=self._owner.last_stills.is_on(current.account),
                now=self._clock(),
                at_vendor=bool(tiles) or self._is_at_vendor(current.account),
            )
        except Unavailable as unavailable:
            return GalleryView([], why=unlisted(unavailable, language))

    def _is_at_vendor(self, account: str) -> bool:
        return len(self._sign_in.lacking(account)) < len(self._sign_in.vendors)

    def takes(self, step: str) -> bool:
        return step in ("open-way", *OF_STILLS) or step in STEPS

    def take(self, current: ConsoleSession, step: str) -> str:
        """Returns why nothing was changed, as a sentence; "" if something was, or if nobody is signed in."""
        if not current.account:
            return ""
        if step == "open-way":
            self._sign_in.allow_open_way(current.account, allowed=True)
            return ""
        if step in OF_STILLS:
            self._owner.last_stills.switch(current.account, on=step == "stills-on")
            return ""
        return self._forms.take(step, current)
