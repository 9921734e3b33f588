"""Image Encryption by the app's API: switching it, its password, and the key of a camera's video.

EZVIZ switches it off without a code, by a code that it mails, or (older firmware) by the code on the label. A wrong
label code is found here by the digest that EZVIZ lists, before EZVIZ counts it. Each code is sent once.

The video is deciphered by the code on the label, by the password set since, or by a key that only EZVIZ knows: on newer
firmware neither code nor password fits (github.com/Bobsilvio/ezviz_hp7, issues 47 and 50). So the listed digest is a
hint, and the video is the judge. To ask for the key makes EZVIZ mail the owner a code, unless the session was signed in
by a code; one key that was got by a code elevates the session for the others (Bahrombekk/cloud-cam-viewer, client.py).
"""

import hashlib
import hmac
import logging
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from net.incoming import JsonObject
from registry.camera import Camera, PictureCode
from registry.drivers.ezviz.codes import set_error
from registry.errors import DriverError, SetRefused, VendorDown, Why

if TYPE_CHECKING:
    from registry.drivers.ezviz.client import Client

log = logging.getLogger(__name__)

WRONG_CODE = 1011  # or: a code is wanted, or another than the label's
MAILED = re.compile(r"[0-9]{4,8}")
KEY = re.compile(r"[!-~]{1,32}")
KEY_VERDICTS = range(1000, 200_000)
VERDICTS = range(1000, 10000)  # codes of what the vendor decides; others are of a service in trouble
LONGEST_PASSWORD = 12
KEY_BYTES = 16

# Result codes of asking for a key, from RenierM26/pyEzvizApi (client.py, get_cam_key) and the issues named above.
_NO_KEY: dict[int, Why] = {
    WRONG_CODE: "wrong_mailed_code",
    1012: "old",
    1041: "too_often",
    1043: "guessed",
    2009: "silent",
    10001: "too_soon",
    20002: "code_mailed",
    120002: "code_mailed",  # the same, as the app of version 7.6.1 names it
}

# Result codes of switching it off and of mailing a code, beside WRONG_CODE.
_REFUSED: dict[int, Why] = {
    1012: "old",
    1041: "too_often",
    1043: "guessed",
    2009: "silent",
    2030: "unsupported",
    5002: "wrong_code",
    10001: "too_soon",
}


def turn_on(client: "Client", camera: Camera) -> None:
    """Raises SetRefused, and PyEzvizError."""
    if camera.owner != "own":
        raise SetRefused("not_permitted")
    client.set_video_enc(camera.ref.serial, 1)


def turn_off(client: "Client", camera: Camera, code: str, user: str) -> None:
    """`code` "": without one, and if the vendor wants one, it is mailed. Raises SetRefused, and PyEzvizError."""
    from registry.drivers.ezviz.ruled import PyEzvizError

    if camera.owner != "own":
        raise SetRefused("not_permitted")
    right = is_right(client.pages("STATUS"), camera.ref.serial, code) if code else None
    is_mailed = right is not True and MAILED.fullmatch(code) is not None
    if right is False and not is_mailed:
        raise SetRefused("wrong_code")
    try:
        client.set_video_enc(camera.ref.serial, 0, camera_verification_code=code or None)
    except PyEzvizError:
        if client.code != WRONG_CODE:
            raise _refused(client.code, code) from None
        if is_mailed:
            raise SetRefused("wrong_mailed_code") from None
        if code and not right:
            raise SetRefused("wrong_code") from None
        _mail_code(client, user)
        raise SetRefused("code_mailed") from None


def _mail_code(client: "Client", user: str) -> None:
    from registry.drivers.ezviz.ruled import PyEzvizError

    try:
        client.get_2fa_check_code("DEVICE_ENCRYPTION", user)
    except PyEzvizError:
        raise _refused(client.code, "") from None


def _refused(result: int | None, code: str) -> DriverError | SetRefused:
    why = _REFUSED.get(result or 0)
    if why == "wrong_code" and not code:
        return SetRefused("code_wanted")
    known = SetRefused(why) if why else set_error(result)
    if known is None and result in VERDICTS:
        log.warning("the vendor refuses to switch Image Encryption, by a code that is in no list: %s", result)
        return SetRefused("not_taken")
    return known or VendorDown(f"code {result}")


def change_password(client: "Client", camera: Camera, old: str, new: str) -> None:
    """Changes the password of encrypted pictures. Raises SetRefused."""
    from registry.drivers.ezviz.ruled import PyEzvizError

    if camera.owner != "own":
        raise SetRefused("not_permitted")
    if is_right(client.pages("STATUS"), camera.ref.serial, old) is False:
        raise SetRefused("wrong_code")
    try:
        client.set_video_enc(camera.ref.serial, 2, old_password=old, new_password=new)
    except PyEzvizError:
        if client.code != WRONG_CODE:
            raise
        raise SetRefused("wrong_code") from None


def ask_key(client: "Client", camera: Camera, code: str) -> str:
    """The password that the camera's video is encrypted with. Raises SetRefused, and PyEzvizError."""
    from registry.drivers.ezviz.ruled import PyEzvizError

    try:
        key = client.camera_key(camera.ref.serial, code)
    except PyEzvizError:
        result = client.code
        why = _NO_KEY.get(result or 0)
        if why == "wrong_mailed_code" and not code:
            why = None
        if why is None and result not in KEY_VERDICTS:
            raise
        if why is None:
            log.warning("the vendor does not hand out a camera's key: code %s", result)
        raise SetRefused(why or "not_given") from None
    if not KEY.fullmatch(key):
        raise SetRefused("not_given")
    return key


def key_of(code: str) -> bytes:
    """The AES-128 key of the camera's pictures."""
    return code.encode()[:KEY_BYTES].ljust(KEY_BYTES, b"\0")


def judged(
    cameras: tuple[Camera, ...], pages: Iterable[JsonObject], codes: Mapping[str, str], videos: Mapping[str, bool]
) -> tuple[Camera, ...]:
    """These cameras; those with a code among `codes`, by serial, with whether it fits. `videos`: what video showed."""
    known = list(pages)
    found: dict[str, PictureCode] = {
        serial: _judged(known, serial, code, videos.get(serial)) for serial, code in codes.items()
    }
    return tuple(
        replace(camera, picture_code=found[camera.ref.serial]) if camera.ref.serial in found else camera
        for camera in cameras
    )


def _judged(pages: list[JsonObject], serial: str, code: str, video: bool | None) -> PictureCode:
    """A code that the list confirms and the video does not is tried again: the video may have been damaged."""
    is_listed = is_right(pages, serial, code) is True
    if video is None:
        return "fits" if is_listed else "unknown"
    return "fits" if video else "unknown" if is_listed else "wrong"


def is_right(pages: list[JsonObject], serial: str, code: str) -> bool | None:
    """Whether it is the camera's code, by the digest that the vendor lists; None without one."""
    for page in pages:
        digest = ((page.get("STATUS") or {}).get(serial) or {}).get("encryptPwd")
        if isinstance(digest, str) and digest:
            once = hashlib.md5(code.encode(), usedforsecurity=False).hexdigest()
            twice = hashlib.md5(once.encode(), usedforsecurity=False).hexdigest()
            return hmac.compare_digest(twice.encode(), digest.lower().encode())
    return None
