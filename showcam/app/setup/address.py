"""The public address: kept as a setting, and given by Tailscale Funnel at an owner's press or command."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from showcam.app.process.kept import Installation
from showcam.app.process.settings_sources import SettingsError
from showcam.app.setup import tailscale
from showcam.app.setup.tailscale import ADMIN, Tailscale, TailscaleFailed
from showcam.console.exposing import Stage
from showcam.store.ports import StoreUnavailable

log = structlog.get_logger()

PATIENCE_S = 1800.0  # a person makes an account at Tailscale, and allows Funnel there
PAUSE_S = 2.0  # between two looks whether the person has done so

type Find = Callable[[], Tailscale | None]


class AddressKeeper:
    """Keeps the public address of a name; a proxy or tunnel on this machine is then believed.

    `data` is the folder for the file that Caddy reads.
    """

    def __init__(self, installation: Installation, data: Path) -> None:
        self._installation, self._caddyfile = installation, data / "Caddyfile"

    def keep(self, name: str) -> bool:
        if not self.may_keep():
            return False
        trusted = self._installation.changeable({"trusted_proxies": "127.0.0.1"})
        self._installation.change({"public_url": f"https://{name}"} | trusted)
        return True

    def may_keep(self) -> bool:
        """Returns False if the settings file or the environment gives an address, which counts more."""
        return bool(self._installation.changeable({"public_url": ""}))

    def forget(self) -> bool:
        """Forgets the kept address. Returns False if something else gives one."""
        names = self._installation.changeable({"public_url": "", "trusted_proxies": ""})
        self._installation.change(dict.fromkeys(names))
        return "public_url" in names

    def write(self, caddyfile: str) -> None:
        self._caddyfile.write_text(f"{caddyfile}\n")

    def written(self) -> str:
        return str(self._caddyfile.absolute()) if self._caddyfile.is_file() else ""

    def is_held_up(self) -> bool:
        return self._installation.is_held_up()

    def apply_now(self) -> None:
        self._installation.apply_now()


def targets(port: int, media_port: int) -> dict[str, str]:
    """The address that each path of the public name leads to.

    Tailscale replaces the path of a mount by the path of its target: github.com/tailscale/tailscale/issues/6571.
    """
    return {"/": f"http://127.0.0.1:{port}", "/s": f"http://127.0.0.1:{media_port}/s"}


class Exposing:
    """Goes from nothing to a public address. `port` and `media_port` are those of the pages and of the video.

    `patience_s` and `pause_s` are for what a person does at Tailscale.
    """

    def __init__(
        self,
        keeper: AddressKeeper,
        port: int,
        media_port: int,
        find: Find = tailscale.find,
        *,
        patience_s: float = PATIENCE_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._keeper, self._find = keeper, find
        self._targets = targets(port, media_port)
        self._patience_s, self._pause_s = patience_s, pause_s
        self._stage, self._stop, self._lock = Stage(), threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None

    def stage(self) -> Stage:
        return self._stage

    def drawn(self, link: str) -> str:
        import segno  # most processes with pages draw no code

        code: str = segno.make(link, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
        return code

    def begin(self) -> None:
        with self._lock:
            if self._stage.waits:
                return
            self._stage, self._stop = Stage("working"), threading.Event()
            self._thread = threading.Thread(target=self._follow, args=(self._stop,), name="expose", daemon=True)
            self._thread.start()

    def end(self) -> Stage:
        self._stop.set()
        if self._thread is not None:  # else the thread could open what is closed here
            self._thread.join()
        try:
            self._close()
            self._stage = Stage()
        except TailscaleFailed as failed:
            self._stage = _refused(failed)
        return self._stage

    def walk(self) -> Iterator[Stage]:
        """Yields what a person must do now, each time the person must be waited for; at last the outcome."""
        give_up = time.monotonic() + self._patience_s
        try:
            for stage in self._steps():
                if stage.waits and time.monotonic() > give_up:
                    stage = Stage("refused", why="late")
                yield stage
                if not stage.waits:
                    return
        except TailscaleFailed as failed:
            yield _refused(failed)
        except (SettingsError, StoreUnavailable) as error:
            yield Stage("refused", why="failed", detail=str(error))

    def _follow(self, stop: threading.Event) -> None:
        for stage in self.walk():
            if stop.is_set():
                return
            self._stage = stage
            if stage.waits and stop.wait(self._pause_s):
                return
        log.info("the way to a public address has ended", stand=self._stage.stand, why=self._stage.why)

    def _steps(self) -> Iterator[Stage]:
        program = self._program()
        while (node := program.node()).state != "Running":
            if node.state == "NeedsMachineAuth":
                yield Stage("approve", link=ADMIN)
            elif node.link:
                yield Stage("sign_in", link=node.link)
            else:
                program.begin()
                yield Stage("working")
        if not node.name:
            raise TailscaleFailed("no_name")
        if not self._keeper.may_keep():  # before the internet is let in
            raise TailscaleFailed("given_elsewhere")
        while closed := self._closed(program, node.name):
            if link := program.open(closed[0], self._targets[closed[0]]):
                yield Stage("allow", link=link)
            elif self._closed(program, node.name) == closed:
                raise TailscaleFailed("failed")
        if not self._keeper.keep(node.name):
            raise TailscaleFailed("given_elsewhere")
        yield Stage("done")

    def _closed(self, program: Tailscale, name: str) -> list[str]:
        """Lists the paths that the internet does not reach. Raises TailscaleFailed if one leads to another program."""
        served = program.served()
        there = served.targets(name)
        if any(there.get(path, target) != target for path, target in self._targets.items()):
            raise TailscaleFailed("taken")
        return [path for path in self._targets if path not in there or not served.is_public(name)]

    def _close(self) -> None:
        """Closes each path that leads here, and no other program's. Then forgets the address."""
        program = self._program()
        name = program.node().name
        there = program.served().targets(name)
        for path, target in reversed(self._targets.items()):
            if there.get(path) == target:
                program.close(path)
        if not self._keeper.forget():
            raise TailscaleFailed("given_elsewhere")

    def _program(self) -> Tailscale:
        found = self._find()
        if found is None:
            raise TailscaleFailed("missing")
        return found


def _refused(failed: TailscaleFailed) -> Stage:
    return Stage("refused", why=failed.why, detail=failed.detail)
