"""Examines whether somebody can sign in here: without that a linking page leads nowhere."""

from itertools import islice

from showcam.doctor.finding import Finding, ok, wrong
from store.ports import Store

MOST = 100  # households that are examined; a maker's installation may have a million
WHAT = "who may sign in"


def examine(store: Store, *, anyone: bool) -> Finding:
    """`anyone`: everybody with a vendor's account may sign in, known here or not."""
    by_vendor = by_password = closed = 0
    for account in islice(store.accounts(), MOST):
        vendor = any(source.kind != "lan" for source in store.sources(account.id))
        password = store.owner_user(account.id) is not None
        by_vendor, by_password = by_vendor + vendor, by_password + password
        closed += not vendor and not password
    if closed:
        text = f"{_households(closed)} with neither an EZVIZ account nor a password for showcam: nobody can link it"
        return wrong(WHAT, text, "Give it a password: showcam owner password")
    if not by_vendor and not by_password and not anyone:
        return wrong(WHAT, "there is no household yet, so nobody can link", "Add yours: showcam login")
    more = "" if by_vendor + by_password < MOST else ", of those examined"
    text = f"{_households(by_vendor)} by an EZVIZ account, {_households(by_password)} by a password for showcam{more}"
    return ok(WHAT, f"everybody with an EZVIZ account; {text}" if anyone else text)


def _households(count: int) -> str:
    return "1 household" if count == 1 else f"{count} households"
