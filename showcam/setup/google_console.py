"""What Google's Home Developer Console asks for, field by field, in the order of its screens.

The console's words change now and then; what arrives at the endpoints tells how far one is.
"""

import re
from dataclasses import dataclass

from showcam.shipped import document

CLIENT = "google"  # how `showcam clients add google` names it
REDIRECTS = (
    "https://oauth-redirect.googleusercontent.com/r/{project}",
    "https://oauth-redirect-sandbox.googleusercontent.com/r/{project}",
)
ICON = document("google-icon.png")  # drawn by scripts/icons.py
LINK = "https://home.google.com/home-app/?deeplink=setup%2Fha_linking%3Fagent_id%3D{project}"
PLACEHOLDER = "YOUR-PROJECT-ID"
PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")  # an id as the console makes it


@dataclass(frozen=True, slots=True)
class Field:
    screen: str
    name: str
    value: str


def projects_of(redirect_uris: tuple[str, ...]) -> list[str]:
    """The Cloud projects that a client's redirect addresses name, each once; of a proper client that is one."""
    starts = [known.removesuffix("{project}") for known in REDIRECTS]
    named = (each.removeprefix(start) for each in redirect_uris for start in starts if each.startswith(start))
    return list(dict.fromkeys(filter(None, named)))


def project_of(redirect_uris: tuple[str, ...]) -> str:
    """The first of them; "" where there is none."""
    return next(iter(projects_of(redirect_uris)), "")


def fields(web_url: str, client_id: str = CLIENT, project: str = "") -> list[Field]:
    """`web_url`: our public origin, without a trailing slash."""
    named = project or PLACEHOLDER
    redirects = " ".join(each.format(project=named) for each in REDIRECTS)
    return [
        Field("Create a project", "Project name", "showcam (not with the word “test” in it)"),
        Field("Create a project", "Project ID", project or f"the console makes one up: note it as {PLACEHOLDER}"),
        Field("Setup & configuration", "Integration name", "showcam"),
        Field("Setup & configuration", "Select device type", "Camera, Doorbell"),
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
        Field("On the telephone", "Link", LINK.format(project=named)),
    ]


def register(project: str = "") -> str:
    """The command that lets Google in."""
    words = [f"--redirect-uri {each.format(project=project or PLACEHOLDER)}" for each in REDIRECTS]
    return f"showcam clients add google {' '.join(words)}"
