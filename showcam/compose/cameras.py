"""Builds what the commands about cameras work on: a household and its owner's view."""

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from registry.drivers.ezviz import households
from registry.owner.owner import Owner
from showcam import keys
from showcam.compose import demo, ground
from showcam.data import folder, integrity
from showcam.process import logs
from showcam.process.supervisor import CannotStart
from showcam.settings import Settings
from store.ports import Store

DEMO_USER = "demo@example.com"


@dataclass(frozen=True)
class Household:
    """`account` is its id; `user` as the command named it, "" for the only household."""

    account: str
    owner: Owner
    store: Store
    user: str


@contextlib.contextmanager
def household(settings: Settings, user: str | None) -> Iterator[Household]:
    """The user's household, or the only one. Raises CannotStart."""
    logs.configure("command", "error")
    folder.claim(settings)
    integrity.check(settings)
    if settings.demo:
        settings = demo.prepare(settings)
        user = user or DEMO_USER
    base = ground.build(settings, keys.of(settings))
    try:
        if user is None:
            accounts = [account.id for account, _ in zip(base.store.accounts(), range(2), strict=False)]
        else:
            source = households.find(base.store, user)
            accounts = [source.account] if source else []
        if not accounts:
            who = f"{user} is not known here" if user else "Nobody has cameras here yet"
            raise CannotStart(f"{who}: showcam owner add {shlex.quote(user or 'you@example.com')}")
        if len(accounts) > 1:
            raise CannotStart("There are several households here: say whose cameras with --user.")
        yield Household(accounts[0], base.adapter.owner, base.store, user or "")
    finally:
        base.store.close()
