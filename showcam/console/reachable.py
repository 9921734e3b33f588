"""The page for a public address: by Tailscale, or by a name that the owner has; and the doctor's findings of it."""

from dataclasses import dataclass
from typing import Protocol

from flask import Response, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console import pages, recipes
from showcam.console.area import READ, Area, Rule
from showcam.console.examinations import GOOD_FOR_S, Examinations, Examined
from showcam.console.exposing import Exposer, seen
from showcam.console.sentences import SET_UP

AT = "/home/reachable"
LONGEST = 253


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
        return self._shown(current, _name(request.args.get("name", "")), kept=_name(request.args.get("kept", "")))

    def take(self, current: ConsoleSession) -> Response:
        match request.form.get("step", ""):
            case "address" | "caddy" as step if self._keeper is not None:
                return self._named(current, self._keeper, writes=step == "caddy")
            case "apply" if self._keeper is not None:
                self._keeper.apply_now()
            case "expose" if self._exposer is not None:
                self._exposer.begin()
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
        name = _name(request.form.get("name", ""))
        if not _is_name(name):
            return self._shown(current, name, is_wrong=True)
        try:
            if writes:
                keeper.write(recipes.caddy(name, self._ports.web, self._ports.media))
        except OSError:
            return self._shown(current, name, error=pages.say(SET_UP["not_written"]))
        if not keeper.keep(name):
            return self._shown(current, name, error=pages.say(SET_UP["given_elsewhere"]))
        return pages.led(f"{AT}?kept={name}")

    def _shown(
        self, current: ConsoleSession, name: str = "", *, kept: str = "", error: str = "", is_wrong: bool = False
    ) -> Response:
        is_name = _is_name(name)
        examined = self.examined(current.account) if current.account else None
        is_ill = examined is not None and bool(examined.wrong("reachable"))
        return self._area.page(
            "reachable",
            403 if error or is_wrong or (name and not is_name) else 200,
            address=self.address,
            typed=name[:LONGEST],
            is_wrong=is_wrong or (bool(name) and not is_name),
            keeps=self._keeper is not None,
            written=self._keeper.written() if self._keeper else "",
            is_held_up=self._keeper is not None and self._keeper.is_held_up(),
            kept=kept if _is_name(kept) and self.address != f"https://{kept}" else "",
            address_error=error,
            examined=examined,
            exposing=seen(self._exposer, self.address, is_ill=is_ill) if self._exposer else None,
            **self._recipes((name if is_name else "") or recipes.EXAMPLE),
        )

    def _recipes(self, name: str) -> dict[str, str]:
        """Returns the files that a tunnel and a proxy read."""
        web, media = self._ports.web, self._ports.media
        return {"cloudflare": recipes.cloudflare(name, web, media), "caddy": recipes.caddy(name, web, media)}


def _name(typed: str) -> str:
    return typed.strip().lower().removeprefix("https://").rstrip("/")


def _is_name(name: str) -> bool:
    return len(name) <= LONGEST and recipes.NAME.fullmatch(name) is not None
