"""The look of all pages, including the pages of linking: look/base.html with its style, and the fields of a sign-in."""

import json
from pathlib import Path

from flask import Blueprint, Response, abort, send_file

from showcam.i18n.catalogue import NAMING
from showcam.i18n.product import Product

_MANIFEST = Path(__file__).parents[1] / "static" / "app.webmanifest"
_OWN = Product()
# An integrator's logo is an image: opened as a page, it may load and run nothing.
_LOGO_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


def blueprint(product: Product = _OWN) -> Blueprint:
    """All templates, such as `camera/page.html`. They are given `locale`, `product`, and `_`, which fills {vendor}."""
    look = Blueprint("look", "showcam.console", template_folder=".", static_folder="static", static_url_path="/static")

    @look.get("/static/app.webmanifest")
    def manifest() -> Response:
        described = json.loads(NAMING.put_into(_MANIFEST.read_text()))
        if product.logo:
            described["icons"] = [{"src": "logo", "sizes": "any"}]
        return Response(json.dumps(described), mimetype="application/manifest+json")

    @look.get("/static/logo")
    def logo() -> Response:
        if product.logo is None:
            abort(404)
        response = send_file(product.logo.absolute(), max_age=3600)
        response.headers["Content-Security-Policy"] = _LOGO_POLICY
        return response

    look.app_context_processor(lambda: {"product": product})
    return look
