"""Shows the console through a proxy of the owner's and below the proxy's path, as Home Assistant's ingress does.

The setting `console` names the proxy's address and a header. The proxy says its path in this header. Pages and
redirects name addresses from the root, and are changed here on their way out, as Apache's ProxyPassReverse does.
Scripts ask below the path that they were loaded from. `showcam.console.look.cookies` keeps cookies below
the proxy's path.

Home Assistant sets X-Ingress-Path and X-Forwarded-… (home-assistant/core, homeassistant/components/hassio/ingress.py).
Its supervisor asks for the rest of the path. It adds its client's address to X-Forwarded-For, and drops the charset of
an answer (home-assistant/supervisor, supervisor/api/ingress.py).
"""

import http.client
import ipaddress
import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from showcam.app.edge.edge import believe
from showcam.app.http_types import Headers, Refuse, Request, Response, Route, key_of, problem
from showcam.net.addresses import BASE, within

LONGEST_BASE = 200  # characters
FETCH_S = 20.0  # the media process answers or closes within this time: UNANSWERED_S of showcam.engine.doors
# no segment begins with a dot, and no character has a meaning in HTML, in a header or in a cookie
_is_base = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?", re.ASCII).fullmatch
_is_picture = re.compile(r"(/[A-Za-z0-9_~=-][A-Za-z0-9._~=-]*)+", re.ASCII).fullmatch
_LINKS = re.compile(rb'(\s(?:action|data-happened|data-hls|data-still|href|src)=")/(?!/)')
_NOBODY = "frame-ancestors 'none'"
_NOT_BACK = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})


class OwnProxy:
    """Wraps the web app. `frame`: sites that may show a page in a frame, as frame-ancestors names them; "" for none."""

    def __init__(self, app: WSGIApplication, address: str, header: str, frame: str) -> None:
        self._app, self._header, self._frame = app, key_of(header), frame
        self._proxy = (ipaddress.ip_network(address),)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Takes the header out of every request first, so that nothing reads what another sender wrote into it."""
        base = environ.pop(self._header, None)
        if base is None or not within(environ.get("REMOTE_ADDR", ""), self._proxy):
            return self._app(environ, start_response)
        if len(base) > LONGEST_BASE or not _is_base(base):
            return _refused(start_response)
        environ[BASE] = base.rstrip("/")
        believe(environ, self._proxy)
        return self._below(environ, start_response)

    def _below(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begun: list[tuple[str, Headers]] = []

        def start(status: str, headers: Headers, exc_info: Any = None, /) -> Any:
            begun.append((status, headers))
            return bytes  # nothing here writes

        answer, base = self._app(environ, start), environ[BASE]
        status, headers = begun[-1]
        headers = [(name, self._moved(base, name.lower(), value)) for name, value in headers if self._stays(name)]
        if any(name.lower() == "content-type" and value.startswith("text/html") for name, value in headers):
            page = b"".join(answer)
            if hasattr(answer, "close"):
                answer.close()
            page = _LINKS.sub(rb"\1" + base.encode() + b"/", page)
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            headers.append(("Content-Length", str(len(page))))
            answer = [page]
        start_response(status, headers)
        return answer

    def _stays(self, header: str) -> bool:
        """X-Frame-Options can name no origin. If somebody may frame the page, the policy says who."""
        return not (self._frame and header.lower() == "x-frame-options")

    def _moved(self, base: str, header: str, value: str) -> str:
        if header == "location" and value.startswith("/") and not value.startswith("//"):
            return base + value
        if header == "content-security-policy" and self._frame:
            return value.replace(_NOBODY, f"frame-ancestors {self._frame}")
        return value


class Pictures:
    """Hands HLS of the media process to the owner's proxy, which leads to the web app's port only."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    def route(self) -> Route:
        return Route("pictures", "/s/", ("GET",), self.answer, behind_proxy=True)

    def answer(self, request: Request) -> Response:
        if not _is_picture(request.path):
            raise Refuse(problem(404, "There is nothing here", "Open the page of cameras again."))
        query = request.environ.get("QUERY_STRING", "")
        asked = {"Range": value} if (value := request.header("Range")) else {}
        media = http.client.HTTPConnection(self._host, self._port, timeout=FETCH_S)
        try:
            media.request("GET", f"{request.path}?{query}" if query else request.path, headers=asked)
            found = media.getresponse()
            headers = [(name, value) for name, value in found.getheaders() if name.lower() not in _NOT_BACK]
            return Response(found.status, found.read(), headers)
        except (OSError, http.client.HTTPException):
            raise Refuse(problem(502, "Video does not answer just now", "Try again in a moment.")) from None
        finally:
            media.close()


def _refused(start_response: StartResponse) -> Iterable[bytes]:
    refusal = problem(400, "That is no base path", "The proxy's header holds a path such as /cameras, once.")
    start_response("400 Bad Request", [*refusal.headers, ("Content-Length", str(len(refusal.body)))])
    return [refusal.body]
