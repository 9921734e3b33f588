"""Image Encryption by the app's API: the label's code, the code EZVIZ mails instead, and a password of one's own.

The code that deciphers a picture is the one on the label, or the password set since (reference: "Encryption of the
picture"). The vendor lists its digest, so a code is checked here, and one that no longer fits is found with the list.

Each code is sent once. Where the vendor lists the code's digest, a wrong code is found here, and so distinguished from
newer firmware, which refuses the right code too and wants a mailed one.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from net.incoming import JsonObject
from registry.camera import Camera, PictureCode
from registry.errors import SetRefused

if TYPE_CHECKING:
    from registry.drivers.ezviz.client import Client

TOO_OFTEN = 1041
WRONG_CODE = 1011  # or: a mailed code is wanted
MAILED = re.compile(r"[0-9]{4}")
LONGEST_PASSWORD = 12
KEY_BYTES = 16


def turn(client: "Client", camera: Camera, on: bool, code: str, user: str) -> None:
    """Raises SetRefused, and PyEzvizError for what has nothing to do with codes."""
    from registry.drivers.ezviz.client import PyEzvizError

    if camera.owner != "own":
        raise SetRefused("unsupported")
    right = is_right(client.pages("STATUS"), camera.ref.serial, code) if code else None
    mailed = right is not True and MAILED.fullmatch(code) is not None
    if right is False and not on and not mailed:
        raise SetRefused("wrong_code")
    try:
        client.set_video_enc(camera.ref.serial, 1 if on else 0, camera_verification_code=code or None)
    except PyEzvizError:
        if client.code != WRONG_CODE:
            raise
        if mailed:
            raise SetRefused("wrong_mailed_code") from None
        if not right:
            raise SetRefused("wrong_code") from None
        _mail_code(client, user)
        raise SetRefused("code_mailed") from None


def _mail_code(client: "Client", user: str) -> None:
    from registry.drivers.ezviz.client import PyEzvizError

    try:
        client.get_2fa_check_code("DEVICE_ENCRYPTION", user)
    except PyEzvizError:
        if client.code != TOO_OFTEN:  # else one is on its way already
            raise


def change_password(client: "Client", camera: Camera, old: str, new: str) -> None:
    """Changes the password of encrypted pictures. Raises SetRefused."""
    from registry.drivers.ezviz.client import PyEzvizError

    if camera.owner != "own":
        raise SetRefused("unsupported")
    if is_right(client.pages("STATUS"), camera.ref.serial, old) is False:
        raise SetRefused("wrong_code")
    try:
        client.set_video_enc(camera.ref.serial, 2, old_password=old, new_password=new)
    except PyEzvizError:
        if client.code != WRONG_CODE:
            raise
        raise SetRefused("wrong_code") from None


def key_of(code: str) -> bytes:
    """The AES-128 key of the camera's pictures."""
    return code.encode()[:KEY_BYTES].ljust(KEY_BYTES, b"\0")


def judged(
    cameras: tuple[Camera, ...], pages: Iterable[JsonObject], codes: Mapping[str, str]
) -> tuple[Camera, ...]:
    """The same cameras, those with a code of these, by serial, with whether it still fits."""
    known = list(pages)
    found: dict[str, PictureCode] = {serial: _judged(known, serial, code) for serial, code in codes.items()}
    return tuple(
        replace(camera, picture_code=found[camera.ref.serial]) if camera.ref.serial in found else camera
        for camera in cameras
    )


def _judged(pages: list[JsonObject], serial: str, code: str) -> PictureCode:
    right = is_right(pages, serial, code)
    return "unknown" if right is None else "fits" if right else "wrong"


def is_right(pages: list[JsonObject], serial: str, code: str) -> bool | None:
    """Whether it is the camera's code, by the digest that the vendor lists; None without one."""
    for page in pages:
        digest = ((page.get("STATUS") or {}).get(serial) or {}).get("encryptPwd")
        if isinstance(digest, str) and digest:
            once = hashlib.md5(code.encode(), usedforsecurity=False).hexdigest()
            twice = hashlib.md5(once.encode(), usedforsecurity=False).hexdigest()
            return hmac.compare_digest(twice.encode(), digest.lower().encode())
    return None
