"""Image Encryption by the app's API: the label's code, the code EZVIZ mails instead, and a password of one's own.

Each code is sent once. Where the vendor lists the code's digest, a wrong code is found here, and so distinguished from
newer firmware, which refuses the right code too and wants a mailed one.
"""

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from net.incoming import JsonObject
from registry.camera import Camera
from registry.errors import SetRefused

if TYPE_CHECKING:
    from registry.drivers.ezviz.client import Client

TOO_OFTEN = 1041
WRONG_CODE = 1011  # or: a mailed code is wanted
EXPIRED = 1012  # of a mailed code
MAILED = re.compile(r"[0-9]{4}")
LONGEST_PASSWORD = 12


def turn(client: "Client", camera: Camera, on: bool, code: str, user: str) -> None:
    """Raises SetRefused, and PyEzvizError for what has nothing to do with codes."""
    from registry.drivers.ezviz.ruled import PyEzvizError

    if camera.owner != "own":
        raise SetRefused("unsupported")
    right = _is_right(client.pages("STATUS"), camera.ref.serial, code) if code else None
    mailed = right is not True and MAILED.fullmatch(code) is not None
    if right is False and not on and not mailed:
        raise SetRefused("wrong_code")
    try:
        client.set_video_enc(camera.ref.serial, 1 if on else 0, camera_verification_code=code or None)
    except PyEzvizError:
        if client.code not in (WRONG_CODE, EXPIRED):
            raise
        if mailed:
            raise SetRefused("wrong_mailed_code") from None
        if not right:
            raise SetRefused("wrong_code") from None
        _mail_code(client, user)
        raise SetRefused("code_mailed") from None


def _mail_code(client: "Client", user: str) -> None:
    from registry.drivers.ezviz.ruled import PyEzvizError

    try:
        client.get_2fa_check_code("DEVICE_ENCRYPTION", user)
    except PyEzvizError:
        if client.code != TOO_OFTEN:  # else one is on its way already
            raise


def change_password(client: "Client", camera: Camera, old: str, new: str) -> None:
    """Changes the password of encrypted pictures. Raises SetRefused."""
    from registry.drivers.ezviz.ruled import PyEzvizError

    if camera.owner != "own":
        raise SetRefused("unsupported")
    if _is_right(client.pages("STATUS"), camera.ref.serial, old) is False:
        raise SetRefused("wrong_code")
    try:
        client.set_video_enc(camera.ref.serial, 2, old_password=old, new_password=new)
    except PyEzvizError:
        if client.code != WRONG_CODE:
            raise
        raise SetRefused("wrong_code") from None


def _is_right(pages: list[JsonObject], serial: str, code: str) -> bool | None:
    """Whether it is the camera's code, by the digest that the vendor lists; None without one."""
    for page in pages:
        digest = (page.get("STATUS") or {}).get(serial, {}).get("encryptPwd")
        if isinstance(digest, str) and digest:
            once = hashlib.md5(code.encode(), usedforsecurity=False).hexdigest()
            twice = hashlib.md5(once.encode(), usedforsecurity=False).hexdigest()
            return hmac.compare_digest(twice.encode(), digest.lower().encode())
    return None
