"""The headers of every answer of this room."""

from flask import Response


def policy(form_action: str) -> str:
    """Allows no script, nothing from another origin, and no frame around the pages."""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    )


def apply(response: Response, form_action: str, https: bool) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = policy(form_action)
    headers["X-Frame-Options"] = "DENY"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
