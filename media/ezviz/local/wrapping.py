"""The cipher that some cameras put around the picture at home, as one public client undoes it: ChaCha20.

The camera's first chunk has its public key and the session's key, enciphered for ours. Each packet has a nonce of its
own. The 32 bytes that end a packet, which sign it, are not looked at.
"""

import base64

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

MOST_PLACES = 16  # at which a key is looked for: each costs some ten microseconds, and a first chunk has one
CHANNEL = 1  # of the picture, once the key is known
_KEYS, _DATA = b"\x24\x01", b"\x24\x02"
_SESSION_KEY, _SESSION_BYTES, _THEIR_BYTES = 0x0B, 32, 91
_LONGEST_KEYS = _SESSION_KEY + 255 + _SESSION_BYTES + _THEIR_BYTES
_PREFIX, _NONCE, _BODY, _SIGNATURE = 4, slice(7, 11), 0x0B, 32
_COUNTER, _REST = bytes(4), bytes(8)  # of the nonce


class NotWrapped(Exception):
    """The first chunk has no key for us. The text quotes nothing of it."""


class Wrapping:
    """The cipher of one session. `public_key`: base64 of a SubjectPublicKeyInfo, for the invitation."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        told = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = base64.b64encode(told).decode()
        self._key = b""

    def opened(self, channel: int, payload: bytes) -> bytes:
        """The part of the stream in a chunk; the first chunk has none. Raises NotWrapped."""
        if not self._key:
            self._key = self._session_key(payload)
            return b""
        packet = payload[_PREFIX:]
        if channel != CHANNEL or not packet.startswith(_DATA) or len(packet) < _BODY + _SIGNATURE:
            return b""
        nonce = _COUNTER + packet[_NONCE] + _REST
        return Cipher(algorithms.ChaCha20(self._key, nonce), None).decryptor().update(packet[_BODY:-_SIGNATURE])

    def _session_key(self, payload: bytes) -> bytes:
        at = -1
        for _ in range(MOST_PLACES):
            at = payload.find(_KEYS, at + 1)
            if at < 0:
                break
            if found := self._key_at(payload[at : at + _LONGEST_KEYS]):
                return found
        raise NotWrapped

    def _key_at(self, packet: bytes) -> bytes:
        """b"" where there is none."""
        begin = _SESSION_KEY + (packet[2] if len(packet) > 2 else 0)
        hidden, theirs = packet[begin : begin + _SESSION_BYTES], packet[begin + _SESSION_BYTES :][:_THEIR_BYTES]
        if len(theirs) < _THEIR_BYTES:
            return b""
        try:
            key = load_der_public_key(theirs)
            if not isinstance(key, ec.EllipticCurvePublicKey):
                return b""
            shared = self._private.exchange(ec.ECDH(), key)
        except (ValueError, UnsupportedAlgorithm):
            return b""
        return Cipher(algorithms.AES(shared), modes.ECB()).decryptor().update(hidden)  # noqa: S305 - the camera's
