"""Builds the values for the page that walks through Google's console."""

from showcam.app.settings import Settings
from showcam.app.setup.google_console import ICON, LINK, PROJECT, REDIRECTS, project_of
from showcam.console.setup.google import GoogleConsole


def console(settings: Settings) -> GoogleConsole:
    return GoogleConsole(
        settings.web_url if settings.web_url.startswith("https://") else "",
        lambda project: LINK.format(project=project),
        lambda project: tuple(redirect.format(project=project) for redirect in REDIRECTS),
        project_of,
        lambda text: PROJECT.fullmatch(text) is not None,
        icon=ICON,
    )
