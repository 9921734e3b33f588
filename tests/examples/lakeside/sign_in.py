"""Signing in to Lakeside in each of the three ways that showcam knows; a vendor of its own has one of them."""

import base64
import hashlib
import secrets
from urllib.parse import urlencode

from showcam.drivers.vendor import GoThere, Rejected, SignedIn, Verdict
from tests.examples.lakeside.driver import LakesideDriver

CLIENT = "showcam"  # a public client: PKCE takes the place of a secret


class AtItsPage(LakesideDriver):
    """By OAuth 2.0 with PKCE (RFC 6749, RFC 7636)."""

    @property
    def origins(self) -> tuple[str, ...]:
        return (f"https://{self.host}",)

    def go_there(self, back: str, state: str) -> GoThere:
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {"response_type": "code", "client_id": CLIENT, "redirect_uri": back, "scope": "cameras", "state": state}
        pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
        return GoThere(f"https://{self.host}/oauth/authorize?{urlencode(asked | pkce)}", verifier)

    def came_back(self, code: str, back: str, verifier: str, deadline_s: float) -> Verdict:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "client_id": CLIENT}
        status, answer = self.post("oauth/token", form | {"code_verifier": verifier}, deadline_s)
        return self.known(str(answer["access_token"]), deadline_s) if status == 200 else Rejected("expired")


class WithKey(LakesideDriver):
    def sign_in_by_key(self, key: str, deadline_s: float) -> Verdict:
        return self.known(key, deadline_s)


class WithPassword(LakesideDriver):
    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Verdict:
        status, answer = self.post("v1/sessions", {"user": user, "password": password}, deadline_s)
        return SignedIn({"token": str(answer["token"])}) if status == 200 else Rejected("wrong")
