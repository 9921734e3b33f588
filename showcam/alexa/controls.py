"""Changes a camera by voice as far as its owner allows, reads the change back, and answers with the whole state."""

from typing import Never

from showcam.alexa.errors import InvalidValue, refused
from showcam.alexa.interface import Answer, CameraDirective
from showcam.alexa.message import EMPTY
from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.settings import Asked, BadValue
from showcam.registry.gate.gate import not_found, overruled
from showcam.registry.registry import Registry

STATE_UNREAD = ("signed_out", "no_internet", "vendor_down", "vendor_busy")  # with these reasons no state could be read


class Controls:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def change(self, directive: CameraDirective, setting: str, value: str) -> Answer:
        """Changes a setting. The Response holds the state as read back, or as showcam asked the vendor for it.

        Alexa waits for no later word. A refusal says where the setting can be changed instead.
        """
        try:
            changed = self._registry.change(
                directive.link, directive.camera_id, setting, value, within_s=directive.left_s
            )
        except BadValue as error:
            raise InvalidValue(str(error)) from None
        if isinstance(changed, Refusal):
            raise refused(changed, directive.link.locale)
        return Answer("Alexa", "Response", EMPTY, changed.camera if isinstance(changed, Asked) else changed)

    def unchanged(self, directive: CameraDirective) -> Answer:
        """A Response to a directive whose wish is already met."""
        return Answer("Alexa", "Response", EMPTY, self.read(directive))

    def refuse_encryption(self, directive: CameraDirective) -> Never:
        raise refused(overruled("encryption_by_voice", self.read(directive)), directive.link.locale)

    def read(self, directive: CameraDirective) -> Camera:
        """The camera from a reading at most a minute old. Raises DirectiveError without one."""
        state = self._registry.states(directive.link, (directive.camera_id,), directive.left_s).get(directive.camera_id)
        if state is None:
            raise refused(not_found(), directive.link.locale)
        if state.refusal is not None and state.refusal.reason in STATE_UNREAD:
            raise refused(state.refusal, directive.link.locale)
        return state.camera
