"""Authlib's authorization code grant with PKCE, refresh grant and revocation, over our store."""

import time
from collections.abc import Callable
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, InvalidGrantError, InvalidRequestError, TokenMixin, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge

from oauth.clients import Registered, back
from showcam.accounts import links
from showcam.accounts.links import link_of
from showcam.store.ports import Replayed, Store
from showcam.store.records import Client, Code, Link, Token, token_hash


class PresentedCode(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code presented at the token endpoint, and its link."""

    def __init__(self, row: Code, link: Link) -> None:
        self.row, self.link = row, link
        self.code_challenge = row.challenge

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return self.row.scope


class HeldToken(TokenMixin):  # type: ignore[misc]
    """A token and its link."""

    def __init__(self, link: Link, token: Token) -> None:
        self.link, self.token = link, token

    def check_client(self, client: Registered) -> bool:
        return self.link.client == client.row.id

    def get_scope(self) -> str:
        return self.token.scope


def find_held(store: Store, text: str) -> HeldToken | None:
    link_id = link_of(text)
    found = store.find_token(link_id, token_hash(text)) if link_id else None
    return HeldToken(*found) if found else None


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """A code lives for a minute and is redeemed once; a second use ends its link (RFC 6749 section 4.1.2).

    Redeeming the code and keeping its tokens is one write, so an interrupted request has done both or neither.
    """

    _presented: PresentedCode | None = None

    def create_authorization_response(self, redirect_uri: str, grant_user: Link | None) -> Any:
        if grant_user is None:
            return super().create_authorization_response(redirect_uri, None)
        payload = self.request.payload
        challenge = payload.data.get("code_challenge", "")
        text, code = links.mint_code(grant_user, redirect_uri, self.request.scope, challenge, time.time())
        self.server.store.add_code(code)
        return 302, "", [("Location", back(redirect_uri, self.server.issuer, payload.state, code=text))]

    def validate_token_request(self) -> None:
        try:
            super().validate_token_request()
        except (OAuth2Error, ValueError):
            if self._presented is not None:  # the right client with a wrong verifier or redirect: the code is used up
                self._redeem(self._presented, [])
            raise

    def query_authorization_code(self, code: str, client: Registered) -> PresentedCode | None:
        try:
            found = self.server.store.code(token_hash(code), client.row.id, time.time())
        except Replayed as replayed:
            self._replayed(replayed)
            return None
        self._presented = PresentedCode(*found) if found else None
        return self._presented

    def authenticate_user(self, authorization_code: PresentedCode) -> Link:
        return authorization_code.link

    def generate_token(self, user: Link, scope: str, include_refresh_token: bool) -> links.TokenAnswer:
        answer, tokens = links.minted(user, scope, time.time(), include_refresh_token)
        if not self._redeem(self.request.authorization_code, tokens):
            raise InvalidGrantError("Invalid 'code' in request.")
        return answer

    def delete_authorization_code(self, authorization_code: PresentedCode) -> None:
        """Does nothing: a used code is kept for a while, so that a replay can be distinguished from a guess."""

    def _redeem(self, presented: PresentedCode, tokens: list[Token]) -> bool:
        try:
            return bool(self.server.store.redeem_code(presented.row, time.time(), tokens))
        except Replayed as replayed:
            self._replayed(replayed)
            return False

    def _replayed(self, replayed: Replayed) -> None:
        link = self.server.store.link(replayed.link_id)
        if link is not None:
            self.server.end_link(link)


class RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    """Refresh tokens are stable: each use adds an access token, and older access tokens stay valid.

    The answer repeats the refresh token (RFC 6749 section 6): a client that keeps only the last answer would lose it.
    """

    INCLUDE_NEW_REFRESH_TOKEN = False

    def issue_token(self, user: Link, refresh_token: HeldToken) -> links.TokenAnswer:
        answer: links.TokenAnswer = super().issue_token(user, refresh_token)
        return {**answer, "refresh_token": self.request.form["refresh_token"]}

    def authenticate_refresh_token(self, refresh_token: str) -> HeldToken | None:
        found = find_held(self.server.store, refresh_token)
        return found if found and found.token.kind == "refresh" else None

    def authenticate_user(self, refresh_token: HeldToken) -> Link:
        return refresh_token.link

    def revoke_old_credential(self, refresh_token: HeldToken) -> None:
        """Does nothing: if use ended a refresh token, one lost answer would end the link."""


class S256(CodeChallenge):  # type: ignore[misc]
    """PKCE (RFC 7636), only with S256. Some clients are registered as requiring it.

    A client that sends a challenge without being required to is checked too.
    """

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - Authlib's type

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        row: Client = grant.request.client.row
        if "code_challenge" not in data and "code_challenge_method" not in data:
            if row.require_pkce:
                raise InvalidRequestError("A code_challenge is required.")
            return
        # without a method Authlib would assume "plain"
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("The code_challenge_method must be S256.")
        if len(data.get("code_challenge", "")) != 43:
            raise InvalidRequestError("The code_challenge is no SHA-256 in base64url.")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge_method(self, authorization_code: PresentedCode) -> str:
        return "S256"


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009: an access token or a refresh token ends its link, and only this link."""

    def check_params(self, request: Any, client: Registered) -> None:
        # a hint may be wrong or unknown (section 2.1), so only the token decides
        if not request.form.get("token"):
            raise InvalidRequestError("Missing 'token' in request.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> HeldToken | None:
        return find_held(self.server.store, token_string)

    def revoke_token(self, token: HeldToken, request: Any) -> None:
        self.server.end_link(token.link)


def issuing(store: Store) -> Callable[..., links.TokenAnswer]:
    """A token generator for Authlib. `showcam.accounts.links` keeps the issued tokens in the store."""

    def issue(user: Link, scope: str, include_refresh_token: bool, **_: Any) -> links.TokenAnswer:
        try:
            return links.issue(store, user, scope, time.time(), include_refresh_token)
        except links.LinkEnded:
            raise InvalidGrantError("The link has ended.") from None

    return issue
