"""EXECUTE: every device of every command, each answered once."""

import time
from typing import Any

from actions import camera_stream
from actions.camera_stream import CameraStream
from actions.errors import NotSupported, Passing, refused
from actions.request import Execution
from registry.camera import Refusal
from registry.registry import Registry
from store.records import Link

BUDGET_S = 4.0  # nothing more is begun after this; each opening has a deadline of its own


class Executions:
    def __init__(self, registry: Registry, public_url: str) -> None:
        self._streams = CameraStream(registry, public_url)

    def execute(self, link: Link, wanted: dict[str, list[Execution]]) -> dict[str, Any]:
        late = time.monotonic() + BUDGET_S
        commands = []
        for camera_id, executions in wanted.items():
            if time.monotonic() < late:
                done = self._done(link, camera_id, executions)
            else:
                done = _failed(Passing.code, "The devices before this one took too long. Ask again.")
            commands.append({"ids": [camera_id], **done})
        return {"commands": commands}

    def _done(self, link: Link, camera_id: str, executions: list[Execution]) -> dict[str, Any]:
        """All of a device's executions, up to the first that fails."""
        states: dict[str, Any] = {"online": True}
        if not executions or any(each.command != camera_stream.COMMAND for each in executions):
            return _failed(NotSupported.code, "showcam does GetCameraStream and nothing else.")
        for each in executions:
            result = self._streams.get(link, camera_id, each.params)
            if isinstance(result, Refusal):
                return refused(result, link.locale)
            states |= result
        return {"status": "SUCCESS", "states": states}


def _failed(code: str, debug: str) -> dict[str, Any]:
    return {"status": "ERROR", "errorCode": code, "debugString": debug}
