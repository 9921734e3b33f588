"""The consent page, with the decision for encrypted cameras and their codes, and the link that consent makes."""

import time
from typing import Any

import structlog
from flask import Response, request
from msgspec.structs import replace
from werkzeug.datastructures import MultiDict

from oauth import pages, wording
from oauth.clients import AuthorizeRequest
from oauth.pages import spoken
from oauth.server import Server
from oauth.sign_in import SigningIn
from oauth.visits import Visit, Visits, fingerprint
from showcam.accounts import links
from showcam.accounts.links import CODE_S
from showcam.drivers.camera import Refusal
from showcam.drivers.errors import Unavailable
from showcam.drivers.settings import BadValue, Step
from showcam.registry.gate.gate import may_be_overheard
from showcam.registry.gate.reasons import explain
from showcam.registry.owner.owner import Owner
from showcam.registry.readings.households import Listing
from showcam.store.ports import Inconsistent, Store
from showcam.store.records import HOUR_S, LOOK_S, Account, Link

FIELD = "code-"  # begins the name of a field for a code; the camera's id follows
TICK = "deciphered"
# names in the form: of the tick for all own cameras, and of the fields with the ids of the cameras it covers
ALL, NAMED = "show_encrypted", "encrypted"
log = structlog.get_logger()
LINKS_AN_HOUR = 30


class CodeRefused(Exception):
    """A code was not kept; the text says why, in the language of the request."""


class Codes:
    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    @staticmethod
    def are_given(form: MultiDict[str, str]) -> bool:
        return any(name.startswith(FIELD) and form[name].strip() for name in form)

    def decide(self, form: MultiDict[str, str], account_id: str, offered: tuple[str, ...]) -> None:
        """Takes the decision for all cameras that the page named, if its box was ticked."""
        if ALL in form:
            named = set(form.getlist(NAMED))
            self._owner.show_all_encrypted(account_id, [camera for camera in offered if camera in named])

    def keep(self, form: MultiDict[str, str], account_id: str, offered: tuple[str, ...]) -> None:
        """Keeps each typed code as the decision of the camera's owner. Raises CodeRefused."""
        codes = {camera_id: form.get(f"{FIELD}{camera_id}", "").strip() for camera_id in offered}
        given = {camera_id: code for camera_id, code in codes.items() if code}
        if given and TICK not in form:
            raise CodeRefused(pages.say(wording.NOT_CONSENTED))
        for camera_id, code in given.items():
            self._keep(account_id, camera_id, code)

    def _keep(self, account_id: str, camera_id: str, code: str) -> None:
        try:
            done = self._owner.while_encrypted(account_id, camera_id, "code", code=code, consent=True)
        except BadValue:
            done = Step("code", wrong=True)
        match done:
            case Refusal():
                raise CodeRefused(explain(done, pages.read(request)))
            case Step(why="guessed"):
                raise CodeRefused(pages.say(wording.TOO_MANY_CODES))
            case Step():
                raise CodeRefused(pages.say(wording.WRONG_CODE, camera=self._name(account_id, camera_id)))

    def _name(self, account_id: str, camera_id: str) -> str:
        try:
            listed = self._owner.cameras(account_id).cameras
        except Unavailable:
            return "…"
        return next((camera.name for camera in listed if camera.id == camera_id), "…")


class NothingTicked(Exception):
    """No camera was ticked."""


def chosen(form: MultiDict[str, str], offered: tuple[str, ...]) -> tuple[str, ...] | None:
    """The ticked camera ids, or None for all cameras, later ones included. Raises NothingTicked.

    Later cameras are included only if all offered ones are ticked: an unticked camera is never shared.
    """
    ticked = set(form.getlist("cameras")) & set(offered)
    if not offered and form.get("all"):  # the page could list no camera and asked for consent to all
        return None
    if not ticked:
        raise NothingTicked
    if ticked == set(offered) and form.get("later"):
        return None
    return tuple(camera_id for camera_id in offered if camera_id in ticked)


class Agreement:
    """`agreed_s`: how long a second "Agree" waits for the link of the first."""

    def __init__(
        self, store: Store, owner: Owner, server: Server, visits: Visits, signing_in: SigningIn, agreed_s: float
    ) -> None:
        self._store, self._owner, self._server, self._agreed_s = store, owner, server, agreed_s
        self._visits, self._signing_in, self._codes = visits, signing_in, Codes(owner)

    def page(self, auth_request: AuthorizeRequest, visit: Visit, status: int = 200, error: str = "") -> Response:
        """The consent page. When it is shown again it keeps what was ticked and typed, but no code."""
        kept: MultiDict[str, str] | None = request.form if "label" in request.form else None
        listing = self._listing(visit.account)
        cameras = sorted(listing.cameras, key=lambda camera: camera.name.casefold()) if listing else []
        self._visits.keep(request, replace(visit, offered=tuple(camera.id for camera in cameras)))
        return pages.linking_page(
            "consent",
            auth_request.assistant,
            status,
            error=error,
            owners=self._signing_in.sign_in.has_owner_users(),
            user=visit.user,
            cameras=cameras,
            unread=listing is None,
            overheard=", ".join(camera.name for camera in cameras if may_be_overheard(camera)),
            encrypted=[one for one in cameras if self._owner.may_be_deciphered(visit.account, one)],
            undecided=self._owner.undecided(visit.account, cameras),
            show_encrypted=kept is not None and ALL in kept,
            giving=kept is not None and self._codes.are_given(kept),
            ticked=kept.getlist("cameras") if kept is not None else [camera.id for camera in cameras],
            deciphered=kept is not None and "deciphered" in kept,
            later=kept is None or "later" in kept,
            open_way=kept is None or "open_way" in kept,
            label=kept.get("label", "") if kept is not None else "",
        )

    def _listing(self, account_id: str) -> Listing | None:
        try:
            return self._owner.cameras(account_id)
        except Unavailable as unavailable:
            # consent to all cameras needs no list
            log.warning("cameras not listed at consent", account=account_id, why=unavailable.reason)
            return None

    def agree(self, auth_request: AuthorizeRequest, grant: Any, visit: Visit | None) -> Response:
        link = self._repeated_link(visit)
        if link is not None:
            return self._redirect(grant, link)
        account = self._store.account(visit.account) if visit is not None and visit.step == "signed" else None
        if visit is None or account is None or visit.offered is None:
            return self._signing_in.gone(auth_request, visit)
        try:
            cameras = chosen(request.form, visit.offered)
        except NothingTicked:
            return self.page(auth_request, visit, 400, pages.say(wording.NOTHING_TICKED))
        if self._store.hits(f"links:{account.id}", HOUR_S, time.time()) >= LINKS_AN_HOUR:
            return self.page(auth_request, visit, 429, pages.say(wording.TOO_MANY_LINKS))
        try:
            self._codes.keep(request.form, account.id, visit.offered)
            self._codes.decide(request.form, account.id, visit.offered)
        except CodeRefused as refused:
            return self.page(auth_request, visit, 400, str(refused))
        first = self._visits.claim(request, visit)
        if not first and (other := self._await_link()) is not None and other.step == "done":
            link = self._repeated_link(other)
        else:
            link = self._link(auth_request, visit, account, cameras)
        return self._redirect(grant, link) if link else self._signing_in.gone(auth_request, self._visits.read(request))

    def _redirect(self, grant: Any, link: Link | None) -> Response:
        answer: Response = self._server.create_authorization_response(grant_user=link, grant=grant)
        return answer

    def _repeated_link(self, visit: Visit | None) -> Link | None:
        """The link that this same request made a moment ago: "Agree" was pressed twice."""
        if visit is None or visit.step != "done" or visit.request != fingerprint(request):
            return None
        if time.time() >= visit.agreed + CODE_S:  # the code of the first "Agree" has expired
            return None
        link = self._store.link(visit.link)
        return link if link is not None and link.ended is None else None

    def _await_link(self) -> Visit | None:
        """The visit, once another of its requests has made the link or `agreed_s` have passed."""
        end = time.monotonic() + self._agreed_s
        while True:
            visit = self._visits.read(request)
            if visit is None or visit.step == "done" or time.monotonic() >= end:
                return visit
            time.sleep(LOOK_S)

    def _link(
        self, auth_request: AuthorizeRequest, visit: Visit, account: Account, cameras: tuple[str, ...] | None
    ) -> Link | None:
        """Makes the visit's link, or finds the one that an interrupted request has already made."""
        label, locale, now = request.form.get("label", ""), spoken(request), time.time()
        self._store.hit(f"links:{account.id}", HOUR_S, now)
        link_id = self._visits.link_id(request)
        try:
            link = links.complete(self._store, account, auth_request.client.row, label, cameras, locale, now, link_id)
        except Inconsistent:
            existing = self._store.link(link_id)
            expected = (auth_request.client.row.id, cameras, None)
            if existing is None or (existing.client, existing.cameras, existing.ended) != expected:
                return None
            link = existing
        if "open_way_offered" in request.form:
            self._signing_in.sign_in.allow_open_way(account.id, allowed="open_way" in request.form)
        done = replace(visit, step="done", link=link.id, request=fingerprint(request), agreed=now)
        self._visits.keep(request, done)
        count = "all" if link.cameras is None else len(link.cameras)
        log.info("linked", link=link.id, account=link.account, client=link.client, cameras=count)
        return link

    def cancel(self, grant: Any) -> Response:
        answer = self._redirect(grant, None)
        self._visits.end(request, answer)
        return answer
