"""The forms of the assistants' page: links, PIN, quiet times, the household's removal; clients and who may link."""

import time
from collections.abc import Callable

from flask import request
from msgspec import Struct

from showcam.accounts import clients
from showcam.accounts.clients import TRIAL
from showcam.accounts.links import LinkingWindow, NewLinks
from showcam.accounts.pins import BadPin, Pins
from showcam.console.assistants.sentences import ASSISTANTS
from showcam.drivers.settings import BadValue
from showcam.registry import quiet_times
from showcam.registry.owner.invitations import Invitations, Invited, is_of_owner
from showcam.store.ports import Store
from showcam.store.records import Assistant, Link

MOST_REDIRECTS = 10
LONGEST_USER = 200
# only for the owner of the installation: these concern other households
OF_OWNER = frozenset({"open-window", "close-window", "invite", "take-back", "remove-client"})
OF_OPERATOR = OF_OWNER | {"add-client", "renew-secret"}
STEPS = frozenset({"acknowledge", "end", "choose", "set-pin", "clear-pin", "set-quiet"})
_NOT_INVITED: dict[Invited, str] = {"": "", "known": ASSISTANTS["invited"], "full": ASSISTANTS["many_invited"]}


class Made(Struct, frozen=True):
    """A client whose secret was just made."""

    id: str
    secret: str


class OperatorForms:
    """The forms for who runs the installation: the assistants' clients, and who may link.

    `end` ends a link and its video. `open_to_all`: anybody may link here without an invitation.
    """

    def __init__(
        self,
        store: Store,
        invitations: Invitations,
        window: LinkingWindow,
        end: Callable[[Link], None],
        *,
        open_to_all: bool,
    ) -> None:
        self._store, self._invitations, self._window, self._end = store, invitations, window, end
        self.open_to_all = open_to_all

    def take(self, step: str, account: str) -> Made | str:
        """Takes a step of OF_OPERATOR. Returns what was wrong, as a sentence to translate, or "" when done.

        A client gets a new secret, which is then returned.
        """
        if step in OF_OWNER and not is_of_owner(self._store, account):
            return ASSISTANTS["owners_alone"]
        match step:
            case "add-client":
                return self._add_client()
            case "renew-secret" | "remove-client":
                return self._change_client(step)
            case "open-window":
                self._window.open()
            case "close-window":
                self._window.close()
            case "invite":
                return self._invite()
            case "take-back":
                gone = self._invitations.take_back(request.form.get("household", "")[:LONGEST_USER])
                return "" if gone else ASSISTANTS["no_invitation"]
        return ""

    def shown(self, account: str) -> dict[str, object]:
        """Returns the values for the template: clients, and guests if this household may invite others."""
        invites = is_of_owner(self._store, account)
        return {
            "clients": [client for client in self._store.clients() if not client.id.startswith(TRIAL)],
            "window_min": -(-self._window.left_s() // 60),
            "open_to_all": self.open_to_all,
            "invites": invites,
            "guests": self._invitations.guests() if invites and not self.open_to_all else [],
        }

    def _change_client(self, step: str) -> Made | str:
        client = self._store.client(request.form.get("client", ""))
        if client is None:
            return ASSISTANTS["no_client"]
        if step == "remove-client":
            clients.refuse(self._store, self._end, client)
            return ""
        return Made(client.id, clients.renew_secret(self._store, client))

    def _add_client(self) -> Made | str:
        redirects = tuple(dict.fromkeys(request.form.get("redirects", "").split()))
        assistant: Assistant = "google" if request.form.get("assistant") == "google" else "alexa"
        if not redirects or len(redirects) > MOST_REDIRECTS:
            return ASSISTANTS["redirects"]
        if self._store.client(assistant) is not None:
            return ASSISTANTS["client_there"]
        try:
            return Made(assistant, clients.register(self._store, assistant, assistant, redirects))
        except ValueError:
            return ASSISTANTS["redirects"]

    def _invite(self) -> str:
        user = request.form.get("user", "").strip()
        if not user or len(user) > LONGEST_USER or not user.isprintable():
            return ASSISTANTS["user"]
        return _NOT_INVITED[self._invitations.invite(user)]


class AssistantForms:
    """The forms of a household. `end` ends a link and its video.

    `remove` removes a household by its id, signs it out at its vendor and ends all its video.
    """

    def __init__(
        self,
        store: Store,
        new_links: NewLinks,
        end: Callable[[Link], None],
        remove: Callable[[str], object],
    ) -> None:
        self._store, self._pins, self._new_links, self._end = store, Pins(store), new_links, end
        self._remove = remove

    def take(self, step: str, account: str, cameras: frozenset[str]) -> str:
        """Takes a step of STEPS. Returns what was wrong, as a sentence to translate, or "" when done.

        `cameras` are the household's camera ids.
        """
        match step:
            case "acknowledge":
                self._new_links.acknowledge(account, request.form.getlist("links")[:1000])
            case "end" | "choose":
                return self._change_link(step, account, cameras)
            case "set-pin":
                return self._set_pin(account)
            case "clear-pin":
                self._pins.clear(account)
            case "set-quiet":
                return self._set_quiet(account)
        return ""

    def _change_link(self, step: str, account: str, cameras: frozenset[str]) -> str:
        link = self._store.link(request.form.get("link", ""))
        if link is None or link.account != account or link.ended is not None:
            return ASSISTANTS["no_link"]
        if step == "end":
            self._end(link)
            return ""
        ticked, offered = (frozenset(request.form.getlist(name)) for name in ("cameras", "offered"))
        chosen = ticked & cameras
        if not chosen:
            return ASSISTANTS["nothing_ticked"]
        # compared with what the page showed: a camera that was left unticked may be missing from today's list
        everything = "later" in request.form and ticked == offered
        self._store.choose_cameras(link.id, None if everything else tuple(sorted(chosen)), time.time())
        return ""

    def has_pin(self, account: str) -> bool:
        return self._pins.is_set(account)

    def delete(self, account: str, user: str) -> str:
        """Returns what was wrong, as a sentence to translate, or "" after deletion. `user` is the signed-in name."""
        if request.form.get("name", "").strip() != user:
            return ASSISTANTS["not_deleted"]
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
