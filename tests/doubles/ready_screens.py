"""TVs that do at once what a scene asks of them."""

from typing import Self

from registry.camera import Refusal
from registry.preferences import Preferences
from registry.reason import Reason
from tests.doubles.household import Household

TV = "Living room TV"


class ReadyScreens:
    """`asked`: what and which camera by id, on which TV; `told`: what is answered."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, str]] = []
        self.waited: list[float] = []
        self.told: Reason | None = None

    @classmethod
    def with_scenes(cls, home: Household) -> Self:
        """The household's, with a scene on TV for five of its cameras: one that is shown, and four that are refused."""
        ready = cls()
        home.registry.scenes.cast_with(ready)
        for name in ("Garden", "Garage", "Nursery", "Attic", "Bedroom"):
            home.owner.prefer(home.account.id, home.id(name), Preferences(tv_scenes=(TV,)))
        return ready

    def show(self, account: str, camera: str, tv: str, within_s: float) -> Refusal | Reason | None:
        self.asked.append(("show", account, camera, tv))
        self.waited.append(within_s)
        return self.told

    def stop(self, account: str, camera: str, tv: str, within_s: float) -> Reason | None:
        self.asked.append(("stop", account, camera, tv))
        self.waited.append(within_s)
        return self.told

    def of(self, home: Household, name: str, what: str = "show", tv: str = TV) -> tuple[str, ...]:
        """What `asked` holds then."""
        return what, home.account.id, home.id(name), tv
