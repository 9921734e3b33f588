"""Decides who may reach the console: only the house, whatever proxy, tunnel or name leads a request here.

Behind a tunnel everybody comes from 127.0.0.1, so the peer's address is not enough. A page of another site that has its
own name resolve to this house (DNS rebinding) sends that name as Host.

Some proxies add no header, so their visitors look as a browser on the proxy's machine does. Hence a machine of the
house may hand on strangers' requests if it is a trusted proxy, or if it is this machine while a public address leads
here.
"""

from urllib.parse import urlsplit
from wsgiref.types import WSGIEnvironment

from showcam.net.addresses import PEER, is_in_house, is_loopback

# Headers that proxies and tunnels add, as well as all of X-Forwarded-… and all that name an address, as X-Real-IP does.
_FORWARDING = frozenset(
    {
        "HTTP_FORWARDED",
        "HTTP_VIA",
        "HTTP_CF_RAY",
        "HTTP_CDN_LOOP",
        "HTTP_TAILSCALE_FUNNEL_REQUEST",
    }
)
_NAMES_ADDRESS = "_IP"
# Browsers speak this version to a server without TLS; an nginx without configuration speaks HTTP/1.0 to its server.
_BROWSERS = "HTTP/1.1"
_ANY_FORWARDED = "HTTP_X_FORWARDED"


def from_house(environ: WSGIEnvironment, names: tuple[str, ...], *, exposed: bool) -> bool:
    """Tells whether a browser of the house sends the request, with nothing in between.

    `names`: as in `from_machine_of_house`. `exposed`: a public address leads to this machine.
    """
    may_be_proxy = PEER in environ or (exposed and is_loopback(environ.get("REMOTE_ADDR", "")))
    return not may_be_proxy and from_machine_of_house(environ, names)


def from_machine_of_house(environ: WSGIEnvironment, names: tuple[str, ...]) -> bool:
    """Tells whether a browser on a machine of the house sends the request, or a proxy there that adds no header.

    `names` are the house's own names for this machine, as well as its addresses and localhost.
    """
    peer = environ.get(PEER) or environ.get("REMOTE_ADDR", "")
    if not is_in_house(peer, loopback=True) or environ.get("SERVER_PROTOCOL") != _BROWSERS:
        return False
    return not _forwarded(environ) and _is_own(environ.get("HTTP_HOST", ""), names)


def host_of(host: str) -> str:
    """Returns a Host header without its port, in lower case; "" if the header is malformed."""
    try:
        split = urlsplit(f"//{host}")
        name, _ = split.hostname or "", split.port
    except ValueError:
        return ""
    return "" if split.path or split.query or split.fragment or "@" in host else name


def _forwarded(environ: WSGIEnvironment) -> bool:
    return any([key in _FORWARDING or key.startswith(_ANY_FORWARDED) or _names_address(key) for key in environ])


def _names_address(key: str) -> bool:
    return key.startswith("HTTP_") and key.endswith(_NAMES_ADDRESS)


def _is_own(host: str, names: tuple[str, ...]) -> bool:
    name = host_of(host)
    return name == "localhost" or is_in_house(name, loopback=True) or name in {own.lower() for own in names}
