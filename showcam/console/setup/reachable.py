"""The page for a public address, by Tailscale, Cloudflare or the owner's own name; and the doctor's findings of it."""

from dataclasses import dataclass
from typing import Protocol

from flask import Response, request
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.health.examinations import GOOD_FOR_S, Examinations, Examined
from showcam.console.look import pages
from showcam.console.look.area import READ, Area, Rule
from showcam.console.setup import recipes
from showcam.console.setup.exposing import EXPOSING, GIVEN_ELSEWHERE, NOT_EXPOSED, TAILSCALES, By, Exposer, Held, Stage
from showcam.console.setup.recipes import cleaned, is_name
from showcam.i18n.catalogue import mark

AT = "/home/reachable"
NOT_WRITTEN = mark("Not written. Is there room, and may showcam write there?")


@dataclass(frozen=True)
class Ports:
    web: int
    media: int


class Keeper(Protocol):
    """Keeps the public address if nothing else gives it."""

    def keep(self, name: str) -> bool:
        """Keeps the address. Returns False if something else gives an address, which counts more."""
        ...

    def write(self, caddyfile: str) -> None:
        """Writes the file that Caddy reads. Raises OSError."""
        ...

    def written(self) -> str:
        """Returns the path of that file; "" if there is none."""
        ...

    def is_held_up(self) -> bool:
        """Tells whether a process that must read a changed setting waits for the last viewer to leave."""
        ...

    def apply_now(self) -> None:
        """Applies the changed setting at once; video that is being watched stops for some seconds."""
        ...


class Reachable:
    """`address` is the public one, "" without. `keeper`: None if no address is kept.

    `examinations`: the doctor's findings of each step; None: nobody examines here.

    `exposer`: None if showcam can't get an address automatically.
    """

    def __init__(
        self,
        area: Area,
        ports: Ports,
        *,
        address: str,
        keeper: Keeper | None,
        examinations: Examinations | None = None,
        exposer: Exposer | None = None,
    ) -> None:
        self._area, self._ports, self.address, self._keeper = area, ports, address, keeper
        self._examinations, self._exposer = examinations, exposer

    def rules(self) -> list[Rule]:
        return [(AT, "reachable", self.show, READ), (AT, "reachable_step", self.take, ("POST",))]

    def show(self, current: ConsoleSession) -> Response:
        return self._shown(current, cleaned(request.args.get("name", "")), kept=cleaned(request.args.get("kept", "")))

    def take(self, current: ConsoleSession) -> Response:
        match request.form.get("step", ""):
            case "address" | "caddy" as step if self._keeper is not None:
                return self._named(current, self._keeper, writes=step == "caddy")
            case "apply" if self._keeper is not None:
                self._keeper.apply_now()
            case "expose" if self._exposer is not None:
                self._exposer.begin()
            case "tunnel" if self._exposer is not None:
                name = cleaned(request.form.get("name", ""))
                if not is_name(name):
                    return self._shown(current, name, is_wrong=True)
                self._exposer.begin(name)
            case "unexpose" if self._exposer is not None:
                self._exposer.end()
            case _:
                return pages.problem("request")
        return pages.led(AT)

    def examined(self, account: str) -> Examined | None:
        """Starts the doctor automatically if there is a public address and no recent examination."""
        if self._examinations is None:
            return None
        if not self.address:
            return self._examinations.of(account)
        return self._examinations.begin(account, good_for_s=GOOD_FOR_S)

    def _named(self, current: ConsoleSession, keeper: Keeper, *, writes: bool) -> Response:
        """Keeps the typed name; `writes` the file for Caddy first, which needs it before anybody can come."""
        name = cleaned(request.form.get("name", ""))
        if not is_name(name):
            return self._shown(current, name, is_wrong=True)
        try:
            if writes:
                keeper.write(recipes.caddy(name, self._ports.web, self._ports.media))
        except OSError:
            return self._shown(current, name, error=pages.say(NOT_WRITTEN))
        if not keeper.keep(name):
            return self._shown(current, name, error=pages.say(GIVEN_ELSEWHERE))
        return pages.led(f"{AT}?kept={name}")

    def _shown(
        self, current: ConsoleSession, name: str = "", *, kept: str = "", error: str = "", is_wrong: bool = False
    ) -> Response:
        fits = is_name(name)
        examined = self.examined(current.account) if current.account else None
        is_ill = examined is not None and bool(examined.wrong("reachable"))
        return self._area.page(
            "setup/reachable",
            403 if error or is_wrong or (name and not fits) else 200,
            address=self.address,
            typed=name[: recipes.LONGEST],
            is_wrong=is_wrong or (bool(name) and not fits),
            keeps=self._keeper is not None,
            written=self._keeper.written() if self._keeper else "",
            is_held_up=self._keeper is not None and self._keeper.is_held_up(),
            kept=kept if is_name(kept) and self.address != f"https://{kept}" else "",
            address_error=error,
            examined=examined,
            exposing=seen(self._exposer, self.address, is_ill=is_ill) if self._exposer else None,
            **self._recipes((name if fits else "") or recipes.EXAMPLE),
        )

    def _recipes(self, name: str) -> dict[str, str]:
        """Returns the files that a tunnel and a proxy read."""
        web, media = self._ports.web, self._ports.media
        return {"cloudflare": recipes.cloudflare(name, web, media), "caddy": recipes.caddy(name, web, media)}


class View(Struct):
    """`offers`: whether an owner may press for an address. `drawn` is the link as an SVG image of a QR code.

    `unfinished`: whether the owner may go on with what was begun. `can_end`, `is_left`: whether the owner can take the
    address back, and has read what is left to delete.
    """

    text: str
    link: str
    drawn: str
    by: By
    goes_on: bool  # the page opens itself again
    offers: bool
    unfinished: bool
    can_end: bool
    is_left: bool


def seen(exposer: Exposer, address: str, *, is_ill: bool) -> View:
    """`is_ill`: whether the doctor found the address unreachable."""
    stage, held = exposer.stage(), exposer.held()
    goes_on = stage.waits or (stage.stand == "done" and not address)
    by_tailscale = address.endswith(TAILSCALES)
    is_open = held is not None and not held.closed
    unfinished = held is not None and is_open and address != f"https://{held.name}"
    return View(
        text=_text(stage, held, goes_on=goes_on, unfinished=unfinished),
        link=stage.link,
        drawn=exposer.drawn(stage.link) if stage.link else "",
        by=held.by if held is not None and not (goes_on or stage.why) else stage.by,
        goes_on=goes_on,
        offers=(not address and not is_open) or (by_tailscale and is_ill),
        unfinished=unfinished,
        can_end=is_open or by_tailscale,
        is_left=held is not None and held.closed,
    )


def _text(stage: Stage, held: Held | None, *, goes_on: bool, unfinished: bool) -> str:
    if goes_on:
        return pages.say(EXPOSING[stage.stand])
    if stage.why:
        return pages.say(NOT_EXPOSED[stage.why], detail=stage.detail)
    if held is not None and held.closed:
        return pages.say(EXPOSING["closed"], detail=held.left)
    return pages.say(EXPOSING["begun"], detail=held.name) if held is not None and unfinished else ""
