"""TVs that do at once what a scene asks of them."""

from registry.camera import Refusal
from registry.reason import Reason
from tests.doubles.household import Household


class ReadyScreens:
    """`asked`: what and which camera by id, on which TV; `told`: what is answered."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, str]] = []
        self.waited: list[float] = []
        self.told: Reason | None = None

    def show(self, account: str, camera: str, tv: str, within_s: float) -> Refusal | Reason | None:
        self.asked.append(("show", account, camera, tv))
        self.waited.append(within_s)
        return self.told

    def stop(self, account: str, camera: str, tv: str, within_s: float) -> Reason | None:
        self.asked.append(("stop", account, camera, tv))
        self.waited.append(within_s)
        return self.told

    def of(self, home: Household, name: str, what: str = "show", tv: str = "Living room TV") -> tuple[str, ...]:
        """What `asked` holds then."""
        return what, home.account.id, home.id(name), tv
