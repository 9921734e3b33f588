"""Builds what the commands work on: the store, a client of the media process, a household and its owner's view."""

import contextlib
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog

from showcam.accounts import households, owner_users
from showcam.accounts.attempts import Limits
from showcam.app import keys
from showcam.app.compose import demo, ground
from showcam.app.compose.ground import Ground, media_client, open_store
from showcam.app.data import integrity
from showcam.app.process import logs
from showcam.app.process.supervisor import CannotStart
from showcam.app.settings import Settings
from showcam.drivers import KINDS
from showcam.engine.client import MediaClient
from showcam.engine.fleet import Fleet
from showcam.engine.grants import Grants
from showcam.registry.owner.owner import Owner
from showcam.registry.owner.sign_in import SignIn
from showcam.store.ports import Store

log = structlog.get_logger()

DEMO_USER = "demo@example.com"


def prepare(settings: Settings) -> None:
    """Make and check keys and store before processes start. Raises CannotStart, KeysUnreadable, StoreUnavailable."""
    store = open_store(settings, keys.of(settings))
    try:
        store.ping()
        for sentence, missing in households.unreadable(store):
            if missing:  # only in a table on AWS: keys.of has checked a database
                raise CannotStart(sentence)
            log.error("a household can't be served", what=sentence)
    finally:
        store.close()


@contextlib.contextmanager
def tools(settings: Settings) -> Iterator[Store]:
    logs.configure("command", "warning")
    integrity.claim(settings)
    integrity.check(settings)
    store = open_store(settings, keys.of(settings))
    try:
        yield store
    finally:
        store.close()


def pictures(settings: Settings, store: Store | None = None) -> MediaClient | Fleet:
    return media_client(settings, Grants(keys.grant_of(settings)), store)


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
    with built(settings) as base:
        yield household_of(settings, base, user)


def household_of(settings: Settings, base: Ground, user: str | None) -> Household:
    """The user's household, or the only one. Raises CannotStart."""
    if settings.demo:
        user = user or DEMO_USER
    account = named_or_only(base.store, user)
    if account is None:
        raise CannotStart("Nobody has cameras here yet: showcam login, or showcam cameras add")
    return Household(account, base.adapter.owner, base.store, user or "")


def named_or_only(store: Store, user: str | None) -> str | None:
    """The id of the household; None if none is named and there is none. Raises CannotStart."""
    if user is not None:
        named = owner_users.named_household(store, KINDS, user)
        if named is None:
            raise CannotStart(f"{user} is not known here: showcam owner add {shlex.quote(user)}")
        return named.id
    accounts = [account.id for account, _ in zip(store.accounts(), range(2), strict=False)]
    if len(accounts) > 1:
        raise CannotStart(
            "There are several households here: say whose cameras with --user. See showcam household list"
        )
    return accounts[0] if accounts else None


def is_meant(settings: Settings, household: Household) -> bool:
    """Whether commands about cameras mean this household if none is named."""
    try:
        return named_or_only(household.store, DEMO_USER if settings.demo else None) == household.account
    except CannotStart:
        return False


@contextlib.contextmanager
def signing_in(settings: Settings) -> Iterator[tuple[SignIn, Callable[[str], Household]]]:
    """Yields the sign-in for any account, and a function that returns an account's household by its id.

    Any account may sign in, since a person who may read the keys may also add an account.
    """
    with built(settings) as base:
        limits = Limits(per_user=settings.sign_ins_per_user, per_address=settings.sign_ins_per_address)
        sign_in = SignIn(
            base.store,
            base.vendors,
            "anyone",
            origin="owner",
            limits=limits,
            vendor_s=settings.sign_in_s,
            by_code=base.adapter.owner.encrypted.fetch_keys,
        )
        yield sign_in, lambda account: Household(account, base.adapter.owner, base.store, "")


@contextlib.contextmanager
def built(settings: Settings) -> Iterator[Ground]:
    logs.configure("command", "error")
    integrity.claim(settings)
    integrity.check(settings)
    if settings.demo:
        settings = demo.prepare(settings)
    base = ground.build(settings, keys.of(settings))
    try:
        yield base
    finally:
        base.store.close()
