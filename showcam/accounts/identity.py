"""Makes ids and keyed hashes. They disclose nothing about the account, camera or user behind them."""

import base64
import hashlib
import hmac
import secrets

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def new_id(length: int = 16) -> str:
    """A random text of lower-case letters and the digits 2 to 7, which URLs, Alexa endpoint ids and table keys take."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_secret() -> str:
    """256 random bits, for a cookie or a code: safe in URLs."""
    return secrets.token_urlsafe(32)


def id_from(secret: str) -> str:
    """An id of the secret: always the same one, and as hard to guess as the secret."""
    return base64.b32encode(hashlib.sha256(f"id|{secret}".encode()).digest())[:16].decode().lower()


def token_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def vendor_key(salt: str, kind: str, user: str) -> str:
    """The key that finds a vendor user's household again. The database does not reveal the user name."""
    message = f"{kind}\x00{user.strip().casefold()}".encode()
    return hmac.digest(salt.encode(), message, hashlib.sha256).hex()


def camera_id(salt: bytes, space: str, serial: str, channel: int) -> str:
    """`{space}-{20 characters}`: the same after a rename and by every API, another one in every account."""
    digest = hmac.digest(salt, f"{space}\x00{serial.upper()}\x00{channel}".encode(), hashlib.sha256)
    number = int.from_bytes(digest[:13])
    return f"{space}-" + "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(20))
