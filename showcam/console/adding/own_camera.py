"""The page of an owner's own camera: its name, its login, its address, and its removal."""

from flask import Response, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.adding.page import LONGEST, why_not
from showcam.console.adding.sentences import UNNAMED
from showcam.console.look import pages
from showcam.console.look.area import FORM, Area, Rule
from showcam.drivers.errors import DriverError
from showcam.drivers.lan.devices import BadAddress, Device
from showcam.net.text import line
from showcam.registry.owner.own_cameras import NotNow, OwnCameras


class OwnCamera:
    def __init__(self, own: OwnCameras, area: Area) -> None:
        self._own, self._area = own, area

    def rules(self) -> list[Rule]:
        return [("/home/cameras/<camera>/own", "own", self.view, FORM)]

    def view(self, current: ConsoleSession, camera: str) -> Response:
        device = self._own.find(current.account, camera)
        if device is None:
            return pages.again()
        return self._take(current.account, camera, device) if request.method == "POST" else self._page(camera, device)

    def _take(self, account: str, camera: str, device: Device) -> Response:
        if max(map(len, request.form.values()), default=0) > LONGEST:
            return pages.problem("request")
        try:
            error = self._step(account, device)
        except (BadAddress, NotNow, DriverError) as failed:
            error = why_not(failed)
        if error is None:
            return pages.problem("request")
        return self._page(camera, device, 403, error) if error else pages.again(camera)

    def _step(self, account: str, device: Device) -> str | None:
        """Returns why nothing was changed, "" if something was, or None if there is no such step."""
        form = request.form
        match form.get("step", ""):
            case "rename":
                if not line(form.get("name", "")):
                    return UNNAMED
                self._own.rename(account, device, form["name"])
            case "login":
                self._own.login(account, device, form.get("user", ""), form.get("password", ""))
            case "move":
                self._own.move(account, device, form.get("address", ""))
            case "remove":
                self._own.remove(account, device)
            case _:
                return None
        return ""

    def _page(self, camera: str, device: Device, status: int = 200, error: str = "") -> Response:
        form = request.form
        return self._area.page(
            "adding/own_camera",
            status,
            error=pages.say(error) if error else "",
            camera=camera,
            device=device,
            step=form.get("step", ""),
            user=form.get("user", device.user),
            address=form.get("address", device.moved or device.host),
        )
