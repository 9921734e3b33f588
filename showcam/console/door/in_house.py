"""The console's door: a browser in the house signs in without a printed code, to a household that is known here."""

from dataclasses import dataclass, field

from flask import Response, request

from showcam.accounts.attempts import Crowd, Crowded
from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.console.door.entrance import Entrance
from showcam.console.door.sign_in import Form, Refused, SigningIn
from showcam.net.addresses import counted_as
from showcam.registry.owner.sign_in_outcome import PENDING_S

STEPS = frozenset({"door", "key", "vendor", "code", "again"})
_NOBODY = ConsoleSession("", 0.0, by_code=False)


@dataclass(frozen=True)
class Outcome:
    """`cookie`: of a session that was begun. `due` is what comes next; None: the page, which shows the form due."""

    cookie: str = ""
    due: Form | Response | None = None
    is_signed_in: bool = False


@dataclass(frozen=True)
class Door:
    """Nobody at linking uses up the tries of this door. Both give the same answers."""

    sessions: ConsoleSessions
    entrance: Entrance
    signing_in: SigningIn
    crowd: Crowd = field(default_factory=Crowd)

    def is_open_to(self, current: ConsoleSession | None) -> bool:
        """Tells whether this browser may try: the entrance lets it, or it was signed in before."""
        return (current is not None and current.by_code) or self.entrance.takes_passwords()

    def form(self, current: ConsoleSession | None) -> Form:
        """Returns the form that is due: of the vendor's code if the browser waits for one, else of a sign-in."""
        waiting = current is not None and self.signing_in.waiting(current)
        if waiting:
            return Form("code", {"hint": waiting.hint})
        return self.signing_in.form(_NOBODY, user=current.user if current else "")

    def take(self, current: ConsoleSession | None, step: str) -> Outcome:
        """Takes a step of a browser that may try."""
        cookie, browser = ("", current) if current is not None else self.sessions.at_door(PENDING_S)
        assert browser is not None
        try:
            with self.crowd.joined(counted_as(request.remote_addr or "")):
                outcome = self.signing_in.take(browser, step)
        except Crowded:
            return Outcome(due=self.signing_in.again(browser, Refused("sign-in", "crowded")))
        if isinstance(outcome, str):
            return Outcome(outcome, is_signed_in=True)
        if cookie and not isinstance(outcome, Form):
            self.sessions.keep(browser)  # the vendor's code or page comes next
            return Outcome(cookie, outcome)
        return Outcome(due=outcome)
