"""The rail of set-up: five steps, each of worth by itself, with what is done of it as it is now."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, request

from accounts.console_sessions import ConsoleSession
from console import pages, recipes
from console.area import READ, Area, Rule
from console.examinations import GOOD_FOR_S, Examinations, Examined
from console.sentences import SET_UP
from registry.camera import Refusal
from registry.errors import Unavailable
from registry.owner.owner import Owner
from store.records import Link

AT = "/home/setup"
LONGEST = 253


@dataclass(frozen=True)
class Ports:
    web: int
    media: int


class SetUp:
    """`address` is the public one, "" without. `adds`: whether owners may add cameras of their own.

    `examinations`: what the doctor finds of each step; None: nobody examines here.
    `keep` keeps the public address of a name; False: something else gives it, and counts more. None: none is kept here.
    """

    def __init__(
        self,
        owner: Owner,
        area: Area,
        ports: Ports,
        *,
        address: str,
        adds: bool,
        keep: Callable[[str], bool] | None,
        examinations: Examinations | None = None,
    ) -> None:
        self._examinations = examinations
        self._owner, self._area, self._ports, self._address, self._adds = owner, area, ports, address, adds
        self._keep = keep

    def rules(self) -> list[Rule]:
        return [(AT, "setup", self.show, READ), (AT, "setup_step", self.take, ("POST",))]

    def take(self, current: ConsoleSession) -> Response:
        if request.form.get("step") != "address" or self._keep is None:
            return pages.problem("request")
        name = _name(request.form.get("name", ""))
        if not _is_name(name):
            return self._shown(current, name, is_wrong=True)
        if not self._keep(name):
            return self._shown(current, name, error=pages.say(SET_UP["given_elsewhere"]))
        return pages.led(f"{AT}?kept={name}")

    def show(self, current: ConsoleSession) -> Response:
        return self._shown(current, _name(request.args.get("name", "")), kept=_name(request.args.get("kept", "")))

    def _shown(
        self, current: ConsoleSession, name: str, *, kept: str = "", error: str = "", is_wrong: bool = False
    ) -> Response:
        cameras, shown = self._cameras(current.account)
        examined = self._examined(current.account)
        links = self._area.store.links(current.account)
        is_name = _is_name(name)
        is_wrong = is_wrong or (bool(name) and not is_name)
        filled = name if is_name else recipes.EXAMPLE
        web, media = self._ports.web, self._ports.media
        return self._area.page(
            "setup",
            403 if error or is_wrong else 200,
            cameras=cameras,
            shown=shown,
            adds=self._adds,
            address=self._address,
            typed=name[:LONGEST],
            is_wrong=is_wrong,
            keeps=self._keep is not None,
            kept=kept if _is_name(kept) and self._address != f"https://{kept}" else "",
            error=error,
            tailscale=recipes.tailscale(web, media),
            cloudflare=recipes.cloudflare(filled, web, media),
            caddy=recipes.caddy(filled, web, media),
            settings=recipes.settings(filled),
            examined=examined,
            since={"alexa": _since(links, "alexa"), "google": _since(links, "google")},
        )

    def _examined(self, account: str) -> Examined | None:
        """The doctor looks by itself where there is an address to come by, and lately nobody has."""
        if self._examinations is None:
            return None
        if not self._address:
            return self._examinations.of(account)
        return self._examinations.begin(account, good_for_s=GOOD_FOR_S)

    def _cameras(self, account: str) -> tuple[int, int]:
        """How many there are, and how many of them the page can show."""
        try:
            rows = self._owner.readiness(account, ("page",))
        except Unavailable:
            return 0, 0
        return len(rows), sum(not isinstance(verdicts["page"], Refusal) for _, verdicts in rows)


def _name(typed: str) -> str:
    return typed.strip().lower().removeprefix("https://").rstrip("/")


def _is_name(name: str) -> bool:
    return len(name) <= LONGEST and recipes.NAME.fullmatch(name) is not None


def _since(links: list[Link], assistant: str) -> str:
    """The day of the assistant's first link, "" without one."""
    made = [link.created for link in links if link.assistant == assistant]
    return pages.day(min(made)) if made else ""
