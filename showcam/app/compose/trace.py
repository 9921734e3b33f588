"""Builds what makes traces, for the command and for the console's page."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from showcam.accounts.attempts import Limits
from showcam.app.compose.command import built
from showcam.app.compose.ground import Ground
from showcam.app.settings import Settings
from showcam.console.camera.tracing import NoTrace
from showcam.drivers.camera import Camera
from showcam.drivers.errors import DriverError
from showcam.drivers.ezviz import EZVIZ
from showcam.drivers.ezviz.driver import EzvizDriver
from showcam.drivers.ezviz.trace_lines import Call
from showcam.registry.owner.sign_in import SignIn

if TYPE_CHECKING:
    from showcam.drivers.ezviz.trace.camera import CameraTrace, Doing

type Report = Callable[[Doing], None]  # gets each step when it begins


@contextlib.contextmanager
def signing_in(settings: Settings) -> Iterator[tuple[SignIn, Callable[[], tuple[Call, ...]]]]:
    """Yields the sign-in for any account, and a function that returns the requests of all attempts up to now."""
    with built(settings) as base:
        limits = Limits(per_user=settings.sign_ins_per_user, per_address=settings.sign_ins_per_address)
        # a trace never asks the vendor for a camera's key, not even after a sign-in by a code
        driver = ezviz(base)
        sign_in = SignIn(base.store, [driver], "anyone", origin="owner", limits=limits, vendor_s=settings.sign_in_s)
        yield sign_in, driver.sign_in_calls


def ezviz(base: Ground) -> EzvizDriver:
    """The driver of the only vendor whose cameras are traced."""
    driver = base.of(EzvizDriver)
    assert driver is not None  # it is in every installation
    return driver


def camera_trace(settings: Settings, base: Ground, account: str, camera: Camera, doing: "Report") -> "CameraTrace":
    """`camera` is EZVIZ's, of that account."""
    from showcam.drivers.ezviz.trace.camera import CameraTrace  # with PyAV, which no other page or command needs

    source = next(source for source in base.store.sources(account) if source.id == camera.ref.source)
    return CameraTrace(ezviz(base), source, camera, program(), loopback=settings.vendor_is_here, doing=doing)


@dataclass(frozen=True)
class OwnTracer:
    """Makes traces for the console's page and for the command."""

    settings: Settings
    base: Ground
    kind = EZVIZ.kind

    def take(
        self, account: str, camera: Camera, minutes: int, *, beside: bool, doing: "Report" = lambda _: None
    ) -> bytes:
        from showcam.app.trace.text import written
        from showcam.drivers.ezviz.trace.camera import Wanted

        try:
            made = camera_trace(self.settings, self.base, account, camera, doing)
            return written(made.take(Wanted(minutes * 60, beside=beside)))
        except DriverError:
            raise NoTrace from None


def program() -> tuple[int, int, int]:
    """This program's version."""
    parts = [int(part) if part.isdigit() else 0 for part in [*version("showcam").split("."), "0", "0"][:3]]
    return parts[0], parts[1], parts[2]
