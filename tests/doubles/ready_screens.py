"""TVs that do at once what is asked of them, and a house that has some."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.cast.device import Device, Over, Picture, Showing
from showcam.cast.errors import CastFailed
from showcam.cast.finder import Finder
from showcam.cast.player import Player, Shown
from showcam.cast.screens import Screens
from showcam.drivers.camera import Refusal
from showcam.drivers.errors import NotOnTv, Reason
from showcam.engine.grants import Claims
from showcam.registry.preferences import Preferences
from showcam.registry.scenes import Begun
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.waiting import LONG_S

TV = "Living room TV"


class ReadyScreens:
    """`asked`: what and which camera by id, on which TV; `answer`: the reason that is given, if any."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, str]] = []
        self.waited: list[float] = []
        self.answer: Reason | None = None
        self.wakes = False  # the camera has to wake first

    @classmethod
    def with_scenes(cls, home: Household) -> Self:
        """The household's, with a scene on TV for five of its cameras: one that is shown, and four that are refused."""
        ready = cls()
        home.registry.scenes.cast_with(ready)
        for name in ("Garden", "Garage", "Nursery", "Attic", "Bedroom"):
            home.owner.prefer(home.account.id, home.id(name), Preferences(tv_scenes=(TV,)))
        return ready

    def begin(self, account: str, camera: str, on: str, wait_s: float) -> Refusal | Begun:
        self._take("show", account, camera, on, wait_s)
        return Begun(waking=self.wakes)

    def begin_stop(self, account: str, camera: str, on: str, wait_s: float) -> None:
        self._take("stop", account, camera, on, wait_s)

    def _take(self, what: str, account: str, camera: str, on: str, wait_s: float) -> None:
        self.asked.append((what, account, camera, on))
        self.waited.append(wait_s)
        if self.answer:
            failed = NotOnTv()
            failed.reason = self.answer
            raise failed

    def of(self, home: Household, name: str, what: str = "show", tv: str = TV) -> tuple[str, ...]:
        """What `asked` holds then."""
        return what, home.account.id, home.id(name), tv


LIVING, BEDROOM = Device("1", "Living room TV", "192.168.1.20"), Device("2", "Bedroom TV", "192.168.1.21")
SPEAKER = Device("3", "Kitchen speaker", "192.168.1.22", kind="speaker")


@dataclass
class ReadyTelevision:
    """A connection to a TV that plays at once; `fails` is what it raises, `refuses` what an address begins with."""

    device: Device
    over: Callable[[Over], None]
    fails: CastFailed | None = None
    plays: tuple[str, ...] = ("webrtc", "hls")
    when_shown: Callable[[], None] = lambda: None
    refuses: tuple[str, ...] = ()
    unpaired: bool = False  # it says so of what it does not play
    shown: list[Picture] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)  # names of cameras that it said are waking
    stopped: bool = False

    def show(self, picture: Picture) -> None:
        if self.fails:
            raise self.fails
        self.shown.append(picture)
        self.when_shown()
        if picture.protocol not in self.plays:
            failed = CastFailed("not_played", self.device.name)
            failed.unpaired = self.unpaired
            raise failed
        if picture.url.startswith(self.refuses):
            raise CastFailed("not_played", self.device.name, said=True)

    def wake(self, name: str) -> None:
        if self.fails:
            raise self.fails
        self.woken.append(name)

    def stop(self) -> None:
        self.stopped = True


class House:
    """`protocols`: of the receiver; `plays`: what it really plays."""

    def __init__(
        self,
        folder: Path,
        protocols: tuple[Literal["webrtc", "hls"], ...] = ("hls",),
        plays: tuple[str, ...] = ("webrtc", "hls"),
    ) -> None:
        self.plays, self.unpaired = plays, False  # whether a TV says that of what it does not play
        self.when_shown: Callable[[], None] = lambda: None
        self.clock = Clock()
        self.wait: Callable[[float], None] = self.clock.wait
        self.home: Household = household(folder, clock=self.clock)
        self.televisions: list[ReadyTelevision] = []
        self.fails: CastFailed | None = None
        self.refuses: tuple[str, ...] = ()
        self.loading, self.may_play = threading.Event(), threading.Event()
        self.may_play.set()
        self.lent: list[tuple[str, str]] = []
        self.unlent: Exception | None = None
        player = Player(
            self.home.owner,
            ConsoleSessions(self.home.store, self.clock),
            self,
            self._connect,
            protocols,
            self.clock,
            lambda seconds: self.wait(seconds),
        )
        self.devices = [LIVING, BEDROOM, SPEAKER]  # at the addresses where they are now
        self.searches = 0
        self.finder = Finder(browse=self._search)
        self.finder.find()
        self.screens = Screens(player, self.finder, self.clock)

    @property
    def account(self) -> str:
        return self.home.account.id

    def show(self, camera: str = "Garden", on: str = LIVING.name, seconds: float = 0.0) -> Showing | Refusal:
        return self.screens.show(self.account, self.home.id(camera), on, seconds)

    def now(self) -> list[tuple[str, str]]:
        return [(showing.name, showing.device.name) for showing in self.screens.now(self.account)]

    def viewer(self) -> Claims:
        """The claims of the grant given out last."""
        return self.home.pictures.warmed[-1][0]

    # as the media process lends doors

    def lend(self, link: str, device: str) -> str:
        if self.unlent:
            raise self.unlent
        self.lent.append((link, device))
        return "http://192.168.1.5:40123"

    def end_link(self, link: str) -> None:
        self.home.pictures.end_link(link)

    def _search(self, seconds: float) -> list[Device]:
        self.searches += 1
        return self.devices

    def _connect(self, device: Device, over: Callable[[Over], None]) -> Shown:
        self.loading.set()
        self.may_play.wait(LONG_S)
        fails = self.fails if device in self.devices else CastFailed("unreachable", device.name)
        made = ReadyTelevision(device, over, fails, self.plays, self.when_shown, self.refuses, self.unpaired)
        self.televisions.append(made)
        return made
