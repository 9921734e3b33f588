"""The assistants' page: links and their reports, clients, PIN, quiet times, who may link, and the stored data."""

import json
import time
from collections.abc import Iterable, Mapping
from functools import partial

import msgspec
from flask import Response, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.accounts.owner_users import OwnerUsers
from showcam.accounts.pins import Pins
from showcam.console.assistants.forms import OF_OPERATOR, STEPS, AssistantForms, Made, OperatorForms
from showcam.console.assistants.reports import Reports
from showcam.console.look import cookies, pages
from showcam.console.look.area import READ, Area, Rule
from showcam.registry import quiet_times
from showcam.registry.notices.notifier import Addresses
from showcam.registry.owner.owner import Owner
from showcam.registry.streams.history import History

AT = "/home/assistants"
OF_REPORTS = frozenset({"retry-report", "drop-report"})


class Assistants:
    """`operator`: the forms for clients and invitations; None on AWS: commands are for the operator there."""

    def __init__(
        self,
        owner: Owner,
        area: Area,
        history: History,
        forms: AssistantForms,
        reports: Reports,
        operator: OperatorForms | None = None,
    ) -> None:
        self._owner, self._area, self._history = owner, area, history
        self._forms, self._reports, self._operator = forms, reports, operator

    def rules(self) -> list[Rule]:
        return [
            (AT, "assistants", self.show, READ),
            (AT, "assistants_step", self.take, ("POST",)),
            (f"{AT}/everything.json", "everything", self.everything, READ),
        ]

    def show(self, current: ConsoleSession, error: str = "", made: Made | None = None) -> Response:
        account, store = current.account, self._area.store
        cameras, links = pages.cameras(self._owner, account), store.links(account)
        quiet = quiet_times.of_household(store, account)
        named = {camera.id: camera.name for camera in cameras}
        reports, ended = self._reports.of(account, links, named)
        return self._area.page(
            "assistants/page",
            403 if error else 200,
            links=links,
            reports=reports,
            ended=ended,
            cameras=cameras,
            names_of=partial(_names, named),
            times=str(quiet),
            zone=quiet.zone or quiet_times.own_zone(),
            typed=request.form if error else {},
            made=made,
            has_pin=self._forms.has_pin(account),
            operated=self._operator is not None,
            user=current.user,
            error=pages.say(error) if error else "",
            done=request.args.get("done", ""),
            **(self._operator.shown(account) if self._operator else {}),
        )

    def take(self, current: ConsoleSession) -> Response:
        step, account = request.form.get("step", ""), current.account
        if step == "delete":
            return self._delete(current)
        if step in OF_REPORTS:
            outcome: Made | str = self._reports.take(step, account)
        elif self._operator is not None and step in OF_OPERATOR:
            outcome = self._operator.take(step, account)
        elif step not in STEPS:
            return pages.problem("request")
        else:
            known = pages.cameras(self._owner, account) if step == "choose" else ()
            outcome = self._forms.take(step, account, frozenset(camera.id for camera in known))
        if isinstance(outcome, Made):
            return self.show(current, made=outcome)
        return self.show(current, outcome) if outcome else pages.led(f"{AT}?done={step}")

    def everything(self, current: ConsoleSession) -> Response:
        written = msgspec.json.format(msgspec.json.encode(self._stored(current)))
        return pages.saved(written, "application/json", f"showcam-{pages.day(time.time())}.json")

    def _stored(self, current: ConsoleSession) -> dict[str, object]:
        """Everything that is stored about a household. Secrets are only said to exist. Times are epoch seconds."""
        store, account_id = self._area.store, current.account
        account = store.account(account_id)
        assert account is not None  # its owner is signed in
        quiet = quiet_times.of_household(store, account_id)
        return {
            "household": {**_fields(account, "id", "created", "origin"), "language": account.locale},
            "signed_in_as": current.user,
            "user_at_showcam": OwnerUsers(store).name_of(account_id),
            "has_pin": Pins(store).is_set(account_id),
            "accounts": [_fields(source, "kind", "created") for source in store.sources(account_id)],
            "cameras": [
                _fields(camera, "id", "name", "kind", "manufacturer", "model", "firmware", "owner")
                for camera in pages.cameras(self._owner, account_id)
            ],
            "decided": {camera: json.loads(data) for camera, data in store.preferences(account_id).items()},
            "links": [
                {
                    **_fields(link, "id", "assistant", "client", "label", "cameras", "created", "last_used"),
                    "language": link.locale,
                }
                for link in store.links(account_id)
            ],
            "quiet_times": {"times": str(quiet), "zone": quiet.zone},
            # the address itself is a secret
            "notified": [
                _fields(address, "service", "name", "added") for address in Addresses(store).of(account_id).values()
            ],
            "asked": self._history.of(account_id),
            "browsers": [
                {**_fields(browser, "browser", "since"), "user": browser.session.user}
                for browser in self._area.sessions.browsers(account_id)
            ],
        }

    def _delete(self, current: ConsoleSession) -> Response:
        wrong = self._forms.delete(current.account, current.user)
        if wrong:
            return self.show(current, wrong)
        self._area.end(current)
        response = self._area.page("assistants/deleted", user=current.user)
        cookies.drop(request, response)
        return response


def _fields(record: object, *names: str) -> dict[str, object]:
    """The named fields only: a record may hold secrets, too."""
    return {name: getattr(record, name) for name in names}


def _names(named: Mapping[str, str], cameras: Iterable[str]) -> str:
    """Returns the names of the cameras that still exist."""
    return ", ".join(sorted(filter(None, map(named.get, cameras)))) or "–"
