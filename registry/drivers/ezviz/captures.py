"""Stills that the vendor has a camera make, without a stream: of a battery camera that sleeps.

`PUT /v3/devconfig/v1/{serial}/{channel}/capture` answers with the address of a JPEG (github.com/cristianojmiranda/
hikcloudstream, github.com/AidenShaw2020/ha-ezviz-doorbell). While Image Encryption is on its bytes begin with
"hikencodepicture", as those of alarms do (github.com/RenierM26/pyEzvizApi, utils.py).
"""

import hashlib
import hmac
import time

from net.cache import Recent
from net.exchange import Exchange
from registry.camera import Camera, Ref
from registry.drivers.ezviz.account import EzvizAccount
from registry.drivers.ezviz.encryption import key_of
from registry.drivers.vendor_http import VendorHttp
from registry.errors import DriverError, Refused, VendorDown
from store.records import Source

ENCODED = b"hikencodepicture"
DIGEST = 32  # bytes of hexadecimal digits behind it: of the password
JPEG = b"\xff\xd8\xff"
_IV = b"01234567" + bytes(8)
IN_VAIN_S = 600.0  # a camera that gave none is not asked for one again sooner
ASK_S = 4.0  # the vendor has this for one; its other calls for the account wait meanwhile
MANY = 4096


class Captures:
    def __init__(self, account: EzvizAccount, http: VendorHttp) -> None:
        self._account, self._http = account, http
        self._in_vain: Recent[Ref, float] = Recent(MANY)  # since when

    def of(self, source: Source, camera: Camera, code: str, deadline_s: float) -> bytes | None:
        """A JPEG of now; None where the camera gives none. `code`: deciphers it, or "" where its owner wants that not.

        Raises Refused for what can't be deciphered.
        """
        end = time.monotonic() + deadline_s
        since = self._in_vain.get(camera.ref)
        if since is not None and time.monotonic() - since < IN_VAIN_S:
            return None
        try:
            url = self._account.capture(source, camera, min(ASK_S, deadline_s))
            with Exchange(end - time.monotonic()) as exchange:
                page = self._http.fetch(url, exchange.left, {})
        except DriverError as error:
            if isinstance(error, VendorDown):
                self._in_vain.put(camera.ref, time.monotonic())
            return None
        still = deciphered(page.body, code) if page.status == 200 else b""
        return still if still.startswith(JPEG) else None


def deciphered(data: bytes, code: str) -> bytes:
    """A still as JPEG. Raises Refused: encryption_on where it is encrypted and there is no code, else code_wrong."""
    if not data.startswith(ENCODED):
        return data
    if not code:
        raise Refused("encryption_on", "the still is encrypted")
    digest, body = data[len(ENCODED) : len(ENCODED) + DIGEST], data[len(ENCODED) + DIGEST :]
    if not hmac.compare_digest(digest, digest_of(code)) or not body or len(body) % 16:
        raise Refused("code_wrong", "the still is encrypted with another code")
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    cipher = Cipher(AES(key_of(code)), CBC(_IV)).decryptor()
    clear = cipher.update(body) + cipher.finalize()
    return clear[: -clear[-1]] if 0 < clear[-1] <= 16 else clear


def digest_of(code: str) -> bytes:
    once = hashlib.md5(code.encode(), usedforsecurity=False).hexdigest()
    return hashlib.md5(once.encode(), usedforsecurity=False).hexdigest().encode()
