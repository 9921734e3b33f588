"""A signed cookie by which a browser proves that it has signed in before, and to which accounts.

It opens nothing: its browser only has tries of its own, which no stranger uses up (accounts.attempts).
"""

import hashlib

from flask import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from accounts.attempts import Browser
from accounts.identity import new_id

KEPT_S = 400 * 86_400  # browsers keep no cookie longer
MOST = 8  # accounts of one browser


class KnownBrowser:
    def __init__(self, keys: list[bytes], secure: bool) -> None:
        """The first key signs, all verify."""
        kind = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._signer = URLSafeTimedSerializer(keys[::-1], salt="showcam known browser", signer_kwargs=kind)
        self._secure = secure
        self.cookie = "__Host-showcam-known" if secure else "showcam-known"

    def read(self, request: Request) -> Browser | None:
        try:
            said = self._signer.loads(request.cookies.get(self.cookie, ""), max_age=KEPT_S)
            return Browser(str(said["browser"]), tuple(map(str, said["accounts"])))
        except (BadData, TypeError, KeyError):
            return None

    def remember(self, request: Request, response: Response, account_id: str) -> None:
        """The account just signed in to, beside those of before."""
        before = self.read(request) or Browser(new_id(), ())
        accounts = [account_id, *(each for each in before.accounts if each != account_id)][:MOST]
        response.set_cookie(
            self.cookie,
            str(self._signer.dumps({"browser": before.id, "accounts": accounts})),
            max_age=KEPT_S,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Strict",  # it is only read where one of our own forms is sent
        )
