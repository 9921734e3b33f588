"""Changing a camera by voice: as far as its owner allows, read back, and answered with all of its state."""

from typing import Never

from alexa.errors import InvalidValue, refused
from alexa.interface import Answer, Asked
from alexa.message import EMPTY
from registry.camera import Camera, Refusal
from registry.gate.gate import not_found, overruled
from registry.registry import Registry
from registry.settings import BadValue

STATE_UNREAD = ("signed_out", "vendor_down", "vendor_busy")  # what keeps a camera's state from being read


class Controls:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def change(self, asked: Asked, setting: str, value: str) -> Answer:
        """A Response with the state as it was read back; a refusal names the place where it can be changed."""
        try:
            camera = self._registry.change(asked.link, asked.camera_id, setting, value, within_s=asked.left_s)
        except BadValue as error:
            raise InvalidValue(str(error)) from None
        if isinstance(camera, Refusal):
            raise refused(camera, asked.link.locale)
        return Answer("Alexa", "Response", EMPTY, camera)

    def unchanged(self, asked: Asked) -> Answer:
        """A Response to what was asked for and is so already."""
        return Answer("Alexa", "Response", EMPTY, self.read(asked))

    def refuse_encryption(self, asked: Asked) -> Never:
        raise refused(overruled("encryption_by_voice", self.read(asked)), asked.link.locale)

    def read(self, asked: Asked) -> Camera:
        """As it was read a minute ago at most; an error where that can't be had."""
        state = self._registry.states(asked.link, (asked.camera_id,), asked.left_s).get(asked.camera_id)
        if state is None:
            raise refused(not_found(), asked.link.locale)
        if state.refusal is not None and state.refusal.reason in STATE_UNREAD:
            raise refused(state.refusal, asked.link.locale)
        return state.camera
