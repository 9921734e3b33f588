"""The page of notices: the owner adds addresses for notices, tests each, and removes them."""

import time
from collections.abc import Callable

from flask import Response, request
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.look import pages
from showcam.console.look.area import READ, Area, Rule
from showcam.i18n.catalogue import NAMING, chosen, mark
from showcam.net.notices import BadAddress, send, service
from showcam.net.text import line
from showcam.registry.notices.notifier import LONGEST_NAME, MOST, Addresses, TooMany, trial
from showcam.registry.owner.invitations import is_of_owner

# Errors of the page of notices.
NOTICES = {
    "bad_address": mark("Not added. Begin as the examples do."),
    "owners_alone": mark("showcam's operator decides."),
    "long_name": mark("At most {most} characters."),
    "too_many": mark("At most {most} addresses."),
    "too_many_tries": mark("Too many tries. Wait a minute."),
    "no_address": mark("It is gone already."),
}

AT = "/home/health/notices"
TRIES, WINDOW_S = 10, 60  # each test is a separate process, and a message to somebody's service


class Shown(Struct, frozen=True):
    """An address without its secret: shows only its service and the owner's name for it."""

    id: str
    service: str
    name: str
    added: float


class Notices:
    """`clock`: epoch seconds."""

    def __init__(self, area: Area, clock: Callable[[], float] = time.time) -> None:
        self._area, self._addresses, self._clock = area, Addresses(area.store, clock), clock

    def rules(self) -> list[Rule]:
        return [(AT, "notices", self.show, READ), (AT, "notices_step", self.take, ("POST",))]

    def show(self, current: ConsoleSession, error: str = "") -> Response:
        addresses = [
            Shown(address_id, address.service, address.name, address.added)
            for address_id, address in self._addresses.of(current.account).items()
        ]
        return self._area.page(
            "health/notices",
            403 if error else 200,
            addresses=addresses,
            may_add=is_of_owner(self._area.store, current.account),
            most=MOST,
            longest_name=LONGEST_NAME,
            name=request.form.get("name", "") if error else "",
            error=error,
            taken=_named(addresses, request.args.get("taken", "")),
            not_taken=_named(addresses, request.args.get("not-taken", "")),
            done=request.args.get("done", ""),
        )

    def take(self, current: ConsoleSession) -> Response:
        step, address_id = request.form.get("step", ""), request.form.get("address", "")
        match step:
            case "remove":
                gone = self._addresses.remove(current.account, address_id)
                return self._then(current, "" if gone else pages.say(NOTICES["no_address"]))
            case "add" | "test" if not is_of_owner(self._area.store, current.account):
                return self.show(current, pages.say(NOTICES["owners_alone"]))
            case "add" | "test" if self._too_many(current.account):
                return self.show(current, pages.say(NOTICES["too_many_tries"]))
            case "add":
                return self._then(current, self._add(current.account))
            case "test":
                return self._test(current, address_id)
        return pages.problem("request")

    def _then(self, current: ConsoleSession, why: str) -> Response:
        return self.show(current, why) if why else pages.led(f"{AT}?done=1")

    def _too_many(self, account: str) -> bool:
        return self._area.store.hit(f"notice-tries/{account}", WINDOW_S, self._clock()) > TRIES

    def _add(self, account: str) -> str:
        """Returns why the address was not added, as a sentence, or ""."""
        url, name = request.form.get("url", "").strip(), line(request.form.get("name", ""))
        if len(name) > LONGEST_NAME:
            return pages.say(NOTICES["long_name"], most=LONGEST_NAME)
        try:
            self._addresses.add(account, url, service(url), name)
        except BadAddress:
            return pages.say(NOTICES["bad_address"])
        except TooMany:
            return pages.say(NOTICES["too_many"], most=MOST)
        return ""

    def _test(self, current: ConsoleSession, address_id: str) -> Response:
        address = self._addresses.of(current.account).get(address_id)
        account = self._area.store.account(current.account)
        if address is None or account is None:
            return self.show(current, pages.say(NOTICES["no_address"]))
        try:
            taken = send(address.url, *trial(chosen([account.locale])), sender=NAMING.name)
        except BadAddress:
            taken = False
        return pages.led(f"{AT}?{'taken' if taken else 'not-taken'}={address_id}")


def _named(addresses: list[Shown], address_id: str) -> str:
    """Returns the owner's name for the address, or else its service; "" if there is no such address."""
    return next((shown.name or shown.service for shown in addresses if shown.id == address_id), "")
