"""Google's console as the page about it shows it."""

from console.google_page import CLIENT, GoogleConsole
from console.skill import Row
from showcam.settings import Settings
from showcam.setup.google_console import PROJECT, REDIRECTS, fields, project_of

_CHOSEN = ("off", "clear", "empty")  # values that are set in the console, not typed
_TYPED = ("Setup & configuration", "Account linking", "Cloud fulfillment", "Scopes")
_HERE = "Here, not in the console"  # the redirect addresses, which the page itself keeps


def console(settings: Settings) -> GoogleConsole:
    def rows(project: str) -> list[Row]:
        told = [field for field in fields(settings.web_url, CLIENT, project) if field.screen != _HERE]
        return [Row(field.screen, field.name, field.value, _is_typed(field.screen, field.value)) for field in told]

    return GoogleConsole(
        rows,
        lambda project: tuple(redirect.format(project=project) for redirect in REDIRECTS),
        project_of,
        lambda text: PROJECT.fullmatch(text) is not None,
        reachable=settings.web_url.startswith("https://"),
    )


def _is_typed(screen: str, value: str) -> bool:
    return screen in _TYPED and value not in _CHOSEN and not value.startswith(("as it was", "Camera"))
