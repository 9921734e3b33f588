"""The authorization endpoint: sign-in, the vendor's code, consent. One address; the form's `step` says what is done.

What was asked stays in the address, so nothing is written before somebody has signed in.
"""

import time
from collections.abc import Callable
from typing import Any, cast

import structlog
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Response, g, redirect, request, session, url_for
from msgspec.structs import replace

from accounts import links
from accounts.identity import token_hash
from oauth import asked as asking
from oauth import pages, wording
from oauth.asked import Asked, Untrusted
from oauth.consent import NothingTicked, chosen
from oauth.language import spoken, words_for
from oauth.server import Server
from oauth.visits import CODE_S, VISIT_S, Visit, Visits
from registry.errors import Unavailable
from registry.listing import Listing
from registry.registry import Registry
from registry.sign_in import CodeWanted, Outcome, SignedIn, SignIn, SignInRefused
from store.ports import Inconsistent, Store
from store.records import Account, Link

log = structlog.get_logger()

LINKS_AN_HOUR = 30
HOUR_S = 3600
DONE_S = 60
AGREED_S = 3.0  # "Agree" pressed again waits so long for the link of the first time
MAX_TYPED = 200


class Linking:
    def __init__(
        self, store: Store, sign_in: SignIn, registry: Registry, server: Server, visits: Visits, refusal_s: float
    ) -> None:
        self._store, self._sign_in, self._registry = store, sign_in, registry
        self._server, self._visits, self._refusal_s = server, visits, refusal_s
        self._steps: dict[str, Callable[[Asked, Any, Visit | None], Response]] = {
            "sign-in": self._begin,
            "code": self._code,
            "agree": self._agree,
            "cancel": self._cancel,
            "switch": self._switch,
        }

    def authorize(self) -> Response:
        """GET shows the step that is due, POST takes one. Raises Untrusted."""
        if len(request.query_string) > asking.MAX_QUERY:
            raise Untrusted("request")
        asked = asking.read(self._store, request.args)
        g.form_action = asked.form_action
        try:
            grant = self._grant(asked)
        except OAuth2Error as error:
            error.redirect_uri = asked.redirect_uri
            told = self._server.create_oauth2_request(None)
            told.client = asked.client
            return self._server.handle_error_response(told, error)
        visit = self._visits.read(request)
        if request.method != "POST":
            return self._due(asked, visit)
        step = self._steps.get(request.form.get("step", ""))
        if step is None:
            raise Untrusted("request")
        return step(asked, grant, visit)

    def _grant(self, asked: Asked) -> Any:
        if not asked.response_type:
            raise InvalidRequestError("The response_type is missing.")
        if asked.response_type != "code":
            raise OAuth2Error("Only response_type=code is supported.", error="unsupported_response_type")
        return self._server.get_consent_grant()

    def _due(self, asked: Asked, visit: Visit | None) -> Response:
        if visit is not None and visit.step == "code":
            return pages.linking_page("code", asked.assistant, hint=visit.hint)
        if visit is not None and visit.step == "signed":
            return self._consent(asked, visit)
        return pages.linking_page("sign_in", asked.assistant)

    # sign-in

    def _begin(self, asked: Asked, _grant: Any, _visit: Visit | None) -> Response:
        user, password = request.form.get("user", "").strip(), request.form.get("password", "")
        if not user or not password:
            return self._refused(asked, SignInRefused("wrong"), user, "empty")
        began = time.monotonic()
        if len(user) > MAX_TYPED or len(password) > MAX_TYPED:
            outcome: Outcome = SignInRefused("wrong")
        else:
            outcome = self._sign_in.begin(user, password, request.remote_addr or "")
        if isinstance(outcome, SignInRefused):
            self._even_out(outcome, began)
            return self._refused(asked, outcome, user)
        return self._onward(outcome, user)

    def _even_out(self, outcome: SignInRefused, began: float) -> None:
        """An unknown user, a wrong password and one who may not link here take the same time."""
        if outcome.why in ("wrong", "stranger"):
            time.sleep(max(0.0, began + self._refusal_s - time.monotonic()))

    def _onward(self, outcome: SignedIn | CodeWanted, user: str) -> Response:
        response = self._again()
        now = time.time()
        if isinstance(outcome, SignedIn):
            visit = Visit("signed", user, now + VISIT_S, account=outcome.account.id)
            log.info("signed in to link", account=outcome.account.id)
        else:
            visit = Visit("code", user, now + CODE_S, pending=outcome.pending, hint=outcome.hint)
        self._visits.begin(request, response, visit)
        session.pop("csrf_token", None)
        return response

    def _refused(self, asked: Asked, outcome: SignInRefused, user: str, why: str = "") -> Response:
        status, text = pages.refusal(why or outcome.why, outcome.retry_after_s)
        log.info("sign-in refused", why=why or outcome.why)
        response = pages.linking_page("sign_in", asked.assistant, status, error=text, user=user[:MAX_TYPED])
        if outcome.retry_after_s:
            response.headers["Retry-After"] = str(outcome.retry_after_s)
        return response

    def _code(self, asked: Asked, _grant: Any, visit: Visit | None) -> Response:
        if visit is not None and visit.step == "signed":
            return self._again()
        if visit is None or visit.step != "code":
            return self._refused(asked, SignInRefused("expired"), "")
        code = "".join(request.form.get("code", "").split())
        if not self._visits.guess(request, visit):
            return self._signed_out(asked, visit, SignInRefused("wrong_code"), "guessed")
        outcome = self._sign_in.submit_code(visit.pending, code)
        if not isinstance(outcome, SignInRefused):
            return self._onward(outcome, visit.user)
        if outcome.why not in ("wrong_code", "vendor_down"):
            return self._signed_out(asked, visit, outcome)
        status, text = pages.refusal(outcome.why)
        log.info("sign-in code refused", why=outcome.why)
        return pages.linking_page("code", asked.assistant, status, error=text, hint=visit.hint)

    def _signed_out(self, asked: Asked, visit: Visit, outcome: SignInRefused, why: str = "") -> Response:
        response = self._refused(asked, outcome, visit.user, why)
        self._visits.end(request, response)
        return response

    def _switch(self, _asked: Asked, _grant: Any, _visit: Visit | None) -> Response:
        response = self._again()
        self._visits.end(request, response)
        return response

    # consent

    def _consent(self, asked: Asked, visit: Visit, status: int = 200, error: str = "") -> Response:
        listing = self._listing(visit.account)
        cameras = sorted(listing.cameras, key=lambda each: each.name.casefold()) if listing else []
        self._visits.keep(request, replace(visit, offered=tuple(each.id for each in cameras)))
        return pages.linking_page(
            "consent", asked.assistant, status, error=error, user=visit.user, cameras=cameras, unread=listing is None
        )

    def _listing(self, account_id: str) -> Listing | None:
        try:
            return self._registry.account_cameras(account_id)
        except Unavailable as unavailable:
            # consent to all of them needs no list
            log.warning("cameras not listed at consent", account=account_id, why=unavailable.reason)
            return None

    def _agree(self, asked: Asked, grant: Any, visit: Visit | None) -> Response:
        link = self._given(visit)
        if link is not None:
            return self._granted(grant, link)
        account = self._store.account(visit.account) if visit is not None and visit.step == "signed" else None
        if visit is None or account is None or visit.offered is None:
            return self._refused(asked, SignInRefused("expired"), "", "away")
        try:
            cameras = chosen(request.form, visit.offered)
        except NothingTicked:
            return self._consent(asked, visit, 400, words_for(request)(wording.NOTHING_TICKED))
        if self._store.hits(f"links:{account.id}", HOUR_S, time.time()) >= LINKS_AN_HOUR:
            return self._consent(asked, visit, 429, words_for(request)(wording.TOO_MANY_LINKS))
        if not self._visits.claim(request, visit) and (other := self._awaited()) is not None and other.step == "done":
            link = self._given(other)
        else:
            link = self._link(asked, visit, account, cameras)
        return self._granted(grant, link) if link else self._refused(asked, SignInRefused("expired"), "", "away")

    def _granted(self, grant: Any, link: Link | None) -> Response:
        answer: Response = self._server.create_authorization_response(grant_user=link, grant=grant)
        return answer

    def _given(self, visit: Visit | None) -> Link | None:
        """The link that this very request was given a moment ago: "Agree" was pressed twice."""
        if visit is None or visit.step != "done" or visit.request != _fingerprint():
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

    def _link(self, asked: Asked, visit: Visit, account: Account, cameras: tuple[str, ...] | None) -> Link | None:
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
        done = replace(visit, step="done", link=link.id, request=_fingerprint(), expires=now + DONE_S)
        self._visits.keep(request, done)
        count = "all" if link.cameras is None else len(link.cameras)
        log.info("linked", link=link.id, account=link.account, client=link.client, cameras=count)
        return link

    def _cancel(self, _asked: Asked, grant: Any, _visit: Visit | None) -> Response:
        answer = self._granted(grant, None)
        self._visits.end(request, answer)
        return answer

    @staticmethod
    def _again() -> Response:
        """To the same address, by GET."""
        response = redirect(f"{url_for('oauth.authorize')}?{request.query_string.decode()}", 303)
        return cast(Response, response)


def _fingerprint() -> str:
    return token_hash(request.query_string.decode())
