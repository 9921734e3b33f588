"""A camera's page of traces: it explains traces, makes one in the background, shows all bytes to save, and saves it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from flask import Response, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.health.examinations import in_background
from showcam.console.look import pages
from showcam.console.look.area import FORM, Area, Rule
from showcam.drivers.camera import Camera, kind_of
from showcam.i18n.catalogue import mark
from showcam.registry.owner.owner import Owner
from showcam.store.records import HOUR_S

# Errors of a camera's page of traces.
TRACING = {
    "busy": mark("Wait: another trace is running."),
    "none": mark("{vendor} does not answer. Try again in some minutes."),
}

log = logging.getLogger(__name__)

MINUTES = (2, 10, 30)
KEPT_S = HOUR_S  # an unsaved trace is thrown away after this time


class NoTrace(Exception):
    """The vendor did not answer with the list of cameras."""


class Tracer(Protocol):
    @property
    def kind(self) -> str:
        """The kind of sources whose cameras can be traced."""
        ...

    def take(self, account: str, camera: Camera, minutes: int, *, beside: bool) -> bytes:
        """Watches the camera for `minutes`, and returns all the bytes to save. Raises NoTrace."""
        ...


@dataclass
class Making:
    """A trace, only in memory. `ended` is in epoch seconds, 0 while it goes on. `text` is empty if it failed."""

    camera: str
    minutes: int
    began: float
    ended: float = 0.0
    text: bytes = b""


@dataclass
class Traces:
    """One trace at a time for each household, since each opens sessions. Safe to use from many threads."""

    tracer: Tracer
    start: Callable[[Callable[[], None]], None] = in_background
    clock: Callable[[], float] = time.time
    _of: dict[str, Making] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, account: str) -> Making | None:
        """Returns the trace that is being made, or was made in the last hour."""
        with self._lock:
            made = self._of.get(account)
            if made is not None and made.ended and made.ended + KEPT_S < self.clock():
                del self._of[account]
                return None
            return made

    def begin(self, account: str, camera: Camera, minutes: int, *, beside: bool) -> None:
        """Begins a trace, unless another is being made."""
        with self._lock:
            last = self._of.get(account)
            if last is not None and not last.ended:
                return
            begun = self._of[account] = Making(camera.id, minutes, self.clock())
        self.start(lambda: self._take(account, camera, begun, beside=beside))

    def drop(self, account: str) -> None:
        """Throws a finished trace away. A trace that is being made stays."""
        with self._lock:
            made = self._of.get(account)
            if made is not None and made.ended:
                del self._of[account]

    def _take(self, account: str, camera: Camera, begun: Making, *, beside: bool) -> None:
        try:
            begun.text = self.tracer.take(account, camera, begun.minutes, beside=beside)
        except NoTrace:
            log.info("no trace was made: the vendor did not answer with its list")
        except Exception:
            log.exception("a trace could not be made")
        begun.ended = self.clock()


class TracePage:
    def __init__(self, owner: Owner, area: Area, traces: Traces) -> None:
        self._owner, self._area, self._traces = owner, area, traces

    def rules(self) -> list[Rule]:
        return [("/home/cameras/<camera>/trace", "camera_trace", self.view, FORM)]

    def view(self, current: ConsoleSession, camera: str) -> Response:
        known = self._owner.camera(current.account, camera) if kind_of(camera) == self._traces.tracer.kind else None
        if known is None:
            return pages.problem("no_camera")
        if request.method == "GET":
            return self._page(current, known)
        made = self._traces.of(current.account)
        match request.form.get("step", ""):
            case "begin":
                return self._begin(current, known)
            case "save" if made is not None and made.camera == camera and made.text:
                moment = time.strftime("%Y%m%d-%H%M%S", time.localtime(made.ended))
                return pages.saved(made.text, "application/x-ndjson", f"trace-{moment}.ndjson")
            case "drop":
                self._traces.drop(current.account)
                return pages.led(f"/home/cameras/{camera}/trace")
        return pages.problem("request")

    def _begin(self, current: ConsoleSession, camera: Camera) -> Response:
        minutes = request.form.get("minutes", "")
        if minutes not in map(str, MINUTES):
            return pages.problem("request")
        self._traces.begin(current.account, camera, int(minutes), beside="beside" in request.form)
        return pages.led(f"/home/cameras/{camera.id}/trace")

    def _page(self, current: ConsoleSession, camera: Camera) -> Response:
        made = self._traces.of(current.account)
        is_other = made is not None and made.camera != camera.id
        goes_on = made is not None and not made.ended
        error = "busy" if is_other and goes_on else "none" if made and made.ended and not made.text else ""
        return self._area.page(
            "camera/tracing",
            camera=camera,
            made=None if is_other else made,
            goes_on=goes_on,
            preview=made.text.decode() if made is not None and not is_other else "",
            choices=MINUTES,
            usual=MINUTES[1],
            error=pages.say(TRACING[error], vendor=pages.vendor()) if error and not (is_other and not goes_on) else "",
        )
