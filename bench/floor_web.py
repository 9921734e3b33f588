"""The floor of a web process: bare WSGI on granian with showcam's options; it reads a body and answers a few bytes."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from showcam.app.compose import web
from showcam.app.process.settings_sources import load
from showcam.app.settings import Settings

ANSWER = b'{"requestId":"bench-request-1","payload":{"devices":{"camera":{"status":"SUCCESS","online":true}}}}'


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))])
    return [ANSWER]


def load_app(_settings: Settings) -> WSGIApplication:
    return answer


def main() -> None:
    web.serve(load(), load_app)


if __name__ == "__main__":
    main()
