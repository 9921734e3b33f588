"""The fields of Google's Home Developer Console in the order of its screens, and whether its project's key works."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from actions.google_key import BadKey, KeyFile, check_key, read_key
from showcam.accounts import clients
from showcam.app.settings import Settings
from showcam.app.shipped import document
from showcam.i18n.catalogue import NAMING
from showcam.store.ports import Store
from showcam.store.records import Link

CLIENT = "google"  # the client's id, as `showcam clients add google` sets it by default
REDIRECTS = (
    "https://oauth-redirect.googleusercontent.com/r/{project}",
    "https://oauth-redirect-sandbox.googleusercontent.com/r/{project}",
)
ICON = document("images/google-icon.png")  # drawn by scripts/icons.py
LINK = "https://home.google.com/home-app/?deeplink=setup%2Fha_linking%3Fagent_id%3D{project}"
PLACEHOLDER = "YOUR-PROJECT-ID"
PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")  # a project id of Google Cloud


@dataclass(frozen=True, slots=True)
class Field:
    screen: str
    name: str
    value: str


def projects_of(redirect_uris: tuple[str, ...]) -> list[str]:
    """The Google Cloud projects in a client's redirect addresses, without repeats; a correct client has one."""
    starts = [redirect.removesuffix("{project}") for redirect in REDIRECTS]
    named = (uri.removeprefix(start) for uri in redirect_uris for start in starts if uri.startswith(start))
    return list(dict.fromkeys(filter(None, named)))


def project_of(redirect_uris: tuple[str, ...]) -> str:
    """The first project in the redirect addresses; "" if there is none."""
    return next(iter(projects_of(redirect_uris)), "")


def fields(web_url: str, client_id: str = CLIENT, project: str = "") -> list[Field]:
    """`web_url`: our public origin, without a trailing slash."""
    named = project or PLACEHOLDER
    redirects = " ".join(redirect.format(project=named) for redirect in REDIRECTS)
    return [
        Field("Create a project", "Project name", f"{NAMING.name} (not with the word “test” in it)"),
        Field("Create a project", "Project ID", project or f"the console makes one up: note it as {PLACEHOLDER}"),
        Field("Setup & configuration", "Integration name", NAMING.name),
        Field("Setup & configuration", "Select device type", "Camera, Doorbell, Scene"),
        Field("App branding", "App icon", f"{ICON}: 144×144 pixels, round, fills the frame"),
        Field("Account linking", "OAuth Client ID", client_id),
        Field("Account linking", "Client secret", "as it was printed when the client was added, once"),
        Field("Account linking", "Authorization URL", f"{web_url}/oauth/authorize"),
        Field("Account linking", "Token URL", f"{web_url}/oauth/token"),
        Field("Cloud fulfillment", "Cloud fulfillment URL", f"{web_url}/google/fulfillment"),
        Field("Cloud fulfillment", "Local fulfillment", "off"),
        Field("App Flip", "App Flip", "empty"),
        Field("Scopes", "Scope", "cameras"),
        Field("Scopes", "Have Google transmit Client ID and secret via HTTP basic auth header", "clear"),
        Field("Here, not in the console", "Redirect addresses", redirects),
        Field("On the phone", "Link", LINK.format(project=named)),
    ]


def register(project: str = "") -> str:
    """The command that registers Google's client."""
    words = [f"--redirect-uri {redirect.format(project=project or PLACEHOLDER)}" for redirect in REDIRECTS]
    return f"showcam clients add google {' '.join(words)}"


def google_key(settings: Settings, store: Store) -> KeyFile | None:
    """The key, checked against Google's registered client; None if no key is set. Raises BadKey, StoreUnavailable.

    On AWS only the key itself is examined, since the function of reports may not list the clients.
    """
    if not settings.google_service_account:
        return None
    key = read_key(settings.google_service_account)
    known = None if settings.all_on_aws else clients.registered(store, "google")
    check_key(key, projects_of(known.redirect_uris) if known else ())
    return key


def reported(settings: Settings, store: Store) -> Callable[[Link], bool]:
    """A function that says whether a link's changes are reported to Google, for `willReportState`.

    This depends on the project of the link's client. The function raises StoreUnavailable.
    """

    @cache  # an error is not kept
    def usable(client: str) -> bool:
        if not settings.google_service_account:
            return False
        known = store.client(client)
        try:
            check_key(read_key(settings.google_service_account), projects_of(known.redirect_uris) if known else ())
        except BadKey:
            return False
        return True

    return lambda link: usable(link.client)
