"""Gives this machine a public address at an owner's press or command, by Tailscale or Cloudflare, and takes it back."""

import contextlib
import threading
import time
from collections.abc import Generator

import structlog

from showcam.app.process.settings_sources import SettingsError
from showcam.app.setup.address import AddressKeeper
from showcam.app.setup.cloudflare import Tunnel
from showcam.app.setup.programs import ProgramFailed
from showcam.app.setup.tailscale import Funnel
from showcam.console.look import qr_code
from showcam.console.setup.exposing import Held, Stage
from showcam.store.ports import StoreUnavailable

log = structlog.get_logger()

PATIENCE_S = 1800.0  # a person makes an account, and allows there what showcam needs
PAUSE_S = 2.0  # between two looks whether the person has done so

type Way = Funnel | Tunnel


class Exposing:
    """Goes from nothing to a public address. `port` and `media_port` are those of the pages and of the video.

    `patience_s` and `pause_s` are for what a person does at Tailscale or Cloudflare.
    """

    def __init__(
        self,
        keeper: AddressKeeper,
        port: int,
        media_port: int,
        *,
        patience_s: float = PATIENCE_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._keeper, self._ports = keeper, (port, media_port)
        self._patience_s, self._pause_s = patience_s, pause_s
        self._stage, self._stop, self._lock = Stage(), threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None

    def stage(self) -> Stage:
        return self._stage

    def held(self) -> Held | None:
        return self._keeper.held()

    def drawn(self, link: str) -> str:
        return qr_code.svg(link)

    def begin(self, name: str = "") -> None:
        with self._lock:
            if self._stage.waits:
                return
            self._stage, self._stop = Stage("working"), threading.Event()
            self._thread = threading.Thread(target=self._follow, args=(name, self._stop), name="expose", daemon=True)
            self._thread.start()

    def end(self) -> Stage:
        self._stop.set()
        if self._thread is not None:  # else the thread could open what is closed here
            self._thread.join()
        self._stage = Stage()  # if closing raises, the owner can begin again
        held = self._keeper.held()
        way = self._way(held.name if held and held.by == "cloudflare" else "")
        try:
            self._stage = way.close()
        except ProgramFailed as failed:
            self._stage = _refused(failed, way)
        return self._stage

    def walk(self, name: str = "") -> Generator[Stage]:
        """Yields what a person must do now, each time the person must be waited for; at last the outcome.

        `name`: the public name, for Cloudflare. "": the walk goes on with the recorded way, else takes Tailscale.
        """
        try:
            yield from self._walk(name)
        except (SettingsError, StoreUnavailable, OSError) as error:
            yield Stage("refused", why="failed", detail=str(error))

    def _walk(self, name: str) -> Generator[Stage]:
        held = self._keeper.held()
        is_open = held is not None and not held.closed
        way = self._way(held.name if held and is_open and held.by == "cloudflare" else name)
        if held and is_open and name not in ("", held.name):  # the other way would stay open unseen
            yield _refused(ProgramFailed("begun", held.name), way)
            return
        try:
            yield from self._patient(way)
        except ProgramFailed as failed:
            begun = self._keeper.held()
            if begun is not None and not self._keeper.is_kept(begun.name):
                way.undo()
            yield _refused(failed, way)

    def _follow(self, name: str, stop: threading.Event) -> None:
        try:
            with contextlib.closing(self.walk(name)) as walk:  # ends a command that waits for the person
                for stage in walk:
                    if stop.is_set():
                        return
                    self._stage = stage
                    if stage.waits and stop.wait(self._pause_s):
                        return
        except Exception as error:
            log.exception("the way to a public address broke off")
            self._stage = Stage("refused", why="failed", detail=type(error).__name__)
        log.info("the way to a public address has ended", stand=self._stage.stand, why=self._stage.why)

    def _patient(self, way: Way) -> Generator[Stage]:
        if not self._keeper.may_keep():  # before the internet is let in
            raise ProgramFailed("given_elsewhere")
        give_up = time.monotonic() + self._patience_s
        with contextlib.closing(way.steps()) as steps:
            for stage in steps:
                if time.monotonic() > give_up:
                    raise ProgramFailed("late")
                yield stage
        if not self._keeper.keep(way.name):
            raise ProgramFailed("given_elsewhere")
        yield Stage("done")

    def _way(self, name: str) -> Way:
        return Tunnel(self._keeper, name, *self._ports) if name else Funnel(self._keeper, *self._ports)


def _refused(failed: ProgramFailed, way: Way) -> Stage:
    return Stage("refused", why=failed.why, detail=failed.detail, by=way.by)
