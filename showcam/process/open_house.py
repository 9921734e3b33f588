"""Whether showcam listens to the house or to this machine alone, where no file or variable says it.

At a terminal a person is asked, once. Without one it listens to the house where none of the machine's IPv4 addresses
is public, since a machine without a screen is of no use to who can't open the page of the cameras. The answer is kept.
"""

from collections.abc import Callable, Collection, Mapping

from net.addresses import is_in_house, is_public
from showcam.process.kept import Installation, keeps, read
from showcam.settings import Settings

HOUSE, HERE = "0.0.0.0", "127.0.0.1"  # noqa: S104 - the console lets in the house alone (console.reach)


def undecided(settings: Settings, origins: Mapping[str, str]) -> bool:
    """Raises StoreUnavailable, SealedUnreadable."""
    return settings.has_console and keeps(settings) and "bind" not in origins and "bind" not in read(settings)


def decide(
    settings: Settings,
    origins: Mapping[str, str],
    ask: Callable[[], bool] | None,
    addresses: Callable[[], Collection[str]],
) -> bool:
    """Whether the house reaches it from now on, which is kept. `ask`: a person; None where nobody is at a terminal.

    `addresses`: IPv4 addresses of this machine, empty where they can't be read.
    """
    to_house = ask() if ask is not None else is_at_home(addresses())
    Installation(settings, origins).change({"bind": HOUSE if to_house else HERE})
    return to_house


def is_at_home(addresses: Collection[str]) -> bool:
    return any(map(is_in_house, addresses)) and not any(map(is_public, addresses))
