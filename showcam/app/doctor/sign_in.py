"""Examines whether somebody can sign in here: without that a linking page leads nowhere."""

from itertools import islice

from showcam.app.doctor.finding import Finding, ok, wrong
from showcam.drivers import BRANDS
from showcam.i18n.catalogue import Worded, worded
from showcam.store.ports import Store

VENDOR = "/".join(brand.vendor for brand in BRANDS if brand.signs_in)
MOST = 100  # households that are examined; a maker's installation may have a million
WHAT = worded("who may sign in")


def examine(store: Store, *, anyone: bool) -> Finding:
    """`anyone`: everybody with a vendor's account may sign in, known here or not."""
    by_vendor = by_password = closed = 0
    for account in islice(store.accounts(), MOST):
        at_vendor = any(source.kind != "lan" for source in store.sources(account.id))
        password = store.owner_user(account.id) is not None
        by_vendor, by_password = by_vendor + at_vendor, by_password + password
        closed += not at_vendor and not password
    if closed:
        text = worded(
            "{households} with neither an {vendor} account nor a password for showcam: nobody can link it",
            households=_households(closed),
            vendor=VENDOR,
        )
        mend = worded("Whoever runs this showcam gives it a password.")
        return wrong(WHAT, text, mend, command="showcam owner password")
    if not by_vendor and not by_password and not anyone:
        text = worded("there is no household yet, so nobody can link")
        return wrong(WHAT, text, worded("Sign in on showcam's page."), command="showcam login")
    more = "" if by_vendor + by_password < MOST else worded(", of those examined")
    text = worded(
        "{by_vendor} by an {vendor} account, {by_password} by a password for showcam{more}",
        by_vendor=_households(by_vendor),
        by_password=_households(by_password),
        more=more,
        vendor=VENDOR,
    )
    return ok(WHAT, worded("everybody with an {vendor} account; {text}", text=text, vendor=VENDOR) if anyone else text)


def _households(count: int) -> Worded:
    return worded("1 household") if count == 1 else worded("{count} households", count=count)
