"""Changing a camera by voice: as far as its owner allows, read back, and answered with all of its state."""

from collections.abc import Callable
from typing import Never

from msgspec import Raw

from alexa.errors import InvalidValue, refused
from alexa.event import Reply
from registry.camera import Camera, Refusal
from registry.gate.gate import not_found, overruled
from registry.registry import Registry
from registry.settings import BadValue
from store.records import Link

UNTOLD = ("signed_out", "vendor_down", "vendor_busy")  # what keeps a camera's state from being read


class Controls:
    """`properties` renders a camera's state for an event's context."""

    def __init__(self, registry: Registry, properties: Callable[[Camera], Raw]) -> None:
        self._registry, self._properties = registry, properties

    def change(self, link: Link, camera_id: str, setting: str, value: str, reply: Reply) -> bytes:
        """A Response with the state as it was read back; a refusal names the place where it can be changed."""
        try:
            camera = self._registry.change(link, camera_id, setting, value, within_s=reply.left_s)
        except BadValue as error:
            raise InvalidValue(str(error)) from None
        if isinstance(camera, Refusal):
            raise refused(camera, link.locale)
        return reply.event("Alexa", "Response", {}, self._properties(camera))

    def unchanged(self, link: Link, camera_id: str, reply: Reply) -> bytes:
        """A Response to what was asked for and is so already."""
        return reply.event("Alexa", "Response", {}, self._properties(self.read(link, camera_id, reply)))

    def refuse_encryption(self, link: Link, camera_id: str, reply: Reply) -> Never:
        raise refused(overruled("encryption_by_voice", self.read(link, camera_id, reply)), link.locale)

    def read(self, link: Link, camera_id: str, reply: Reply) -> Camera:
        """As last told, a minute ago at most; an error where that can't be had."""
        state = self._registry.states(link, (camera_id,), reply.left_s).get(camera_id)
        if state is None:
            raise refused(not_found(), link.locale)
        if state.refusal is not None and state.refusal.reason in UNTOLD:
            raise refused(state.refusal, link.locale)
        return state.camera
