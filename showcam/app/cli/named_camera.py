"""The camera that a command names, in its household, and how a refusal ends the command."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

import click

from showcam.app.cli import settings_of, stop
from showcam.app.cli.output import note, progress

if TYPE_CHECKING:
    from showcam.app.compose.command import Household
    from showcam.drivers.camera import Camera, Refusal
    from showcam.drivers.errors import Unavailable


@dataclass(frozen=True)
class NamedCamera:
    home: "Household"
    camera: "Camera"

    @property
    def is_own(self) -> bool:
        """Whether the camera is one of the owner's own cameras, which are in no vendor's account."""
        from showcam.drivers.camera import is_own

        return is_own(self.camera.id)

    @property
    def vendor(self) -> str:
        return self.camera.manufacturer

    def call[T](self, method: Callable[..., "T | Refusal"], *values: Any, doing: str = "") -> T:
        """The result of a method of the owner's view, called for this camera; a refusal ends the command."""
        from showcam.drivers.camera import Refusal

        result = self.ask(method, *values, doing=doing)
        if isinstance(result, Refusal):
            refused(result)
        return result

    def ask[T](self, method: Callable[..., T], *values: Any, doing: str = "") -> T:
        """The result of a method of the owner's view, called for this camera."""
        with progress(doing or ("Asking the camera" if self.is_own else f"Asking {self.vendor}")):
            return method(self.home.account, self.camera.id, *values)


def asking(home: "Household") -> str:
    """The announcement of a wait: it names the vendors that are asked about the household's cameras."""
    from showcam.drivers import vendor_of

    kinds = {source.kind for source in home.store.sources(home.account)}
    house = ["the cameras of the house"] if "lan" in kinds else []
    return f"Asking {' and '.join([*(vendor_of(kind) for kind in sorted(kinds - {'lan'})), *house])}"


def of_household[F: Callable[..., Any]](command: F) -> F:
    """Hands the command `user`; hints of the command then name the same household."""
    whose = "Whose cameras (default: the only household's; demo@example.com's in the demo)."
    return click.option("--user", callback=note, help=whose)(command)


def on_camera(command: Callable[..., None]) -> Callable[..., None]:
    """Hands the command the camera of its first argument, NAME. BadValue ends the command."""

    @click.argument("name")
    @of_household
    @wraps(command)
    def run(name: str, user: str | None, **more: Any) -> None:
        from showcam.app.compose.command import household
        from showcam.drivers.settings import BadValue

        with household(settings_of(), user) as home:
            try:
                command(NamedCamera(home, camera_named(home, name)), **more)
            except BadValue as error:
                stop(f"{error}.")

    return run


def camera_named(home: "Household", name: str) -> "Camera":
    """The camera of this name, or the only camera whose name begins with `name`."""
    from showcam.drivers.errors import Unavailable

    try:
        with progress(asking(home)):
            listed = home.owner.cameras(home.account).cameras
    except Unavailable as error:
        unavailable(error)
    wanted = name.casefold()
    for matches in (
        [camera for camera in listed if camera.name.casefold() == wanted],
        [camera for camera in listed if camera.name.casefold().startswith(wanted)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            app = f"the {matches[0].manufacturer} app"
            stop(f"{len(matches)} cameras are called like that: give them names of their own in {app}.", code=1)
    stop(f"There is no camera {name!r}; there are {', '.join(camera.name for camera in listed) or 'none'}.", code=1)
    raise AssertionError


def unavailable(error: "Unavailable") -> NoReturn:
    from showcam.registry.gate.gate import overruled

    if click.get_current_context().meta.get("showcam.demo"):
        if error.reason == "vendor_down":
            stop("The demo is not running on this machine: start it with showcam run", code=1)
        if error.reason == "signed_out":
            stop(
                "This account has not signed in to the demo yet: link it on the practice page, or: showcam home", code=1
            )
    if error.reason == "signed_out":
        stop(f"showcam is signed out of the {error.vendor} account. Sign in: showcam login", code=1)
    refused(overruled(error.reason, None, error.vendor))


def refused(refusal: "Refusal") -> NoReturn:
    from showcam.registry.gate.reasons import explain

    stop(explain(refusal, "en"), code=1)
