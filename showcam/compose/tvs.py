"""The console's TVs, as the worker's door answers for them."""

from cast.door import CastClient
from cast.errors import CastFailed
from console.casting import NotOnTv, OnTv, Tv
from registry.camera import Refusal
from words.catalogue import Language

WAITED_S = 12.0  # on a page; a TV that takes longer goes on


class Failed(NotOnTv):
    def __init__(self, failed: CastFailed) -> None:
        super().__init__()
        self._failed = failed

    def text(self, language: Language) -> str:
        return self._failed.text(language)


class WorkersTvs:
    """`console.casting.Tvs`."""

    def __init__(self, worker: CastClient) -> None:
        self._worker = worker

    def found(self) -> list[Tv]:
        try:
            return [Tv(device.id, device.name) for device in self._worker.devices() if device.kind == "screen"]
        except CastFailed as failed:
            raise Failed(failed) from None

    def now(self, account: str) -> list[OnTv]:
        try:
            shown = self._worker.now(account)
        except CastFailed as failed:
            raise Failed(failed) from None
        return [
            OnTv(Tv(showing.device.id, showing.device.name), showing.name, waking=showing.waking) for showing in shown
        ]

    def show(self, account: str, camera: str, tv: str) -> Refusal | None:
        try:
            begun = self._worker.begin(account, camera, tv, WAITED_S)
        except CastFailed as failed:
            raise Failed(failed) from None
        return begun if isinstance(begun, Refusal) else None

    def stop(self, account: str, tv: str) -> None:
        try:
            self._worker.begin_stop(account, "", tv, WAITED_S)
        except CastFailed as failed:
            raise Failed(failed) from None
