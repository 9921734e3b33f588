"""Lakeside's cloud: an OAuth server by Authlib, its cameras, and live HLS; TLS on a port of loopback."""

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from werkzeug.serving import make_server

from tests.doubles import hls_camera
from tests.doubles.hls_camera import Authority

KARI, PASSWORD, KEY = "kari@lakeside.example", "boat-house-4", "a-key-that-kari-made"
KEY_OF_OLA = "a-key-of-somebody-else"
PIER = {
    "id": "1",
    "name": "Pier",
    "model": "L2",
    "connected": True,
    "shutter_closed": False,
    "microphone": "live",
    "codec": "h264",
    "width": hls_camera.WIDTH,
    "height": hls_camera.HEIGHT,
}


@dataclass
class Client(ClientMixin):  # type: ignore[misc]
    """showcam, as its owner registered it there: one callback, and no secret."""

    callback: str

    def get_client_id(self) -> str:
        return "showcam"

    def get_default_redirect_uri(self) -> str:
        return self.callback

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.callback

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code:
    code: str
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    user: str
    made: float = field(default_factory=time.time)

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return "cameras"


class LakesideCloud:
    """Serves when constructed. `callback` is set before anybody is sent there."""

    def __init__(self, authority: Authority) -> None:
        self.callback = ""
        self.tokens = {KEY: KARI, KEY_OF_OLA: "ola@lakeside.example"}
        self.codes: dict[str, Code] = {}
        self.camera = hls_camera.Camera(hls_camera.recording())
        app = flask.Flask("lakeside")
        self.bind_oauth(app)
        app.add_url_rule("/v1/sessions", view_func=self._session, methods=["POST"], endpoint="session")
        app.add_url_rule("/v1/me", view_func=lambda: {"user": self._user()}, endpoint="me")
        app.add_url_rule("/v1/cameras", view_func=lambda: self._user() and {"cameras": [PIER]}, endpoint="cameras")
        app.add_url_rule("/v1/cameras/<camera>/streams", view_func=self._stream, methods=["POST"], endpoint="stream")
        app.add_url_rule("/v1/streams/<stream>", view_func=lambda stream: ("", 204), methods=["DELETE"], endpoint="end")
        app.add_url_rule("/live/<name>", view_func=self._live, endpoint="live")
        self._server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=authority.context)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def bind_oauth(self, app: flask.Flask) -> None:
        oauth = AuthorizationServer(app, self._client, self._keep)
        oauth.register_grant(_grant_of(self), [CodeChallenge(required=True)])

        def authorize() -> Any:
            if flask.request.method == "POST" and flask.request.form["agree"] == "no":
                back, state = flask.request.args["redirect_uri"], flask.request.args["state"]
                return flask.redirect(f"{back}?error=access_denied&state={state}")
            grant = oauth.get_consent_grant(end_user=KARI)
            if flask.request.method == "GET":
                return "<form method=post><button name=agree value=yes>Agree</button></form>"
            return oauth.create_authorization_response(grant_user=KARI, grant=grant)

        app.add_url_rule("/oauth/authorize", view_func=authorize, methods=["GET", "POST"])
        app.add_url_rule("/oauth/token", "token", oauth.create_token_response, methods=["POST"])

    def user_of(self, token: str) -> str:
        """The user whose access token it is; "" for none."""
        return self.tokens.get(token, "")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _client(self, client_id: str) -> Client | None:
        return Client(self.callback) if client_id == "showcam" else None

    def _keep(self, token: dict[str, Any], request: Any) -> None:
        self.tokens[token["access_token"]] = request.user

    def _user(self) -> str:
        token = flask.request.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.user_of(token) or flask.abort(401)

    def _session(self) -> Any:
        form = flask.request.form
        if (form["user"], form["password"]) != (KARI, PASSWORD):
            flask.abort(401)
        token = secrets.token_urlsafe(16)
        self.tokens[token] = KARI
        return {"token": token}

    def _stream(self, camera: str) -> Any:
        self._user()
        return {"id": f"of-{camera}", "url": f"https://{self.host}/live/index.m3u8"}

    def _live(self, name: str) -> Any:
        headers = {"Access-Control-Allow-Origin": "*"}  # Google's player is a page of another origin
        if name == "index.m3u8":
            return flask.Response(self.camera.playlist(), mimetype="application/vnd.apple.mpegurl", headers=headers)
        segment = self.camera.segments[int(name.partition(".")[0])]
        return flask.Response(segment, mimetype="video/mp2t", headers=headers)


def _grant_of(cloud: LakesideCloud) -> type[grants.AuthorizationCodeGrant]:
    class Grant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload.data
            kept = Code(
                code, asked["redirect_uri"], asked["code_challenge"], asked["code_challenge_method"], request.user
            )
            cloud.codes[code] = kept

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return cloud.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del cloud.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> str:
            return authorization_code.user

    return Grant
