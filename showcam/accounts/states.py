"""The state that a browser takes to a vendor's own page and back (RFC 6749, 10.12), and which door it began at."""

import hashlib
import secrets

from itsdangerous import BadData, URLSafeTimedSerializer

LIFE_S = 300  # a person finishes a vendor's page, or finds a mailed code, within this time


class States:
    """Makes and reads signed states: the first key signs, all verify.

    A door compares the state with the hash that the door has kept.
    """

    def __init__(self, keys: list[bytes]) -> None:
        kind = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._signer = URLSafeTimedSerializer(keys[::-1], salt="showcam sign-in state", signer_kwargs=kind)

    def new(self, began_at: str = "") -> str:
        """Makes a new state. `began_at`: the console's origin, as this browser reaches it; "" for the linking page."""
        return str(self._signer.dumps([began_at, secrets.token_urlsafe(32)]))

    def began_at(self, state: str) -> str | None:
        """The origin in a state; None if showcam did not make the state, or made it more than five minutes ago."""
        try:
            return str(self._signer.loads(state, max_age=LIFE_S)[0])
        except (BadData, TypeError, IndexError):
            return None
