"""Decides who may reach the console, and how a browser signs in: at home, and on AWS with its many households."""

from dataclasses import dataclass
from typing import Literal, Protocol

import structlog
from flask import abort, g, request

from showcam.accounts.attempts import OneTimeCode
from showcam.console.look import cookies
from showcam.console.look.reach import from_house, from_machine_of_house
from showcam.i18n.catalogue import mark
from showcam.net.addresses import BASE, PEER, is_in_house
from showcam.registry.owner.sign_in import SignIn
from showcam.store.ports import Store

# Errors of the one-time code.
CODE = {
    "wrong": (403, mark("Wrong, used or expired. Get a new code.")),
    "too_many": (429, mark("Too many wrong codes. Wait 15 minutes.")),
    "outside": (403, mark("The code works only at home. Open its address there.")),
}

log = structlog.get_logger()

MAX_BODY = 64 * 1024  # bytes; an offer may take half of this

OF_PROXY = frozenset({"home", "console", "look"})  # the blueprints that the owner's proxy leads to

type Entered = Literal["right", "wrong", "too_many", "outside"]


class Entrance(Protocol):
    """Lets browsers reach the console, and says how they sign in. `names` are the house's own names for this machine.

    `prints_codes`: a printed code lets a browser in.
    """

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def prints_codes(self) -> bool: ...
    def guard(self) -> None:
        """Answers 404 to whoever may not come in, as for a page that does not exist.

        Runs before anything reads the request.
        """
        ...

    def enter(self, typed: str) -> Entered:
        """Checks the printed code. A right code is used up."""
        ...

    def takes_codes(self) -> bool:
        """Tells whether this browser may sign in by a code: a printed one, or a phone's."""
        ...

    def takes_passwords(self) -> bool:
        """Tells whether this browser may sign in by a password, without having given a code."""
        ...

    def has_households(self) -> bool:
        """Tells whether anybody could sign in by a password here."""
        ...

    def admits(self, sign_in: SignIn) -> SignIn:
        """Returns the sign-in for passwords of browsers that gave no code."""
        ...

    def in_house(self) -> bool:
        """Tells whether the request comes from the house, with nothing in between."""
        ...


@dataclass(frozen=True)
class HouseEntrance:
    """The entrance of a showcam at home. `open_to` says who may reach the console.

    `exposed`: a public address leads here, maybe by a proxy on this machine that adds no header. A visitor of such a
    proxy can't be distinguished from a browser on this machine, which is therefore no longer in the house. The same
    goes for a machine in the setting trusted_proxies. A browser there still gets the page, since an owner may have
    pressed for the address in it, or have no other browser that reaches showcam. A code signs the browser in, and no
    password does: nobody can guess a code.
    """

    store: Store
    code: OneTimeCode
    open_to: Literal["lan", "public"]
    names: tuple[str, ...]
    exposed: bool
    prints_codes: bool = True

    def guard(self) -> None:
        through_proxy = cookies.base() is not None
        if not cookies.is_home(request.path):
            may = not through_proxy or request.blueprint in OF_PROXY
        else:
            request.max_content_length = MAX_BODY
            by_https = self.open_to == "public" and request.is_secure
            may = through_proxy or by_https or self.at_machine_of_house()
        if not may:
            g.hidden = True
            abort(404)

    def enter(self, typed: str) -> Entered:
        if not self.takes_codes():
            return "outside"
        verdict = self.code.redeem(typed, request.remote_addr or "", self.store)
        if verdict == "right":
            log.info("signed in at the console by the printed code")
        else:
            log.info("code of the console refused", why=verdict)
        return verdict

    def takes_codes(self) -> bool:
        return self.visitor_in_house() or self.at_machine_of_house()

    def takes_passwords(self) -> bool:
        return self.visitor_in_house()

    def has_households(self) -> bool:
        return any(account.origin == "owner" for account in self.store.accounts())

    def admits(self, sign_in: SignIn) -> SignIn:
        return sign_in.at_door()

    def visitor_in_house(self) -> bool:
        """Tells whether the browser is in the house, also through a trusted proxy or the owner's that names it.

        If the proxy names nobody, the address is the proxy's own.
        """
        address = request.remote_addr or ""
        is_named = request.environ.get(PEER) != address
        return self.in_house() or (is_named and is_in_house(address))

    def in_house(self) -> bool:
        environ = request.environ
        return BASE not in environ and from_house(environ, self.names, exposed=self.exposed)

    def at_machine_of_house(self) -> bool:
        """Tells whether the request comes from a machine of the house. This machine may be a proxy for strangers."""
        return BASE not in request.environ and from_machine_of_house(request.environ, self.names)


class PublicEntrance:
    """The entrance of an installation for many households: each signs in as it does to link, with the same limits.

    Nobody runs the installation from here, so no code is printed and no address is trusted.
    """

    names: tuple[str, ...] = ()
    prints_codes = False

    def guard(self) -> None:
        """Cookies need https: a request that came otherwise finds no page."""
        if cookies.is_home(request.path):
            request.max_content_length = MAX_BODY
            if not request.is_secure:
                g.hidden = True
                abort(404)

    def enter(self, _typed: str) -> Entered:
        return "outside"

    def takes_codes(self) -> bool:
        return True  # a phone's

    def takes_passwords(self) -> bool:
        return True

    def has_households(self) -> bool:
        return True

    def admits(self, sign_in: SignIn) -> SignIn:
        return sign_in

    def in_house(self) -> bool:
        return False
