"""showcam with a driver of ready answers: a real store, registry, token and both doors, without a vendor."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from actions.fulfillment import Fulfillment
from bench.questions import Check, Question
from showcam.accounts.links import authenticate
from showcam.accounts.pins import Pins
from showcam.alexa.smart_home import SmartHome
from showcam.drivers.camera import Camera, Listed
from showcam.engine.grants import Claims, Picture
from showcam.engine.source import CameraSpec, SourceSpec
from showcam.registry.adapter import adapt
from showcam.registry.streams.history import TOGETHER_S, Later
from showcam.store.records import Source
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import ReadyDriver, camera
from tests.doubles.ready_pictures import ReadyPictures

ADDRESS = "https://home.example"
NO_LIMIT = 1_000_000_000  # of opens a minute


class NoPictures(ReadyPictures):
    """Accepts every stream and records none: a growing list would be timed too."""

    def warm(self, claims: Claims, source: SourceSpec | None, *, timeout_s: float | None = None) -> str:
        return self.at


class NoVendor(ReadyDriver):
    """Makes one address for each camera and records no call: a growing list would be timed too."""

    def __init__(self, cameras: list[Camera]) -> None:
        super().__init__(cameras)
        self._specs: dict[str, CameraSpec] = {}

    def read(self, source: Source, deadline_s: float) -> tuple[Listed, ...]:
        return self._by_source.get(source.id) or super().read(source, deadline_s)

    def mint(
        self,
        source: Source,
        camera: Camera,
        way: str,
        deadline_s: float,
        *,
        picture: Picture = "main",
        life_s: int = 0,
    ) -> CameraSpec:
        spec = self._specs.get(camera.id)
        if spec is None:
            spec = self._specs[camera.id] = super().mint(source, camera, way, deadline_s, picture=picture)
        return spec


def cameras(count: int) -> list[Camera]:
    return [camera(f"Camera {number}", f"F{number:08}") for number in range(count)]


class Doors:
    """Both assistants' doors on one household."""

    def __init__(self, home: Household, database: Path) -> None:
        self.home = home
        self.database = database
        self.skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry)
        self.fulfillment = Fulfillment(
            partial(authenticate, home.store, assistant="google"),
            home.registry,
            lambda link: None,
            ADDRESS,
            Pins(home.store),
        )
        self.tokens = {"alexa": home.token(), "google": home.token(home.another_link("google"))}
        self.camera = home.id("Camera 0")

    def call(self, question: Question) -> Callable[[], bytes]:
        """A call of the question from bytes to bytes, with its token checked; the first answer is checked here."""
        _, assistant, build, checking = question
        token = self.tokens[assistant]
        body = json.dumps(build(token, self.camera)).encode()

        def alexa() -> bytes:
            return self.skill.answer(body)

        def google() -> bytes:
            return self.fulfillment.answer(body, token)[1]

        call = alexa if assistant == "alexa" else google
        right(call(), checking(len(self.home.owner.cameras(self.home.account.id).cameras)))
        return call


def right(answer: bytes, check: Check) -> None:
    """Checks the answer. Raises WrongAnswer."""
    check(json.loads(answer))


@contextmanager
def doors(count: int, *, keeps_history: bool = False) -> Iterator[Doors]:
    """Both doors on a household of `count` cameras, in a new SQLite store.

    `keeps_history`: of what assistants are asked to show, for the owner's page, which no peer has.
    """
    with TemporaryDirectory(prefix="showcam-bench-") as folder:
        home = household(Path(folder), cameras=cameras(count), opens_per_minute=NO_LIMIT)
        vendor = NoVendor(cameras(count))
        home.adapter = adapt(
            home.store,
            {"ezviz": vendor},
            NoPictures(),
            home.grants,
            home.rules,
            later=Later(pause_s=TOGETHER_S),
            keeps="times" if keeps_history else "nothing",
        )
        try:
            yield Doors(home, Path(folder) / "showcam.sqlite3")
        finally:
            home.store.close()
