"""Authlib's authorization server over our store, with one error path and a configured issuer instead of Host."""

from collections.abc import Callable
from typing import Any

import structlog
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2 import OAuth2Error, OAuth2Request
from flask import Request, Response
from flask import request as current
from werkzeug.datastructures import MultiDict

from oauth import clients
from oauth.clients import AUTH_METHODS, SCOPE, Registered, back
from oauth.grants import S256, CodeGrant, RefreshGrant, Revocation, issuing
from showcam.accounts.links import TokenAnswer
from showcam.store.ports import Store
from showcam.store.records import Link

log = structlog.get_logger()


class _Payload(FlaskOAuth2Payload):  # type: ignore[misc]
    """The query at the authorization endpoint, the form at the others; Authlib would mix the two."""

    @property
    def data(self) -> MultiDict[str, str]:
        source: MultiDict[str, str] = (
            self._request.args if self._request.endpoint == "oauth.authorize" else self._request.form
        )
        return source


class _OAuthRequest(FlaskOAuth2Request):  # type: ignore[misc]
    def __init__(self, request: Request, issuer: str) -> None:
        # the configured address: behind a proxy the request's scheme is not the client's
        OAuth2Request.__init__(self, method=request.method, uri=issuer + request.path, headers=request.headers)
        self._request = request
        self.payload = _Payload(request)


class Server(AuthorizationServer):  # type: ignore[misc]
    def __init__(self, store: Store, issuer: str, end_link: Callable[[Link], None]) -> None:
        super().__init__()
        self.store, self.issuer, self.end_link = store, issuer, end_link
        self.scopes_supported = [SCOPE]
        self.register_token_generator("default", issuing(store))
        self.register_grant(CodeGrant, [S256(required=False)])
        self.register_grant(RefreshGrant)
        self.register_endpoint(Revocation)

    def query_client(self, client_id: str) -> Registered | None:
        return clients.find(self.store, client_id)

    def save_token(self, token: TokenAnswer, request: OAuth2Request) -> None:
        """Only logs: the token was kept when it was issued."""
        log.info("tokens issued", link=request.user.id, grant=request.payload.grant_type)

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        return _OAuthRequest(current, self.issuer)

    def authenticate_client(self, request: OAuth2Request, methods: list[str], endpoint: str = "token") -> Registered:
        # HTTP Basic or the form at every endpoint; Authlib's revocation endpoint would take only Basic
        client = clients.authenticate(self.store, request)
        request.client = client
        return client

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Response:
        client = getattr(request.client, "row", None)
        log.info("oauth refused", endpoint=current.endpoint, error=error.error, client=client.id if client else None)
        if not error.redirect_uri:
            answer: Response = super().handle_error_response(request, error)
            return answer
        params = {"error": str(error.error)}
        if description := error.get_error_description():
            params["error_description"] = description
        return Response(
            status=302,
            headers={"Location": back(error.redirect_uri, self.issuer, request.payload.state, **params)},
        )


def metadata(issuer: str, locales: tuple[str, ...]) -> dict[str, object]:
    """The server's metadata by RFC 8414 section 2, with OpenID Connect's userinfo_endpoint and RFC 9207."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "op_policy_uri": f"{issuer}/oauth/privacy",
        "scopes_supported": [SCOPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": list(locales),
    }
