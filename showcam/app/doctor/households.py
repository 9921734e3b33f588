"""Examines households: who may sign in, sessions with vendors, each camera, reports to assistants, and notices."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from showcam.app.doctor.finding import ok, unsure, wrong
from showcam.console.health.machine import Fault, Finding
from showcam.drivers import BRANDS
from showcam.drivers.camera import Refusal, Surface
from showcam.drivers.errors import Reason, Unavailable
from showcam.i18n.catalogue import Worded, worded
from showcam.net.notices import BadAddress, service
from showcam.registry.gate.reasons import explain
from showcam.registry.notices.faults import OF_REPORTS, Faults, Kind, Standing
from showcam.registry.notices.faults import Fault as Noted
from showcam.registry.notices.notifier import Addresses
from showcam.registry.owner.owner import Owner
from showcam.store.ports import Store

MOST = 20  # most households in an examination: each waits for the vendor's answer
MOST_READ = 100  # most households whose rows are read; a maker's installation may have a million
VENDOR = "/".join(brand.vendor for brand in BRANDS if brand.signs_in)
WHAT = worded("who may sign in")
_OF_REPORTS = (*OF_REPORTS, "outbox")
# Stills are not among them: with pictures = vendor no camera has one, and both assistants show it all the same.
_ASSISTANTS: tuple[Surface, ...] = ("alexa", "google")
_FAULTS: dict[Reason, Fault] = {"code_wrong": "code_wrong", "not_playable": "no_room_to_transcode"}
# states that a camera's owner may want; any other reason is a fault of the installation
_WANTED: frozenset[Reason] = frozenset({"asleep", "encryption_on", "audio_off", "offline", "lan_unreachable", "busy"})


_HINDERED: dict[Kind, Worded] = {
    "grant": worded("the assistant refuses them"),
    "expired": worded("showcam has no permission for them"),
    "ending": worded("the assistant says that the link has ended, as of more than ten others at once"),
    "silent": worded("a change could not be reported for a day"),
}


def examine(store: Store, owner: Owner, faults: Faults, standing: Standing, *, only: str = "") -> Iterator[Finding]:
    """`only`: the id of the one household whose owner may read the findings; "" for all."""
    for account in islice((household for household in store.accounts() if only in ("", household.id)), MOST):
        if standing.signed_out(account.id):
            text = worded("the vendor ended it: no camera of the account can be shown")
            mend = worded("Sign in again on showcam's page.")
            yield wrong(worded("session with the vendor"), text, mend, "session_ended", command="showcam login")
        elif any(store.known(account.id, source.id) for source in store.sources(account.id)):
            # of the others no camera was ever listed: nobody has signed in
            yield from _cameras(owner, account.id)
        yield from (_reports(fault) for fault in faults.of(account.id) if fault.lasts and fault.kind in _OF_REPORTS)


def _cameras(owner: Owner, account_id: str) -> Iterator[Finding]:
    try:
        rows = owner.readiness(account_id, _ASSISTANTS)
    except Unavailable as error:
        yield unsure(
            worded("cameras"),
            worded("they can't be listed ({reason})", reason=error.reason),
            worded("Try again in a few minutes."),
        )
        return
    for camera, verdicts in rows:
        what = worded("camera {camera}", camera=camera.name)
        refusals = [verdict for verdict in verdicts.values() if isinstance(verdict, Refusal)]
        if not refusals:
            yield ok(what, worded("every assistant can show it"))
            continue
        first = max(refusals, key=lambda refusal: refusal.reason not in _WANTED)
        problem = unsure if first.reason in _WANTED else wrong
        text = (
            worded("one assistant can't show it")
            if len(refusals) < len(verdicts)
            else worded("no assistant can show it")
        )
        yield problem(what, text, Worded(explain(first), partial(explain, first)), _FAULTS.get(first.reason))


def _reports(fault: Noted) -> Finding:
    what = worded("reports of the link {link}", link=fault.subject)
    if fault.kind != "outbox":
        mend = worded("See why, and press the button there, on showcam's page under Assistants.")
        return wrong(
            what, _HINDERED[fault.kind], mend, "reports_not_sent" if fault.kind == "silent" else "gateway_grant_dead"
        )
    text = worded("some could not be sent, and were put aside")
    mend = worded("See why, and send them again, on showcam's page under Assistants.")
    return wrong(what, text, mend, "reports_not_sent", command="showcam outbox list")


def sign_in(store: Store, *, anyone: bool) -> Finding:
    """`anyone`: everybody with a vendor's account may sign in, known here or not."""
    by_vendor = by_password = closed = 0
    for account in islice(store.accounts(), MOST_READ):
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
        mend = worded("showcam's operator gives it a password.")
        return wrong(WHAT, text, mend, command="showcam owner password")
    if not by_vendor and not by_password and not anyone:
        text = worded("there is no household yet, so nobody can link")
        return wrong(WHAT, text, worded("Sign in on showcam's page."), command="showcam login")
    more = "" if by_vendor + by_password < MOST_READ else worded(", of those examined")
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


def notices(store: Store) -> Finding:
    what = worded("notices")
    addresses, count = Addresses(store), 0
    for _, account in zip(range(MOST_READ), store.accounts(), strict=False):
        for address_id, address in addresses.of(account.id).items():
            count += 1
            try:
                service(address.url)
            except BadAddress as error:
                return wrong(
                    what,
                    worded("the address {address_id} can't be sent to: {error}", address_id=address_id, error=error),
                    worded("Remove it and add it again, on showcam's page under Notices."),
                )
    if not count:
        return ok(what, worded("nobody is notified of faults; addresses are added on showcam's page under Notices"))
    return ok(what, worded("addresses that can be sent to: {count}", count=count))
