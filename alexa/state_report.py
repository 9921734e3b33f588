"""Alexa.ReportState: every retrievable property of a camera, which is its EndpointHealth."""

from alexa.directive import Directive
from alexa.endpoint_health import connectivity
from alexa.errors import refused
from alexa.event import Reply
from registry.gate import not_found
from registry.registry import Registry
from store.records import Link

SAMPLE_MS = 1000  # how long the vendor may have taken to tell
_UNTOLD = ("signed_out", "vendor_down", "vendor_busy")


class StateReport:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def report(self, link: Link, camera_id: str, _directive: Directive, reply: Reply) -> bytes:
        """An offline camera is reported UNREACHABLE; an error is only what keeps its state from being read."""
        state = self._registry.states(link, (camera_id,)).get(camera_id)
        if state is None:
            raise refused(not_found(), link.locale)
        if state.refusal is not None and state.refusal.reason in _UNTOLD:
            raise refused(state.refusal, link.locale)
        camera = state.camera
        properties = [connectivity(camera.online == "on", camera.as_of, SAMPLE_MS)]
        return reply.event("Alexa", "StateReport", {}, properties)
