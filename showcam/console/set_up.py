"""The rail of set-up: six steps, each useful without the others, with the present state of each."""

from dataclasses import dataclass
from typing import Protocol

from flask import Response, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console import pages, recipes
from showcam.console.area import READ, Area, Rule
from showcam.console.examinations import GOOD_FOR_S, Examinations, Examined
from showcam.console.exposing import Exposer, seen
from showcam.console.gallery import Gallery, GalleryView
from showcam.console.said import SaidPage
from showcam.console.sentences import SET_UP
from showcam.console.sign_in import Form, SigningIn
from showcam.store.records import Assistant

AT = "/home/setup"
LONGEST = 253
ASSISTANTS: tuple[Assistant, ...] = ("alexa", "google")


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


class SetUp:
    """`address` is the public one, "" without. `adds`: whether owners may add their own cameras.

    `examinations`: the doctor's findings of each step; None: nobody examines here.

    `keeper`: None if no address is kept. `exposer`: None if showcam can't get an address automatically.
    """

    def __init__(
        self,
        gallery: Gallery,
        signing_in: SigningIn,
        area: Area,
        ports: Ports,
        *,
        address: str,
        adds: bool,
        keeper: Keeper | None,
        said: SaidPage,
        examinations: Examinations | None = None,
        exposer: Exposer | None = None,
    ) -> None:
        self._gallery, self._signing_in, self._area = gallery, signing_in, area
        self._ports, self._address, self._adds, self._keeper = ports, address, adds, keeper
        self._said, self._examinations, self._exposer = said, examinations, exposer

    def rules(self) -> list[Rule]:
        return [(AT, "setup", self.show, READ), (AT, "setup_step", self.take, ("POST",))]

    def show(self, current: ConsoleSession) -> Response:
        return self._shown(current, _name(request.args.get("name", "")), kept=_name(request.args.get("kept", "")))

    def take(self, current: ConsoleSession) -> Response:
        step = request.form.get("step", "")
        if self._signing_in.takes(current, step):
            return self._sign_in(current, step)
        if step in ("address", "caddy") and self._keeper is not None:
            return self._named(current, self._keeper, writes=step == "caddy")
        if step == "apply" and self._keeper is not None:
            self._keeper.apply_now()
            return pages.led(f"{AT}#reachable")
        if step in ("expose", "unexpose") and self._exposer is not None:
            if step == "expose":
                self._exposer.begin()
            else:
                self._exposer.end()
            return pages.led(f"{AT}#reachable")
        return pages.problem("request")

    def _sign_in(self, current: ConsoleSession, step: str) -> Response:
        outcome = self._signing_in.take(current, step)
        if isinstance(outcome, Response):
            return outcome
        if isinstance(outcome, Form):
            return self._shown(current, form=outcome, chosen=True)
        if isinstance(outcome, str):
            return self._area.begun(outcome, AT)
        return self._shown(current, form=self._signing_in.again(current, outcome)) if outcome else pages.led(AT)

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
        self,
        current: ConsoleSession,
        name: str = "",
        *,
        kept: str = "",
        error: str = "",
        is_wrong: bool = False,
        form: Form | None = None,
        chosen: bool = False,
    ) -> Response:
        """`error` is about the address. `form` is a refused sign-in form, or a `chosen` one."""
        refused = error or is_wrong or (form and not chosen)
        view = self._gallery.of(current) if current.account else GalleryView([])
        form = form or self._due(current, view)
        is_name = _is_name(name)
        examined = self._examined(current.account) if current.account else None
        is_ill = examined is not None and bool(examined.wrong("reachable"))
        return self._area.page(
            "setup",
            403 if refused or (name and not is_name) else 200,
            view=view,
            form=form.name if form else "",
            chosen=chosen,
            joins=self._signing_in.joins(current),
            adds=self._adds,
            address=self._address,
            typed=name[:LONGEST],
            is_wrong=is_wrong or (bool(name) and not is_name),
            keeps=self._keeper is not None,
            written=self._keeper.written() if self._keeper else "",
            is_held_up=self._keeper is not None and self._keeper.is_held_up(),
            kept=kept if _is_name(kept) and self._address != f"https://{kept}" else "",
            address_error=error,
            examined=examined,
            exposing=seen(self._exposer, self._address, is_ill=is_ill) if self._exposer else None,
            since={assistant: self._area.linked(current.account, assistant) for assistant in ASSISTANTS},
            seen=bool(current.account) and self._said.was_seen(current.account),
            ports=self._ports,
            **self._recipes((name if is_name else "") or recipes.EXAMPLE),
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

    def _recipes(self, name: str) -> dict[str, str]:
        """Returns the files that a tunnel and a proxy read."""
        web, media = self._ports.web, self._ports.media
        return {"cloudflare": recipes.cloudflare(name, web, media), "caddy": recipes.caddy(name, web, media)}

    def _examined(self, account: str) -> Examined | None:
        """Starts the doctor automatically if there is a public address and no recent examination."""
        if self._examinations is None:
            return None
        if not self._address:
            return self._examinations.of(account)
        return self._examinations.begin(account, good_for_s=GOOD_FOR_S)


def _name(typed: str) -> str:
    return typed.strip().lower().removeprefix("https://").rstrip("/")


def _is_name(name: str) -> bool:
    return len(name) <= LONGEST and recipes.NAME.fullmatch(name) is not None
