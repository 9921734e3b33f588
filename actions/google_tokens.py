"""The access tokens that a service account's key is exchanged for.

https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from actions.google_key import KeyFile
from showcam.net.exchange import EARLY_S, Unreached
from showcam.net.http import Http

AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/homegraph"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CALL_S = 5.0  # for Google's answer to one call; a Request Sync waits for our own SYNC
LIFE_S = 3600  # of an assertion, the longest that Google takes


class KeyRefused(Exception):
    """Google gave no token for the key, and gives none when it is asked again."""


class GoogleTokens:
    """Access tokens for the key, each kept until shortly before it expires. Safe to use from many threads."""

    def __init__(self, key: KeyFile, http: Http, clock: Callable[[], float] = time.time) -> None:
        self._key, self._http, self._clock = key, http, clock
        self._lock = threading.Lock()
        self._access, self._expires = "", 0.0

    def access(self, dead: str = "") -> str:
        """A token other than `dead`. Raises KeyRefused, Unreached."""
        with self._lock:
            if self._access in ("", dead) or self._expires - EARLY_S <= self._clock():
                self._renew()
            return self._access

    def _renew(self) -> None:
        form = {"grant_type": GRANT, "assertion": self._assertion()}
        reply = self._http.post(self._key.token_uri, form, CALL_S)
        data = reply.data or {}
        access, life_s = data.get("access_token"), data.get("expires_in")
        if reply.status == 200 and isinstance(access, str) and access and isinstance(life_s, int) and life_s > 0:
            self._access, self._expires = access, self._clock() + life_s
            return
        self._access = ""
        if "timeframe" in str(data.get("error_description")):
            raise Unreached("this machine's clock is wrong by more than Google takes")
        if reply.status in (400, 401) and isinstance(data.get("error"), str):
            raise KeyRefused(_why(data["error"]))
        raise Unreached(f"Google's token endpoint answered {reply.status}")

    def _assertion(self) -> str:
        from google.auth import crypt, jwt  # imported only here, since the import takes 0.1 s

        now = int(self._clock())
        claims = {
            "iss": self._key.client_email,
            "scope": SCOPE,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFE_S,
        }
        signer: Any = crypt.RSASigner  # the library's calls have no types
        encode: Any = jwt.encode
        return str(encode(signer.from_string(self._key.private_key, self._key.private_key_id), claims).decode())


def _why(error: object) -> str:
    """Repeats only known error codes, since other parts of the answer may hold a name."""
    known = ("invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope", "disabled_client")
    return f"Google refused the key: {error if error in known else 'an unknown error'}"
