"""The look of all pages, including the pages of linking: look/base.html with its style, and the fields of a sign-in."""

from flask import Blueprint


def blueprint() -> Blueprint:
    """All templates, such as `camera/page.html`. They are given `locale`, and `_`, which also fills {vendor}."""
    return Blueprint("look", "showcam.console", template_folder=".", static_folder="static", static_url_path="/static")
