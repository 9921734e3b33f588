"""Account linking as the assistants' clouds do it: authorization code with PKCE, exchange, refresh."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from showcam.simulator.assistants.person import LinkFailed
from showcam.simulator.assistants.wire import NoAnswer, Reply, Wire

TOKEN_DEADLINE_S = 4.5  # Alexa's own deadline for the token endpoint
LEAST_LIFE_S = 360  # Alexa refuses access tokens with a shorter life


class LinkDead(Exception):
    """The refresh token no longer works: the assistant has unlinked the account."""


@dataclass(frozen=True, slots=True)
class Client:
    """An assistant's registration at showcam's authorization server."""

    id: str
    secret: str
    basic: bool  # the secret travels in HTTP Basic, else in the form
    locale: str = ""  # sent as user_locale


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str


@dataclass(frozen=True, slots=True)
class Pending:
    redirect_uri: str
    verifier: str


class Linking:
    def __init__(self, client: Client, app_url: str) -> None:
        self._client = client
        self._app_url = app_url
        self._pending: dict[str, Pending] = {}

    def begin(self, redirect_uri: str, locale: str = "") -> str:
        """Returns the address where a person signs in and consents.

        `locale`: the language of the person's assistant, if known.
        """
        # as long as in life, and with characters that need escaping
        state = base64.b64encode(secrets.token_bytes(600)).decode()
        verifier = secrets.token_urlsafe(48)
        self._pending[state] = Pending(redirect_uri, verifier)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": self._client.id,
            "response_type": "code",
            "scope": "cameras",
            "state": state,
            "redirect_uri": redirect_uri,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if self._client.locale:
            query["user_locale"] = locale or self._client.locale
        return f"{self._app_url}/oauth/authorize?{urlencode(query)}"

    def knows(self, state: str) -> bool:
        return state in self._pending

    async def finish(self, wire: Wire, answered: dict[str, str]) -> Tokens:
        """Exchanges the code in the redirect's query for tokens. Raises LinkFailed, NoAnswer."""
        pending = self._pending.pop(answered.get("state", ""), None)
        if pending is None:
            raise LinkFailed("the answer does not belong to a linking that was begun here (its state is unknown)")
        issuer = answered.get("iss")
        if issuer is not None and not hmac.compare_digest(issuer, self._app_url):
            raise LinkFailed("the answer names another issuer than showcam (iss)")
        if error := answered.get("error"):
            raise LinkFailed(_refusal(error, answered.get("error_description", "")))
        if not answered.get("code"):
            raise LinkFailed("showcam came back without a code")
        form = [
            ("grant_type", "authorization_code"),
            ("code", answered["code"]),
            ("redirect_uri", pending.redirect_uri),
            ("code_verifier", pending.verifier),
        ]
        reply = await self._request(wire, "exchanges the code", form)
        if reply.status != 200:
            raise LinkFailed(f"showcam refused the code: {_oauth_error(reply)}")
        answer = self._token_answer(reply)
        if not isinstance(answer.get("refresh_token"), str) or not answer["refresh_token"]:
            raise LinkFailed("showcam broke a rule: an access token that expires came without a refresh token")
        return Tokens(answer["access_token"], answer["refresh_token"])

    async def refresh(self, wire: Wire, tokens: Tokens) -> Tokens:
        """Raises LinkDead if the refresh token no longer works, NoAnswer without a usable answer."""
        form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh)]
        reply = await self._request(wire, "refreshes its access token", form)
        if reply.status in (400, 401):
            raise LinkDead(_oauth_error(reply))
        if reply.status != 200:
            raise NoAnswer(f"showcam could not refresh the access token: {_oauth_error(reply)}")
        try:
            answer = self._token_answer(reply)
        except LinkFailed as error:
            raise NoAnswer(str(error)) from None
        if answer["access_token"] == tokens.access:
            raise NoAnswer("showcam broke a rule: a refresh gave the same access token again")
        return Tokens(answer["access_token"], answer.get("refresh_token") or tokens.refresh)

    async def _request(self, wire: Wire, title: str, form: list[tuple[str, str]]) -> Reply:
        headers = {"Accept": "application/json"}
        if self._client.basic:
            pair = f"{self._client.id}:{self._client.secret}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            form = [*form, ("client_id", self._client.id), ("client_secret", self._client.secret)]
        url = f"{self._app_url}/oauth/token"
        return await wire.send(f"Cloud: {title}", url, form=form, headers=headers, timeout_s=TOKEN_DEADLINE_S)

    @staticmethod
    def _token_answer(reply: Reply) -> dict[str, Any]:
        """Returns the tokens, checked by RFC 6749 section 5.1 and the rules of both assistants. Raises LinkFailed."""
        answer = reply.json()
        broken = ""
        if not isinstance(answer, dict) or "json" not in reply.headers.get("content-type", ""):
            broken = "the token endpoint did not answer JSON"
        elif "no-store" not in reply.headers.get("cache-control", ""):
            broken = "a token answer may be cached"
        elif str(answer.get("token_type", "")).lower() != "bearer":
            broken = "token_type is not Bearer"
        elif not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
            broken = "there is no access token"
        elif answer["access_token"].count(".") == 2 and answer["access_token"].startswith("eyJ"):
            broken = "the access token is a JWT"
        elif not isinstance(answer.get("expires_in"), int) or answer["expires_in"] < LEAST_LIFE_S:
            broken = f"expires_in is not a number of at least {LEAST_LIFE_S}"
        if broken:
            raise LinkFailed(f"showcam broke a rule: {broken}")
        return dict(answer)


def _refusal(error: str, described: str) -> str:
    if error == "access_denied":
        return "linking was cancelled on showcam's page"
    return f"showcam refused to link: {described or error}"


def _oauth_error(reply: Reply) -> str:
    answer = reply.json()
    if isinstance(answer, dict) and answer.get("error"):
        return f"{reply.status} {answer['error']} {answer.get('error_description', '')}".strip()
    return str(reply.status)
