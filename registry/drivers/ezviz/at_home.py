"""An EZVIZ camera in the house: by RTSP, or else by its own protocol, where the installation permits that."""

import time
from copy import replace

from msgspec import structs

from media.grants import Picture
from media.source import SourceSpec
from registry.camera import Camera
from registry.drivers.ezviz.account import EzvizAccount
from registry.drivers.ezviz.lan import Lan
from registry.drivers.ezviz.local import NO_RTSP, PROBE_S, Local
from registry.errors import Refused
from store.records import Source

LOCAL = "local "  # before a serial, in what is given back when a picture by the camera's own protocol is over


class AtHome:
    """Raises registry.errors.Refused. `local` None: by RTSP alone."""

    def __init__(self, account: EzvizAccount, lan: Lan, local: Local | None) -> None:
        self._account, self._lan, self._local = account, lan, local

    def mint(self, source: Source, camera: Camera, code: str, picture: Picture, deadline_s: float) -> SourceSpec:
        end = time.monotonic() + deadline_s
        try:
            return self._lan.open(camera, code, deadline_s, picture)
        except Refused as refused:
            # that way an encrypted picture stays so
            is_hidden = camera.encryption == "on" and camera.picture_code == "none"
            if self._local is None or refused.reason not in NO_RTSP or is_hidden:
                raise
            host, ports = self._lan.own(camera)
            spec = self._local.open(source, camera, host, ports, refused, end - time.monotonic(), picture)
            return replace(spec, release=f"{LOCAL}{camera.ref.serial}")

    def ended(self, source: Source, release: str, reason: str) -> None:
        """Note that a picture is over, whose `release` began with LOCAL. `reason`: why none came, "" where one did."""
        if self._local is not None:
            self._local.ended(source, release.removeprefix(LOCAL), reason)

    def try_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        """Try it at the camera; of one that has its own protocol alone, compare it with what the vendor lists."""
        end, place = time.monotonic() + deadline_s, ""

        def at(left_s: float) -> str:
            nonlocal place
            place = self._account.place(source, camera, left_s)
            return place

        try:
            self._lan.open_door(camera, at, code, deadline_s)
        except Refused as refused:
            if self._local is None or refused.reason not in NO_RTSP or not place:
                raise
            host, ports = self._lan.own(structs.replace(camera, lan=place))
            if not self._local.answers(host, ports, PROBE_S):
                raise
            right = self._account.is_picture_code(source, camera, code, end - time.monotonic())
            if right is None:
                raise
            if not right:
                raise Refused("code_wrong", "not what the vendor lists") from None
