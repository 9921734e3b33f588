"""The look of all pages, including the pages of linking: look/base.html with its style, and the fields of a sign-in."""

from flask import Blueprint


def blueprint() -> Blueprint:
    """The templates of all folders, each by its folder and name. They want `locale`, and `_` as it fills {vendor}."""
    return Blueprint("look", "showcam.console", template_folder=".", static_folder="static", static_url_path="/static")
