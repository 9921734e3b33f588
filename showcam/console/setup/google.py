"""The page that brings showcam to Google: Google's console screen by screen, and Google's client."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask import Response, request

from showcam.accounts import clients
from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.look import pages, qr_code
from showcam.console.look.area import FORM, READ, Area, Rule
from showcam.i18n.catalogue import mark
from showcam.store.ports import Store

CLIENT = "google"
PARTS = ("create", "integration", "link", "say")
_WRONG = mark("No project id. Copy it from Google's console.")


@dataclass(frozen=True)
class GoogleConsole:
    """The values for the road through Google's console."""

    address: str  # the public origin; "" if Google can't reach showcam
    link: Callable[[str], str]  # for a project id: the address that opens linking in Google's app
    redirects: Callable[[str], tuple[str, ...]]  # for a project id
    project_of: Callable[[tuple[str, ...]], str]  # for redirect addresses; "" if they are of no project
    is_project: Callable[[str], bool]
    icon: Path  # showcam's icon in Google's app


class GooglePage:
    def __init__(self, area: Area, store: Store, console: GoogleConsole) -> None:
        self._area, self._store, self._console = area, store, console

    def rules(self) -> list[Rule]:
        return [
            ("/home/google", "google", self.page, FORM),
            ("/home/google/icon.png", "google_icon", self.icon, READ),
        ]

    def icon(self, _current: ConsoleSession) -> Response:
        return Response(self._console.icon.read_bytes(), content_type="image/png")

    def page(self, current: ConsoleSession) -> Response:
        if request.method == "GET":
            return self._shown(current)
        match request.form.get("step", ""):
            case "project":
                return self._project(current, request.form.get("project", "").strip())
            case "secret":
                return self._new_secret(current)
        return pages.problem("request")

    def _project(self, current: ConsoleSession, project: str) -> Response:
        """The redirect addresses follow from the project. An existing client keeps its secret."""
        if not self._console.is_project(project):
            return self._shown(current, 403, error=pages.say(_WRONG), typed=project[:100])
        redirects = self._console.redirects(project)
        client = self._store.client(CLIENT)
        if client is None:
            return self._shown(current, secret=clients.register(self._store, CLIENT, "google", redirects))
        clients.readdress(self._store, client, redirects)
        return pages.led("/home/google")

    def _new_secret(self, current: ConsoleSession) -> Response:
        client = self._store.client(CLIENT)
        if client is None:
            return pages.led("/home/google")
        return self._shown(current, secret=clients.renew_secret(self._store, client))

    def _shown(
        self, current: ConsoleSession, status: int = 200, *, error: str = "", typed: str = "", secret: str = ""
    ) -> Response:
        client = self._store.client(CLIENT)
        project = self._console.project_of(client.redirect_uris) if client else ""
        link = self._console.link(project) if project else ""
        linked = self._area.linked(current.account, "google")
        return self._area.page(
            "setup/google",
            status,
            address=self._console.address,
            project=typed or project,
            link=link,
            drawn=qr_code.svg(link) if link else "",
            linked=linked,
            secret=secret,
            error=error,
            open=_part(request.args.get("open", ""), error=error, known=bool(project), linked=bool(linked)),
        )


def _part(asked: str, *, error: str, known: bool, linked: bool) -> str:
    """Returns the part of the road that is open: the one that was asked for, else the first that is not done."""
    if error or not known:
        return "create"
    return asked if asked in PARTS else "say" if linked else "integration"
