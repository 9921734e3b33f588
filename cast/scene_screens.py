"""The registry's port to the TVs, filled by what the worker holds."""

from cast.client import CastClient
from cast.failed import REASONS, CastFailed
from registry.camera import Refusal
from registry.errors import Reason
from registry.scenes import Begun


class SceneScreens:
    """`registry.scenes.Screens`."""

    def __init__(self, worker: CastClient) -> None:
        self._worker = worker

    def show(self, account: str, camera: str, tv: str, within_s: float) -> Refusal | Reason | Begun:
        try:
            return self._worker.begin(account, camera, tv, within_s)
        except CastFailed as error:
            return REASONS[error.why]

    def stop(self, account: str, camera: str, tv: str, within_s: float) -> Reason | None:
        try:
            self._worker.begin_stop(account, camera, tv, within_s)
        except CastFailed as error:
            return REASONS[error.why]
        return None
