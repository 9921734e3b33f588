"""What the command line's work on cameras stands on: one household and its owner's view of it."""

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from registry.drivers.ezviz import households
from registry.owner.owner import Owner
from showcam import keys
from showcam.compose import demo
from showcam.compose.parts import ground
from showcam.data import folder, integrity
from showcam.process import logs
from showcam.process.supervisor import CannotStart
from showcam.settings import Settings
from store.ports import Store

DEMO_USER = "demo@example.com"


@dataclass(frozen=True)
class Household:
    """`account` is its id, `user` as he was named: "" where it is the only household."""

    account: str
    owner: Owner
    store: Store
    user: str


@contextlib.contextmanager
def household(settings: Settings, user: str | None) -> Iterator[Household]:
    """The user's, or the only one there is. Raises CannotStart."""
    logs.configure("command", "error")
    folder.claim(settings)
    integrity.look(settings)
    if settings.demo:
        settings = demo.prepare(settings)
        user = user or DEMO_USER
    made = ground(settings, keys.of(settings))
    try:
        if user is None:
            accounts = [account.id for account, _ in zip(made.store.accounts(), range(2), strict=False)]
        else:
            source = households.find(made.store, user)
            accounts = [source.account] if source else []
        if not accounts:
            who = f"{user} is not known here" if user else "Nobody has cameras here yet"
            raise CannotStart(f"{who}: showcam owner add {shlex.quote(user or 'you@example.com')}")
        if len(accounts) > 1:
            raise CannotStart("There are several households here: say whose cameras with --user.")
        yield Household(accounts[0], made.adapter.owner, made.store, user or "")
    finally:
        made.store.close()
