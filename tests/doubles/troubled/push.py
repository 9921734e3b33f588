"""The app's messages with trouble: the broker refuses, forgets or drops its clients, or sends nonsense."""

import json
from typing import Any

from showcam.simulator.app_api.messages import Push, pushed_message
from showcam.simulator.broker import CONNACK, NOT_AUTHORISED, SUBACK, Broker, Client
from showcam.simulator.camera import Camera, Event
from tests.doubles.troubled.trouble import TroubledWorld

DENIED = b"\x80"  # sent in place of the granted quality of a subscription
NONSENSE = (b"{", b"\xff\xfe", b"[" * 20_000, b"null", b'{"ext": 7}', b'{"ext": ",,,"}')


class _Client(Client):
    fault = ""

    def send(self, kind: int, body: bytes = b"", flags: int = 0) -> None:
        """Sends the packet, unless the broker resumes a session whose subscriptions it lost, or denies one.

        The first is of AidenShaw2020/ha-ezviz-doorbell, coordinator.py, _resubscribe.
        """
        if kind == CONNACK and self.fault == "resumed" and body[1] == 0:
            body = bytes([1, 0])
        if kind == SUBACK and self.fault == "denied":
            self._filters.clear()
            body = body[:2] + DENIED * (len(body) - 2)
        super().send(kind, body, flags)


class _Broker(Broker):
    world: TroubledWorld

    def CLIENT(self, name: str, writer: Any) -> Client:  # type: ignore[override]
        client = _Client(name, writer)
        client.fault = self.world.settings.push_fault
        return client


class TroubledPush(Push):
    BROKER = _Broker
    _world: TroubledWorld

    def __init__(self, world: TroubledWorld, sessions: Any) -> None:
        super().__init__(world, sessions)
        assert isinstance(self.broker, _Broker)
        self.broker.world = world

    def _admit(self, name: str, user: str, password: str) -> int:
        if self._world.settings.push_fault == "refuse":
            return NOT_AUTHORISED
        return super()._admit(name, user, password)

    def _happened(self, camera: Camera, event: Event) -> None:
        if event.kind == "press" and self._world.settings.pushes_rings:
            self.publish(camera, json.dumps(pushed_message(camera, event, 0, "Doorbell")).encode())
        super()._happened(camera, event)

    def publish(self, camera: Camera, message: bytes) -> None:
        fault = self._world.settings.push_fault
        for nonsense in NONSENSE if fault == "garbage" else ():
            super().publish(camera, nonsense)
        super().publish(camera, message)
        if fault == "drop":
            self.broker.close()
