"""The fields of Google's console, for the page that guides through them."""

from showcam.app.settings import Settings
from showcam.app.setup.google_console import ICON, PROJECT, REDIRECTS, Field, fields, project_of
from showcam.console.google_page import CLIENT, GoogleConsole
from showcam.console.skill import Row
from showcam.i18n.catalogue import mark

_HERE = "Here, not in the console"  # the redirect addresses, which the page itself keeps
# Instructions for fields that need no typing.
_SAID = {
    "Client secret": mark("It is shown above, once: when the project id is kept, and when a new secret is made."),
    "Local fulfillment": mark("Leave it off."),
    "App Flip": mark("Leave it empty."),
    "Have Google transmit Client ID and secret via HTTP basic auth header": mark("Leave it without a tick."),
    "App icon": mark("A round picture of 144×144 pixels that fills the frame."),
}
_CHOSEN = frozenset({"Project ID", "Select device type", "Link"})  # in the console, by the names that stand there


def console(settings: Settings) -> GoogleConsole:
    def rows(project: str) -> list[Row]:
        copied = [field for field in fields(settings.web_url, CLIENT, project) if field.screen != _HERE]
        return [_row(field) for field in copied]

    return GoogleConsole(
        rows,
        lambda project: tuple(redirect.format(project=project) for redirect in REDIRECTS),
        project_of,
        lambda text: PROJECT.fullmatch(text) is not None,
        reachable=settings.web_url.startswith("https://"),
        icon=ICON,
    )


def _row(field: Field) -> Row:
    if field.name == "Project name":
        return Row(field.screen, field.name, "showcam", copies=True)
    if field.name in _SAID:
        return Row(field.screen, field.name, _SAID[field.name], copies=False)
    return Row(field.screen, field.name, field.value, copies=field.name not in _CHOSEN)
