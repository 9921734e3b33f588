"""The pages of phones: an owner has a QR code shown, a phone takes it, and each signed-in browser is listed."""

from collections.abc import Callable
from pathlib import Path

from flask import Response, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.accounts.phone_codes import LIFE_S, PhoneCodes
from showcam.console.door.entrance import CODE, Entrance
from showcam.console.door.phone_rings import PhoneRings
from showcam.console.door.sign_in import browser_name
from showcam.console.look import cookies, pages, qr_code
from showcam.console.look.area import FORM, READ, Area, Rule
from showcam.console.look.reach import host_of
from showcam.i18n.catalogue import mark
from showcam.net.addresses import in_url, is_loopback

# For the codes that sign a phone in.
PHONES = {**CODE, "no_browser": (403, mark("It is gone already.")), "no_push": (403, mark("That did not work."))}

AT, TAKEN_AT = "/home/phones", "/home/phone"
WORKER_AT = "/home/push-worker.js"  # a service worker serves the pages below its own address
MAX_CODE = 100
_WORKER = Path(__file__).parents[1] / "static" / "push-worker.js"


class Phones:
    """`house`: finds this machine's address in the house, for a phone, if there is one. `port`: of the pages there.

    `rings`: what is sent to phones; None if nobody is notified.
    """

    def __init__(
        self,
        area: Area,
        codes: PhoneCodes,
        entrance: Entrance,
        house: Callable[[], str] | None = None,
        *,
        port: int = 0,
        rings: PhoneRings | None = None,
    ) -> None:
        self._area, self._codes, self._entrance = area, codes, entrance
        self._house, self._port, self._rings = house, port, rings

    def rules(self) -> list[Rule]:
        return [
            (AT, "phones", self.show, READ),
            (AT, "phones_step", self.take, ("POST",)),
            (TAKEN_AT, "phone", self.phone, FORM),
            (WORKER_AT, "push_worker", self.worker, READ),
        ]

    def show(self, current: ConsoleSession, why: str = "", code: str = "") -> Response:
        status, sentence = PHONES[why] if why else (200, "")
        origin, is_far = self._origin()
        address = f"{origin}{TAKEN_AT}#{code}"
        rings = self._rings if self._rings is not None and self._rings.may(current.account) else None
        return self._area.page(
            "door/phones",
            status,
            browsers=self._area.sessions.browsers(current.account),
            this=current.id,
            error=pages.say(sentence) if sentence else "",
            drawn=qr_code.svg(address) if code else "",
            address=address if code else "",
            minutes=LIFE_S // 60,
            is_far=is_far,
            rings=rings.ticks(current.account) if rings else [],
            has_address=rings is not None and rings.has_address(current.account),
            done=request.args.get("done", ""),
            push_key=rings.push_key(current.account) if rings and _may_push() else "",
            is_pushed=rings is not None and rings.is_pushed(current),
            worker=WORKER_AT,
        )

    def take(self, current: ConsoleSession) -> Response:
        match request.form.get("step", ""):
            case "add":
                role = request.form.get("role", "member")
                return self.show(current, code=self._codes.new(current, "owner" if role == "owner" else "member"))
            case "rings" if self._rings is not None and self._rings.may(current.account):
                is_kept = self._rings.take(current.account)
                return pages.led(f"{AT}?done=1#rings") if is_kept else self.show(current, "no_browser")
            case "push" if self._rings is not None and self._rings.may(current.account):
                is_kept = self._rings.subscribe(current)
                return pages.led(f"{AT}?done=1#rings") if is_kept else self.show(current, "no_push")
            case "end-push" if self._rings is not None:
                self._rings.unsubscribe(current)
                return pages.led(f"{AT}?done=1#rings")
            case "end-browser":
                return self._end(current, request.form.get("browser", ""))
            case "end-others":
                for browser in self._area.sessions.browsers(current.account):
                    if browser.session.id != current.id:
                        self._area.end(browser.session)
                return pages.led(f"{AT}#browsers")
        return pages.problem("request")

    def worker(self, _current: ConsoleSession) -> Response:
        """The script that shows a ring in a browser, also while no page of showcam's is open there."""
        return Response(_WORKER.read_text(), mimetype="text/javascript")

    def phone(self) -> Response:
        """The page that a phone opens. Only its button takes the code."""
        current = self._area.current()
        if current is not None and current.account:
            return pages.led(cookies.HOME)  # the code is not used up, and the browser keeps its role
        if request.method != "POST":
            return self._area.page("door/phone")
        if not self._entrance.takes_codes():
            return self._refused("outside")
        name = browser_name(request.headers.get("User-Agent", ""))
        verdict, begun = self._codes.take(
            request.form.get("code", "").strip()[:MAX_CODE], request.remote_addr or "", name
        )
        return self._area.begun(begun) if verdict == "right" else self._refused(verdict)

    def _refused(self, why: str) -> Response:
        status, sentence = PHONES[why]
        return self._area.page("door/phone", status, error=pages.say(sentence))

    def _end(self, current: ConsoleSession, session_id: str) -> Response:
        if session_id == current.id:
            return self._area.signed_out(current)
        for browser in self._area.sessions.browsers(current.account):
            if browser.session.id == session_id:
                self._area.end(browser.session)
                return pages.led(f"{AT}#browsers")
        return self.show(current, "no_browser")

    def _origin(self) -> tuple[str, bool]:
        """Returns the origin of these pages for a phone, and True if only this machine reaches that origin."""
        host = host_of(request.host)
        if self._house is None or (cookies.base() is None and (request.is_secure or not _is_own(host))):
            return request.host_url.rstrip("/"), False
        house = self._house()
        return f"http://{in_url(house)}:{self._port}", _is_own(house)


def _is_own(host: str) -> bool:
    return host == "localhost" or is_loopback(host)


def _may_push() -> bool:
    """Whether a browser may subscribe: only by https, or on this machine, and not behind a proxy's base path."""
    return cookies.base() is None and (request.is_secure or _is_own(host_of(request.host)))
