"""What Google's Home Developer Console asks for, field by field, in the order of its screens.

The console's words change now and then; what arrives at the endpoints tells how far one is.
"""

from dataclasses import dataclass

CLIENT = "google"  # how `showcam clients add google` names it
REDIRECTS = (
    "https://oauth-redirect.googleusercontent.com/r/{project}",
    "https://oauth-redirect-sandbox.googleusercontent.com/r/{project}",
)
LINK = "https://home.google.com/home-app/?deeplink=setup%2Fha_linking%3Fagent_id%3D{project}"
_PLACEHOLDER = "YOUR-PROJECT-ID"


@dataclass(frozen=True, slots=True)
class Field:
    screen: str
    name: str
    value: str


def project_of(redirect_uris: tuple[str, ...]) -> str:
    """The Cloud project that a client's redirect addresses are of; "" where they are of none."""
    for each in redirect_uris:
        for known in REDIRECTS:
            start = known.removesuffix("{project}")
            if each.startswith(start) and len(each) > len(start):
                return each.removeprefix(start)
    return ""


def fields(web_url: str, client_id: str = CLIENT, project: str = "") -> list[Field]:
    """`web_url`: our public origin, without a trailing slash."""
    named = project or _PLACEHOLDER
    redirects = " ".join(each.format(project=named) for each in REDIRECTS)
    return [
        Field("Create a project", "Project name", "showcam (not with the word “test” in it)"),
        Field("Create a project", "Project ID", project or f"the console makes one up: note it as {_PLACEHOLDER}"),
        Field("Setup & configuration", "Integration name", "showcam"),
        Field("Setup & configuration", "Select device type", "Camera, Doorbell"),
        Field("App branding", "App icon", "a round PNG of 144×144 pixels that fills the frame"),
        Field("Account linking", "OAuth Client ID", client_id),
        Field("Account linking", "Client secret", "as showcam clients add printed it, once"),
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
    words = [f"--redirect-uri {each.format(project=project or _PLACEHOLDER)}" for each in REDIRECTS]
    return f"showcam clients add google {' '.join(words)}"
