"""The page that deletes a camera from the vendor's account: what is lost, and the camera's name as consent."""

from flask import Response, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.camera.sentences import CHANGED, IN_APP
from showcam.console.home.encryption import PATIENCE_S
from showcam.console.look import pages
from showcam.console.look.area import FORM, Area, Rule
from showcam.drivers.camera import Camera, Refusal, is_own
from showcam.drivers.settings import Asked, BadValue
from showcam.registry.owner.owner import Owner


class CameraRemoval:
    def __init__(self, owner: Owner, area: Area, patience_s: float = PATIENCE_S) -> None:
        self._owner, self._area, self._patience_s = owner, area, patience_s

    def rules(self) -> list[Rule]:
        return [("/home/cameras/<camera>/delete", "camera_delete", self.view, FORM)]

    def view(self, current: ConsoleSession, camera: str) -> Response:
        if is_own(camera) and pages.is_id(camera):
            return pages.led(f"/home/cameras/{camera}/own")  # the page of an own camera has its removal
        known = self._owner.camera(current.account, camera)
        if known is None:
            return pages.problem("no_camera")
        may = self._owner.may_delete(current.account, camera)
        if isinstance(may, Refusal):
            return self._page(current, known, pages.why(may, IN_APP), offers=False)
        return self._take(current, may) if request.method == "POST" else self._page(current, may)

    def _take(self, current: ConsoleSession, camera: Camera) -> Response:
        with_it = self._with_it(current, camera)
        try:
            name = request.form.get("name", "").strip()
            done = self._owner.delete(current.account, camera.id, name, patience_s=self._patience_s)
        except BadValue:
            return self._page(current, camera, pages.say(CHANGED["other_name"]))
        if isinstance(done, Refusal):
            return self._page(current, camera, pages.why(done))
        return self._area.page("camera/deleted", camera=camera, with_it=with_it, is_listed=isinstance(done, Asked))

    def _page(self, current: ConsoleSession, camera: Camera, why: str = "", *, offers: bool = True) -> Response:
        return self._area.page(
            "camera/removal",
            403 if why and request.method == "POST" else 200,
            camera=camera,
            with_it=self._with_it(current, camera),
            error=why,
            offers=offers,
        )

    def _with_it(self, current: ConsoleSession, camera: Camera) -> str:
        """Returns the names of the device's other channels, which the vendor deletes too."""
        listed = pages.cameras(self._owner, current.account)
        device = (camera.ref.source, camera.ref.serial)
        return ", ".join(
            lens.name for lens in listed if (lens.ref.source, lens.ref.serial) == device and lens.id != camera.id
        )
