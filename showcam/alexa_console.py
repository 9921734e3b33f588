"""Every field of Amazon's developer console in the order it asks them, with this installation's value."""

from dataclasses import dataclass

from showcam.forwarder import region
from showcam.settings import Settings
from store.records import Client

SCOPE = "cameras"
_CERTIFICATES = (
    (".ts.net", "My development endpoint has a certificate from a trusted certificate authority"),
    (".duckdns.org", "My development endpoint has a certificate from a trusted certificate authority"),
)


@dataclass(frozen=True, slots=True)
class Field:
    page: str
    name: str
    value: str


def fields(settings: Settings, language: str, clients: list[Client]) -> list[Field]:
    """`settings.public_url` is set. What Amazon gives, or what is kept nowhere, is said in brackets."""
    base = settings.public_url
    client = next((each for each in clients if each.assistant == "alexa"), None)
    invocation = "meine kameras" if language.startswith("de") else "my cameras"
    rows = [
        ("Create skill", "Skill name", "showcam"),
        ("Create skill", "Primary locale", language),
        ("Create skill", "Type of experience", "Smart Home (spoken half alone: Other)"),
        ("Create skill", "Model", "Smart Home (spoken half alone: Custom)"),
        ("Create skill", "Hosting", "Provision your own"),
        ("Smart Home", "Payload version", "v3"),
        ("Smart Home", "Your Skill ID", settings.alexa_skill_id or "[copy it to alexa_skill_id]"),
        ("Smart Home", "Default endpoint", f"[the ARN that the forwarder's line prints, in {region(language)}]"),
        ("Account linking", "Allow users to link their account from within your application or website", "off"),
        ("Account linking", "Authorization grant type", "Auth Code Grant"),
        ("Account linking", "Your Web Authorization URI", f"{base}/oauth/authorize"),
        ("Account linking", "Access Token URI", f"{base}/oauth/token"),
        ("Account linking", "Your Client ID", client.id if client else "[showcam clients add alexa]"),
        ("Account linking", "Your Secret", "[told once by showcam clients add alexa]"),
        ("Account linking", "Your Authentication Scheme", "HTTP Basic (Recommended)"),
        ("Account linking", "Scope", SCOPE),
        ("Account linking", "Domain list", "[empty]"),
        ("Account linking", "Default Access Token Expiration Time", "[empty]"),
        ("Account linking", "Enable PKCE", "on, if it is there"),
        ("Account linking", "Alexa Redirect URLs", "[give all three to showcam clients add alexa --redirect-uri]"),
        ("Permissions", "Send Alexa Events", "on"),
        ("Permissions", "Alexa Client Id", settings.lwa_client_id or "[copy it to lwa_client_id]"),
        (
            "Permissions",
            "Alexa Client Secret",
            "[set]" if settings.lwa_client_secret else "[copy it to lwa_client_secret]",
        ),
        ("Custom", "Skill Invocation Name", invocation),
        ("Custom", "Interfaces", "Video App"),
        ("Custom", "Endpoint, service type", "HTTPS"),
        ("Custom", "Endpoint, default region", f"{base}/alexa/skill"),
        ("Custom", "Endpoint, SSL certificate type", certificate(base)),
        ("Custom", "JSON Editor", f"[skill-package/interactionModels/custom/{model(language)}.json]"),
        ("Test", "Skill testing is enabled in", "Development"),
    ]
    return [Field(*row) for row in rows]


def model(language: str) -> str:
    """The interaction model for a language; British English serves the other English ones as well."""
    if language.startswith("de"):
        return "de-DE"
    return "en-US" if language in ("en-US", "en-CA") else "en-GB"


def certificate(url: str) -> str:
    """A name of one's own may have an exact certificate, or one for all names of the domain (as Cloudflare's)."""
    host = url.partition("://")[2]
    for ending, told in _CERTIFICATES:
        if host.endswith(ending):
            return told
    return (
        "“… from a trusted certificate authority”; behind Cloudflare “… is a sub-domain of a domain that has a "
        "wildcard certificate …”"
    )
