"""The pages of cameras of one's own: a browser at them, and what answers when the house is looked through."""

import threading
import time
from collections.abc import Sequence

from showcam.drivers.camera import is_own
from showcam.drivers.lan.devices import Device
from showcam.drivers.lan.search import Candidate, Heard
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE
from tests.doubles.waiting import LONG_S

ADD = "/home/cameras/add"


class House:
    """What answers when the house is looked through; `goes` lets a search go on."""

    def __init__(self) -> None:
        self.found: list[Candidate] = []
        self.looked: list[bool] = []
        self.goes = threading.Event()
        self.goes.set()
        self.broken = False

    def find(self, known: Sequence[Device], look: bool, heard: Heard) -> Sequence[Candidate]:
        self.looked.append(look)
        heard(64, 253)
        assert self.goes.wait(2 * LONG_S)
        if self.broken:
            raise OSError("no network")
        return self.found


class Pages:
    """A browser at the pages."""

    def __init__(self, world: HomeWorld) -> None:
        self.world, self.browser = world, world.signed_in()
        self.account = world.home.account.id

    def get(self, path: str = ADD) -> HomeBrowser:
        self.browser.answer = self.browser.ask("GET", path)
        return self.browser

    def post(self, path: str = ADD, **form: str) -> HomeBrowser:
        given = {"csrf_token": self.browser.token} | form
        answer = self.browser.ask("POST", path, data=given)
        self.browser.answer = answer
        return self.get(answer.headers["Location"].partition("#")[0]) if answer.status_code == 303 else self.browser

    def ended(self) -> HomeBrowser:
        """The page after a search."""
        deadline = time.monotonic() + LONG_S
        while "data-runs" in self.get().answer.text:  # type: ignore[union-attr]
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self.browser

    def attempt(self, camera: RtspCamera, password: str = CODE, path: str = PATH, **more: str) -> HomeBrowser:
        self.get()
        address = f"rtsp://127.0.0.1:{camera.port}{path}"
        return self.post(address=address, user="admin", password=password, **more)

    @property
    def own(self) -> dict[str, str]:
        """The ids of the household's own cameras, by name."""
        listed = self.world.home.owner.cameras(self.account).cameras
        return {camera.name: camera.id for camera in listed if is_own(camera.id)}
