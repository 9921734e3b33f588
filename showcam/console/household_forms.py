"""The household's forms on the assistants' page: PIN, quiet times, who may link, and the household's removal."""

from collections.abc import Callable

from flask import request

from showcam.accounts.links import LinkingWindow
from showcam.accounts.pins import BadPin, Pins
from showcam.console.assistants_sentences import ASSISTANTS
from showcam.drivers.settings import BadValue
from showcam.registry import quiet_times
from showcam.registry.owner.invitations import Invitations, Invited
from showcam.registry.owner.sign_in import SignIn
from showcam.store.ports import Store

LONGEST_USER = 200
_NOT_INVITED: dict[Invited, str] = {"": "", "known": ASSISTANTS["invited"], "full": ASSISTANTS["many_invited"]}


class HouseholdForms:
    """`remove` removes a household by id, and ends all video that the household is shown."""

    def __init__(
        self,
        store: Store,
        sign_in: SignIn,
        invitations: Invitations,
        window: LinkingWindow,
        remove: Callable[[str], None],
    ) -> None:
        self._store, self._pins, self.invitations = store, Pins(store), invitations
        self._sign_in, self._window, self._remove = sign_in, window, remove

    def take(self, step: str, account: str) -> str:
        """Returns what was wrong, as a sentence to translate, or "" when done."""
        match step:
            case "set-pin":
                return self._set_pin(account)
            case "clear-pin":
                self._pins.clear(account)
            case "open-window":
                self._window.open()
            case "close-window":
                self._window.close()
            case "invite":
                return self._invite()
            case "take-back":
                gone = self.invitations.take_back(request.form.get("household", "")[:LONGEST_USER])
                return "" if gone else ASSISTANTS["no_invitation"]
            case "set-quiet":
                return self._set_quiet(account)
        return ""

    def has_pin(self, account: str) -> bool:
        return self._pins.is_set(account)

    def delete(self, account: str, user: str) -> str:
        """Returns what was wrong, as a sentence to translate, or "" after deletion. `user` is the signed-in name."""
        if request.form.get("name", "").strip() != user:
            return ASSISTANTS["not_deleted"]
        self._sign_in.sign_out(account)
        self._remove(account)
        return ""

    def _set_pin(self, account: str) -> str:
        pin = request.form.get("pin", "").strip()
        if pin != request.form.get("again", "").strip():
            return ASSISTANTS["pins_differ"]
        try:
            self._pins.set(account, pin)
        except BadPin:
            return ASSISTANTS["pin"]
        return ""

    def _set_quiet(self, account: str) -> str:
        times, zone = (request.form.get(name, "").strip() for name in ("times", "zone"))
        try:
            quiet_times.parsed("", zone)
        except BadValue:
            return ASSISTANTS["quiet_zone"]
        try:
            quiet_times.keep(self._store, account, quiet_times.parsed(times, zone))
        except BadValue:
            return ASSISTANTS["quiet_times"]
        return ""

    def _invite(self) -> str:
        user = request.form.get("user", "").strip()
        if not user or len(user) > LONGEST_USER or not user.isprintable():
            return ASSISTANTS["user"]
        return _NOT_INVITED[self.invitations.invite(user)]
