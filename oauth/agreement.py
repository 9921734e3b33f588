"""The page on which a person agrees, and the link that comes of it."""

import time
from typing import Any

import structlog
from flask import Response, request
from msgspec.structs import replace
from werkzeug.datastructures import MultiDict

from accounts import links
from oauth import pages, wording
from oauth.authorize_request import AuthorizeRequest
from oauth.consent import NothingTicked, chosen
from oauth.language import spoken
from oauth.server import Server
from oauth.signing_in import SigningIn
from oauth.visits import Visit, Visits, fingerprint
from registry.errors import Unavailable
from registry.gate.ways import may_be_overheard
from registry.owner.owner import Owner
from registry.readings.listing import Listing
from store.ports import Inconsistent, Store
from store.records import Account, Link

log = structlog.get_logger()

LINKS_AN_HOUR = 30
HOUR_S = 3600
AGAIN_S = 60  # "Agree" pressed again for the same is given the same link for so long
AGREED_S = 3.0  # and waits so long for the link of the first time


class Agreement:
    def __init__(self, store: Store, owner: Owner, server: Server, visits: Visits, signing_in: SigningIn) -> None:
        self._store, self._owner, self._server = store, owner, server
        self._visits, self._signing_in = visits, signing_in

    def page(self, asked: AuthorizeRequest, visit: Visit, status: int = 200, why: str = "") -> Response:
        """What was ticked and typed stays, where the page comes again."""
        error = pages.say(why) if why else ""
        kept: MultiDict[str, str] | None = request.form if "label" in request.form else None
        listing = self._listing(visit.account)
        cameras = sorted(listing.cameras, key=lambda each: each.name.casefold()) if listing else []
        self._visits.keep(request, replace(visit, offered=tuple(each.id for each in cameras)))
        return pages.linking_page(
            "consent",
            asked.assistant,
            status,
            error=error,
            user=visit.user,
            cameras=cameras,
            unread=listing is None,
            overheard=", ".join(each.name for each in cameras if may_be_overheard(each)),
            ticked=kept.getlist("cameras") if kept is not None else [each.id for each in cameras],
            later=kept is None or "later" in kept,
            label=kept.get("label", "") if kept is not None else "",
        )

    def _listing(self, account_id: str) -> Listing | None:
        try:
            return self._owner.cameras(account_id)
        except Unavailable as unavailable:
            # consent to all of them needs no list
            log.warning("cameras not listed at consent", account=account_id, why=unavailable.reason)
            return None

    def agree(self, asked: AuthorizeRequest, grant: Any, visit: Visit | None) -> Response:
        link = self._given(visit)
        if link is not None:
            return self._granted(grant, link)
        account = self._store.account(visit.account) if visit is not None and visit.step == "signed" else None
        if visit is None or account is None or visit.offered is None:
            return self._signing_in.gone(asked, visit)
        try:
            cameras = chosen(request.form, visit.offered)
        except NothingTicked:
            return self.page(asked, visit, 400, wording.NOTHING_TICKED)
        if self._store.hits(f"links:{account.id}", HOUR_S, time.time()) >= LINKS_AN_HOUR:
            return self.page(asked, visit, 429, wording.TOO_MANY_LINKS)
        if not self._visits.claim(request, visit) and (other := self._awaited()) is not None and other.step == "done":
            link = self._given(other)
        else:
            link = self._link(asked, visit, account, cameras)
        return self._granted(grant, link) if link else self._signing_in.gone(asked, self._visits.read(request))

    def _granted(self, grant: Any, link: Link | None) -> Response:
        answer: Response = self._server.create_authorization_response(grant_user=link, grant=grant)
        return answer

    def _given(self, visit: Visit | None) -> Link | None:
        """The link that this very request was given a moment ago: "Agree" was pressed twice."""
        if visit is None or visit.step != "done" or visit.request != fingerprint(request):
            return None
        if time.time() >= visit.agreed + AGAIN_S:
            return None
        link = self._store.link(visit.link)
        return link if link is not None and link.ended is None else None

    def _awaited(self) -> Visit | None:
        """The visit once another request of it has made its link; as it is, where that one was cut short."""
        end = time.monotonic() + AGREED_S
        while True:
            visit = self._visits.read(request)
            if visit is None or visit.step == "done" or time.monotonic() >= end:
                return visit
            time.sleep(0.05)

    def _link(
        self, asked: AuthorizeRequest, visit: Visit, account: Account, cameras: tuple[str, ...] | None
    ) -> Link | None:
        """The visit's link, also where a request that was cut short has made it already."""
        label, locale, now = request.form.get("label", ""), spoken(request), time.time()
        self._store.hit(f"links:{account.id}", HOUR_S, now)
        link_id = self._visits.link_id(request)
        try:
            link = links.complete(self._store, account, asked.client.row, label, cameras, locale, now, link_id)
        except Inconsistent:
            there = self._store.link(link_id)
            if there is None or (there.client, there.cameras, there.ended) != (asked.client.row.id, cameras, None):
                return None
            link = there
        if request.form.get("overheard"):
            self._signing_in.agreed(account.id)
        done = replace(visit, step="done", link=link.id, request=fingerprint(request), agreed=now)
        self._visits.keep(request, done)
        count = "all" if link.cameras is None else len(link.cameras)
        log.info("linked", link=link.id, account=link.account, client=link.client, cameras=count)
        return link

    def cancel(self, grant: Any) -> Response:
        answer = self._granted(grant, None)
        self._visits.end(request, answer)
        return answer
