"""At which address the house reaches this machine."""

import socket

from showcam.settings import Settings


def home_address(settings: Settings) -> str:
    """The address of the console's page, for a browser in the house."""
    host = host_in_house(settings.bind)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/home"


def host_in_house(bind: str) -> str:
    """At which address a browser in the house reaches what listens on `bind`."""
    if bind not in ("0.0.0.0", "::"):  # noqa: S104
        return "127.0.0.1" if bind == "localhost" else bind
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("2001:db8::1" if ":" in bind else "192.0.2.1", 9))  # sends nothing: it chooses the way out
            return str(probe.getsockname()[0])
        except OSError:
            return "::1" if ":" in bind else "127.0.0.1"
