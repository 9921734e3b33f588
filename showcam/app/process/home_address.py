"""Finds the address for reaching this machine in the house, and decides whether showcam listens to the house at all.

If no file or variable says it, a person at a terminal is asked, once. Without a terminal showcam listens to the house
if none of the machine's IPv4 addresses is public, since a machine without a screen would otherwise be out of reach. The
answer is kept. In a container nothing is concluded from the addresses: they are the container's, and who reaches them
is decided outside.
"""

import socket
from collections.abc import Callable, Collection, Mapping

from showcam.app.process.kept import Installation, keeps, read
from showcam.app.settings import Settings
from showcam.net.addresses import is_in_house, is_public

HOUSE, HERE = "0.0.0.0", "127.0.0.1"  # noqa: S104 - the console lets in the house alone (showcam.console.look.reach)


def home_address(settings: Settings) -> str:
    """The address of the console's page, for a browser in the house."""
    host = host_in_house(settings)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/home"


def host_in_house(settings: Settings) -> str:
    """The host that a browser in the house uses to reach showcam: the owner's first name for it, if there is one."""
    bind = settings.bind
    if bind in ("0.0.0.0", "::") and settings.console_hosts:  # noqa: S104
        return settings.console_hosts[0]
    if bind not in ("0.0.0.0", "::"):  # noqa: S104
        return "127.0.0.1" if bind == "localhost" else bind
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("2001:db8::1" if ":" in bind else "192.0.2.1", 9))  # sends nothing: it chooses the way out
            return str(probe.getsockname()[0])
        except OSError:
            return "::1" if ":" in bind else "127.0.0.1"


def undecided(settings: Settings, origins: Mapping[str, str]) -> bool:
    """Whether nobody has decided yet if the house may reach showcam. Raises StoreUnavailable, SealedUnreadable."""
    return settings.has_console and keeps(settings) and "bind" not in origins and "bind" not in read(settings)


def decide(
    settings: Settings,
    origins: Mapping[str, str],
    ask: Callable[[], bool] | None,
    addresses: Callable[[], Collection[str]],
) -> bool:
    """Decides whether the house reaches showcam from now on, and keeps the answer.

    `ask`: asks a person; None if nobody is at a terminal. `addresses`: IPv4 addresses of this machine, empty if they
    can't be read.
    """
    to_house = ask() if ask is not None else is_at_home(addresses())
    Installation(settings, origins).change({"bind": HOUSE if to_house else HERE})
    return to_house


def is_at_home(addresses: Collection[str]) -> bool:
    return any(map(is_in_house, addresses)) and not any(map(is_public, addresses))
