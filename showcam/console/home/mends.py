"""The owner's possible actions, at a camera's tile, against an obstacle to its picture."""

from collections.abc import Mapping
from typing import Literal

from showcam.drivers.camera import Camera
from showcam.drivers.errors import Reason
from showcam.registry.owner.owner import Owner
from showcam.registry.readings.changes import AwaitedChanges as Changes

# `open_way`: allow the open connection. `off`: switch Image Encryption off. `code`: decide to show the camera, get the
# key or give the code. `wake`: end Sleep Mode. `sound`: switch Audio on. `home_code`: give the code for the home
# network. `local`: ask the camera itself at home. `trust`: take the new certificate of the server of keys.
type Mend = Literal["open_way", "off", "code", "wake", "sound", "home_code", "local", "trust"]

# For each reason, the field of a camera and the value that ends the reason.
_ENDS: Mapping[Reason, tuple[str, str]] = {
    "encryption_on": ("encryption", "off"),
    "asleep": ("asleep", "off"),
    "audio_off": ("audio", "on"),
}
_OF_CAMERA: frozenset[Reason] = frozenset(
    {"encryption_on", "code_wrong", "asleep", "not_agreed", "no_way", "silent", "key_server_changed"}
)


class Mends:
    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def found(self, account: str, camera_id: str, reason: Reason) -> Camera | None:
        """Returns the camera as last known if a fix depends on it, else None."""
        return self._owner.camera(account, camera_id) if reason in _OF_CAMERA else None

    def of(self, account: str, camera: Camera, reason: Reason) -> tuple[Mend, ...]:
        """Lists the fixes, the plain fix first. Only the owner may use a camera's switches. Raises Unavailable."""
        mends: list[Mend] = []
        if reason == "not_agreed":
            mends.append("open_way")
        if reason == "asleep" and camera.owner == "own":
            mends.append("wake")
        if reason == "audio_off" and camera.owner == "own":
            mends.append("sound")
        if reason == "silent" and "local" not in camera.ways and self._owner.codes.may_ask(account, camera):
            mends.append("local")
        if reason == "key_server_changed" and self._owner.codes.may_ask(account, camera):
            mends.append("trust")
        if reason == "code_wrong":
            return self._codes(account, camera)
        if reason == "encryption_on":
            of_encryption = self._of_encryption(account, camera)
            # the plain fix first, unless the owner decided otherwise
            decided = self._owner.preferences(account, camera.id).while_encrypted == "code"
            mends += reversed(of_encryption) if decided else of_encryption
            mends += ["home_code"] if self._lacks_home_code(account, camera) else []
        if reason in ("not_agreed", "no_way") and self._owner.codes.takes(account, camera):
            mends.append("home_code")
        return tuple(mends)

    def _of_encryption(self, account: str, camera: Camera) -> list[Mend]:
        mends: list[Mend] = []
        if camera.encryption == "on":
            if camera.owner == "own":
                mends.append("off")
            if self._owner.encrypted.may_be_deciphered(account, camera):
                mends.append("code")
        return mends

    def _lacks_home_code(self, account: str, camera: Camera) -> bool:
        """Tells whether the camera is to be shown at home while it is encrypted, and has no code for that yet."""
        decided = self._owner.preferences(account, camera.id).while_encrypted
        return decided == "lan" and "lan" not in camera.ways and self._owner.codes.takes(account, camera)

    def _codes(self, account: str, camera: Camera) -> tuple[Mend, ...]:
        """Lists the wrong code first: the code that deciphers the picture, or the code for the home network."""
        at_home: list[Mend] = ["home_code"] if self._owner.codes.takes(account, camera) else []
        others = self._of_encryption(account, camera)
        if self._owner.preferences(account, camera.id).while_encrypted == "code":
            return (*reversed(others), *at_home)
        return (*at_home, *others)


def is_asked_for(camera: Camera, reason: Reason, awaited: Changes) -> bool:
    """Tells whether the reason ends automatically, as soon as the camera shows the change that was asked for."""
    field, value = _ENDS.get(reason, ("", ""))
    return bool(field) and awaited.get((camera.id, field)) == value
