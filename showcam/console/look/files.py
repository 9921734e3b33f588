"""The look of all pages, including the pages of linking: look/base.html with its style, and the fields of a sign-in."""

from flask import Blueprint


def blueprint() -> Blueprint:
    """The templates want `_`, which translates and fills {vendor}, and `locale`."""
    return Blueprint(
        "look", "showcam.console", template_folder="templates", static_folder="static", static_url_path="/static"
    )
