"""What was agreed to: which cameras, now and later."""

from werkzeug.datastructures import MultiDict


class NothingTicked(Exception):
    """There are cameras to choose from and none was."""


def chosen(form: MultiDict[str, str], offered: tuple[str, ...]) -> tuple[str, ...] | None:
    """Camera ids, or None for all, also ones added later. Raises NothingTicked.

    Later ones come along only beside all of today's: an unticked camera is never shared.
    """
    ticked = set(form.getlist("cameras")) & set(offered)
    if not offered and form.get("all"):  # the page had none to show, and asked about all of them in so many words
        return None
    if not ticked:
        raise NothingTicked
    if ticked == set(offered) and form.get("later"):
        return None
    return tuple(each for each in offered if each in ticked)
