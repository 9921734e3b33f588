"""Stills that the app has a camera make; encrypted by the camera's password while its Image Encryption is on."""

import io
import secrets
from collections import OrderedDict

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from simulator.camera import Camera
from simulator.pictures.painter import Painter
from simulator.state import md5

MANY = 32
_IV = b"01234567" + bytes(8)


class Captures:
    def __init__(self) -> None:
        self.kept: OrderedDict[str, bytes] = OrderedDict()  # by name, the newest last

    def take(self, camera: Camera, now: float) -> str:
        """The name of a still of now."""
        made = io.BytesIO()
        Painter(camera.scene, *camera.size).still(camera.name, now).convert("RGB").save(made, "JPEG")
        data, name = made.getvalue(), secrets.token_hex(16)
        self.kept[name] = encoded(data, camera.secret) if camera.encrypted(now) else data
        while len(self.kept) > MANY:
            self.kept.popitem(last=False)
        return name


def encoded(data: bytes, password: str) -> bytes:
    """As in life: a heading, the password's digest, AES-128-CBC (github.com/RenierM26/pyEzvizApi, utils.py)."""
    pad = 16 - len(data) % 16
    cipher = Cipher(AES(password.encode()[:16].ljust(16, b"\0")), CBC(_IV)).encryptor()
    body = cipher.update(data + bytes([pad]) * pad) + cipher.finalize()
    return b"hikencodepicture" + md5(md5(password)).encode() + body
