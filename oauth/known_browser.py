"""A signed cookie which proves that a browser has signed in before, and to which accounts.

It grants no access. It only gives the browser tries of its own, which no stranger uses up (accounts.attempts).
"""

import hashlib

from flask import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from accounts.attempts import Browser
from accounts.identity import new_id

KEPT_S = 400 * 86_400  # browsers limit cookies to 400 days
MOST = 8  # accounts remembered in one browser


class KnownBrowser:
    def __init__(self, keys: list[bytes], secure: bool) -> None:
        """The first key signs, all verify."""
        kind = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._signer = URLSafeTimedSerializer(keys[::-1], salt="showcam known browser", signer_kwargs=kind)
        self._secure = secure
        self.cookie = "__Host-showcam-known" if secure else "showcam-known"

    def read(self, request: Request) -> Browser | None:
        try:
            content = self._signer.loads(request.cookies.get(self.cookie, ""), max_age=KEPT_S)
            return Browser(str(content["browser"]), tuple(map(str, content["accounts"])))
        except (BadData, TypeError, KeyError):
            return None

    def remember(self, request: Request, response: Response, account_id: str) -> None:
        """Adds the account to those of the browser."""
        before = self.read(request) or Browser(new_id(), ())
        accounts = [account_id, *(known for known in before.accounts if known != account_id)][:MOST]
        response.set_cookie(
            self.cookie,
            str(self._signer.dumps({"browser": before.id, "accounts": accounts})),
            max_age=KEPT_S,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Strict",  # read only when one of our own forms is posted
        )
