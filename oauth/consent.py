"""Reads the cameras from the consent form."""

from werkzeug.datastructures import MultiDict


class NothingTicked(Exception):
    """No camera was ticked."""


def chosen(form: MultiDict[str, str], offered: tuple[str, ...]) -> tuple[str, ...] | None:
    """The ticked camera ids, or None for all cameras, later ones included. Raises NothingTicked.

    Later cameras are included only if all offered ones are ticked: an unticked camera is never shared.
    """
    ticked = set(form.getlist("cameras")) & set(offered)
    if not offered and form.get("all"):  # the page could list no camera and asked for consent to all
        return None
    if not ticked:
        raise NothingTicked
    if ticked == set(offered) and form.get("later"):
        return None
    return tuple(camera_id for camera_id in offered if camera_id in ticked)
