"""The rail of set-up: six steps, each useful without the others, with the present state of each."""

from flask import Response, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.door.sign_in import Form, SigningIn
from showcam.console.home.gallery import Gallery, GalleryView
from showcam.console.home.tiles import ASSISTANTS
from showcam.console.look import pages
from showcam.console.look.area import READ, Area, Rule
from showcam.console.setup.reachable import Reachable
from showcam.console.setup.said import SaidPage

AT = "/home/setup"


class SetUp:
    def __init__(
        self,
        gallery: Gallery,
        signing_in: SigningIn,
        area: Area,
        reachable: Reachable,
        *,
        said: SaidPage,
    ) -> None:
        self._gallery, self._signing_in, self._area = gallery, signing_in, area
        self._reachable, self._said = reachable, said

    def rules(self) -> list[Rule]:
        return [(AT, "setup", self.show, READ), (AT, "setup_step", self.take, ("POST",))]

    def take(self, current: ConsoleSession) -> Response:
        step = request.form.get("step", "")
        if self._signing_in.takes(current, step):
            return self._sign_in(current, step)
        return pages.problem("request")

    def _sign_in(self, current: ConsoleSession, step: str) -> Response:
        outcome = self._signing_in.take(current, step)
        if isinstance(outcome, Form):
            return self.show(current, form=outcome, chosen=outcome.status == 200)
        if isinstance(outcome, str):
            return self._area.begun(outcome, AT)
        return outcome or pages.led(AT)

    def show(self, current: ConsoleSession, form: Form | None = None, *, chosen: bool = False) -> Response:
        """`form` is a refused sign-in form, or a `chosen` one."""
        refused = form and not chosen
        view = self._gallery.of(current) if current.account else GalleryView([])
        form = form or self._due(current, view)
        return self._area.page(
            "setup/page",
            403 if refused else 200,
            view=view,
            form=form.name if form else "",
            chosen=chosen,
            joins=self._signing_in.joins(current),
            address=self._reachable.address,
            examined=self._reachable.examined(current.account) if current.account else None,
            since={assistant: self._area.linked(current.account, assistant) for assistant in ASSISTANTS},
            seen=bool(current.account) and self._said.was_seen(current.account),
            **(form.fields if form else {}),
        )

    def _due(self, current: ConsoleSession, view: GalleryView) -> Form | None:
        """Returns the form of a sign-in that brings missing cameras, if any."""
        due = self._signing_in.due(current)
        if due is None and (view.signed_out or view.waiting):
            return self._signing_in.form(current, user=current.user if view.signed_out else "")
        if due is None and self._signing_in.joins(current):
            return self._signing_in.form(current, missing=True)
        return due
