"""The rail of set-up: five steps, each of worth by itself, with what is done of it as it is now."""

from dataclasses import dataclass

from flask import Response, request

from accounts.console_sessions import ConsoleSession
from console import pages, recipes
from console.area import READ, Area, Rule
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
    """`address` is the public one, "" without. `adds`: whether owners may add cameras of their own."""

    def __init__(self, owner: Owner, area: Area, ports: Ports, *, address: str, adds: bool) -> None:
        self._owner, self._area, self._ports, self._address, self._adds = owner, area, ports, address, adds

    def rules(self) -> list[Rule]:
        return [(AT, "setup", self.show, READ)]

    def show(self, current: ConsoleSession) -> Response:
        cameras, shown = self._cameras(current.account)
        links = self._area.store.links(current.account)
        name = request.args.get("name", "").strip().lower().removeprefix("https://").rstrip("/")
        is_name = len(name) <= LONGEST and recipes.NAME.fullmatch(name) is not None
        filled = name if is_name else recipes.EXAMPLE
        web, media = self._ports.web, self._ports.media
        return self._area.page(
            "setup",
            403 if name and not is_name else 200,
            cameras=cameras,
            shown=shown,
            adds=self._adds,
            address=self._address,
            typed=name[:LONGEST],
            is_wrong=bool(name) and not is_name,
            tailscale=recipes.tailscale(web, media),
            cloudflare=recipes.cloudflare(filled, web, media),
            caddy=recipes.caddy(filled, web, media),
            settings=recipes.settings(filled),
            since={"alexa": _since(links, "alexa"), "google": _since(links, "google")},
        )

    def _cameras(self, account: str) -> tuple[int, int]:
        """How many there are, and how many of them the page can show."""
        try:
            rows = self._owner.readiness(account, ("page",))
        except Unavailable:
            return 0, 0
        return len(rows), sum(not isinstance(verdicts["page"], Refusal) for _, verdicts in rows)


def _since(links: list[Link], assistant: str) -> str:
    """The day of the assistant's first link, "" without one."""
    made = [link.created for link in links if link.assistant == assistant]
    return pages.day(min(made)) if made else ""
