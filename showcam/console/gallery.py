"""The household's cameras as tiles, with a line above them, and the forms at a tile."""

from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console import pages
from showcam.console.sentences import BY_ITSELF
from showcam.console.tile_forms import STEPS, TileForms
from showcam.console.tiles import Tile, Tiles, WhyNot, summary, unlisted
from showcam.drivers.camera import Camera
from showcam.drivers.errors import Unavailable
from showcam.registry.owner.sign_in import SignIn


class GalleryView(Struct, frozen=True):
    """`waiting` names the vendors without a sign-in. `why` says why there is no list; None if there is a list."""

    tiles: list[Tile]
    summary: str = ""
    waiting: tuple[str, ...] = ()
    why: WhyNot | None = None
    undecided: tuple[Camera, ...] = ()  # the household's own encrypted cameras; a single tick may cover them all

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

    def __init__(self, tiles: Tiles, forms: TileForms, sign_in: SignIn, live: int) -> None:
        self._tiles, self._forms, self._sign_in, self.live = tiles, forms, sign_in, live

    def of(self, current: ConsoleSession) -> GalleryView:
        language = pages.language()
        try:
            steps = self._forms.encryption.steps(current, language, self._sign_in.vendor)
            tiles = self._tiles.of(current.account, language, steps)
            undecided = self._tiles.undecided(current.account)
            return GalleryView(
                tiles, summary(tiles, language), self._tiles.waiting(current.account), undecided=undecided
            )
        except Unavailable as unavailable:
            return GalleryView([], why=unlisted(unavailable, language))

    def takes(self, step: str) -> bool:
        return step == "open-way" or step in STEPS

    def take(self, current: ConsoleSession, step: str) -> str:
        """Returns why nothing was changed, as a sentence; "" if something was, or if nobody is signed in."""
        if not current.account:
            return ""
        if step == "open-way":
            self._sign_in.allow_open_way(current.account, allowed=True)
            return ""
        return self._forms.take(step, current, pages.language())
