"""The page of showcam's own Cast receiver, which a Cast device opens at /receiver."""

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from showcam.i18n.catalogue import NAMING

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_FOLDER = Path(__file__).parent / "receiver"
# Google's framework comes from its own address and talks to the device by port 8008. Video comes from this showcam, or
# from another: a receiver that somebody published serves all.
_POLICY = (
    "default-src 'none'; script-src 'self' https://www.gstatic.com/cast/sdk/libs/ https://www.gstatic.com/eureka/; "
    "style-src 'self'; connect-src 'self' http: https: ws://localhost:8008; media-src blob: http: https:; "
    "img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def blueprint() -> Blueprint:
    """The receiver's page, with nothing of a household. hls.js and the player are served next to the style."""
    page = Blueprint("receiver", __name__)

    @page.get("/receiver")
    def index() -> Response:
        return _guarded(Response(NAMING.put_into((_FOLDER / "index.html").read_text()), mimetype="text/html"))

    @page.get("/receiver/<name>")
    def part(name: str) -> Response:
        return _file(name)

    return page


def _file(name: str) -> Response:
    return _guarded(send_from_directory(_FOLDER, name, mimetype=_KINDS.get(Path(name).suffix)))


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response
