"""Alexa.ReportState: every retrievable property of a camera."""

from alexa.controls import Controls
from alexa.directive import Directive
from alexa.event import Reply
from alexa.state import properties
from store.records import Link


class StateReport:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def report(self, link: Link, camera_id: str, _directive: Directive, reply: Reply) -> bytes:
        """An offline camera is reported UNREACHABLE; an error is only what keeps its state from being read."""
        return reply.event("Alexa", "StateReport", {}, properties(self._controls.read(link, camera_id, reply)))
