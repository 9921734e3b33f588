"""The HTTP API before a function, as a WSGI application for a test client."""

import base64
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

from showcam.app.aws.cloudwatch import Handler
from tests.doubles.events import http_event

CONTEXT = SimpleNamespace(aws_request_id="8476a536-e9f4-11e8-9739-2dfe598c3fcd")


class Gateway:
    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        headers = {
            name.removeprefix("HTTP_").lower().replace("_", "-"): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        cookies = tuple(cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip())
        event = http_event(
            environ["PATH_INFO"],
            environ["REQUEST_METHOD"],
            query=environ["QUERY_STRING"],
            headers=headers,
            cookies=cookies,
            body=environ["wsgi.input"].read(),
            source_ip=environ.get("REMOTE_ADDR", "203.0.113.7"),
        )
        reply = cast(dict[str, Any], self._handler(event, CONTEXT))
        answered = [(name, str(value)) for name, value in reply["headers"].items()]
        answered += [("Set-Cookie", cookie) for cookie in reply.get("cookies", [])]
        start_response(f"{reply['statusCode']} -", answered)
        body = reply.get("body") or ""
        return [base64.b64decode(body) if reply.get("isBase64Encoded") else body.encode()]
