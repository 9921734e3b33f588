"""The page of one camera of the owner's own: its name, its login, its address, and its removal."""

from flask import Blueprint, Response, request

from console import pages
from console.adding import LONGEST, Current, why_not
from console.adding_sentences import UNNAMED
from net.text import line
from registry.drivers.lan.address import BadAddress
from registry.drivers.lan.devices import Device
from registry.errors import DriverError
from registry.owner.own_cameras import NotNow, OwnCameras


class OwnCamera:
    def __init__(self, own: OwnCameras, current: Current) -> None:
        self._own, self._current = own, current

    def add_to(self, room: Blueprint) -> None:
        at = "/home/cameras/<camera>/own"
        room.add_url_rule(at, view_func=self.show, methods=["GET"], endpoint="own")
        room.add_url_rule(at, view_func=self.take, methods=["POST"], endpoint="own_step")

    def show(self, camera: str) -> Response:
        account, device = self._device(camera)
        return self._page(camera, device) if account and device else pages.again()

    def take(self, camera: str) -> Response:
        account, device = self._device(camera)
        if not account or device is None:
            return pages.again()
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
        """Why nothing was changed, "" where it was; None: no such step."""
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

    def _device(self, camera: str) -> tuple[str, Device | None]:
        current = self._current()
        if current is None or not current.account:
            return "", None
        return current.account, self._own.find(current.account, camera)

    def _page(self, camera: str, device: Device, status: int = 200, error: str = "") -> Response:
        form = request.form
        return pages.rendered(
            "own_camera",
            status,
            error=pages.say(error) if error else "",
            camera=camera,
            device=device,
            step=form.get("step", ""),
            user=form.get("user", device.user),
            address=form.get("address", device.moved or device.host),
        )
