"""The pages for a person's sign-in: user name and password, then a code if the vendor wants a second factor."""

import time
from contextlib import AbstractContextManager
from typing import Any, cast

import structlog
from flask import Response, g, redirect, request, session

from oauth import pages
from oauth.clients import AuthorizeRequest, Untrusted
from oauth.visits import VISIT_S, KnownBrowser, Visit, Visits, fingerprint
from oauth.wording import SIGN_IN
from showcam.accounts.attempts import Browser, Crowd, Crowded, Pace
from showcam.accounts.states import States
from showcam.drivers.vendor import ByPage, manner_of
from showcam.i18n.catalogue import NAMING
from showcam.net.addresses import counted_as
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.owner.sign_in_outcome import (
    NOT_THESE,
    NOT_THESE_EITHER,
    PENDING_S,
    CodeWanted,
    SignedIn,
    SignInRefused,
)
from showcam.store.records import SourceKind, token_hash

log = structlog.get_logger()

MAX_TYPED = 200
MAX_CODE = 2048  # of a vendor's code or key


class SigningIn:
    """`practice`: the user name and password of the demo, None outside it. `back`: the callback's address."""

    def __init__(
        self,
        sign_in: SignIn,
        visits: Visits,
        known: KnownBrowser,
        refusal_s: float,
        practice: tuple[str, str] | None = None,
        *,
        states: States,
        back: str,
    ) -> None:
        self._states, self._back = states, back
        self.practice = practice
        self.sign_in, self._visits, self._known = sign_in, visits, known
        self._pace = Pace(refusal_s)
        self._strangers, self._others = Crowd(), Crowd()

    def page(self, auth_request: AuthorizeRequest, visit: Visit | None, status: int = 200) -> Response:
        if visit is not None and visit.step == "code":
            return self._code_page(auth_request, visit, status)
        if visit is not None and visit.step == "refused":
            self.name_vendor(visit.kind)
            return self._refused(auth_request, SignInRefused("expired"), "", visit.hint)
        return self._form(auth_request, status)

    def chosen(self) -> SourceKind:
        """The form's vendor, or the usual one."""
        named = request.form.get("vendor", "")
        return named if named in self.sign_in.vendors else self.sign_in.usual

    def name_vendor(self, kind: str = "") -> None:
        """Has the texts of this answer name the vendor that was chosen."""
        g.vendor = self.sign_in.vendors[kind or self.chosen()].vendor

    def choose(self, auth_request: AuthorizeRequest) -> Response:
        """The form of the vendor that was chosen, or a redirect to the vendor's own page."""
        kind = self.chosen()
        if manner_of(self.sign_in.vendors[kind]) != "page":
            return self._form(auth_request, 200, kind)
        state = self._states.new()
        going = self.sign_in.go(request.remote_addr or "", f"{self._back}/{kind}", state, kind=kind)
        if isinstance(going, SignInRefused):
            return self._refused(auth_request, going, "")
        visit = Visit(
            "there",
            "",
            time.time() + PENDING_S,
            pending=going.pending,
            kind=kind,
            state=token_hash(state),
            query=request.query_string.decode(),
        )
        response = cast(Response, redirect(going.url, 303))
        self._visits.begin(request, response, visit)
        log.info("sent to the vendor's page", kind=kind)
        return response

    def came_back(self, kind: str) -> Response:
        """The vendor sends the browser here from its own page, with a code or an error. Raises Untrusted."""
        visit, state = self._visits.read(request), request.args.get("state", "")
        began_at = self._states.began_at(state) if kind in self.sign_in.vendors else None
        if began_at:  # the sign-in began at the console, which this browser may reach by another address
            return cast(Response, redirect(f"{began_at}/home/callback/{kind}?{request.query_string.decode()}", 303))
        if began_at is None or visit is None or visit.kind != kind or not self._visits.came_back(request, visit, state):
            raise Untrusted("callback")
        response = cast(Response, redirect(pages.authorize_at(visit.query), 303))
        code = request.args.get("code", "")
        if "error" in request.args or not 0 < len(code) <= MAX_CODE:
            return self._turned_back(response, visit, "denied")
        try:
            with self._place(self._known.read(request)):
                outcome = self.sign_in.come_back(visit.pending, code)
        except Crowded:
            return self._turned_back(response, visit, "crowded")
        if isinstance(outcome, SignInRefused):
            return self._turned_back(response, visit, outcome.why)
        return self._accepted(outcome, visit.kind, response)

    def _turned_back(self, response: Response, visit: Visit, why: str) -> Response:
        log.info("sign-in at the vendor's page refused", why=why)
        refused = Visit("refused", "", visit.expires, hint=why, kind=visit.kind)
        self._visits.begin(request, response, refused)
        return response

    def _form(self, auth_request: AuthorizeRequest, status: int, kind: SourceKind = "", **context: Any) -> Response:
        """`kind`: the vendor that was chosen; without one, several vendors are shown to choose from."""
        vendors = self.sign_in.vendors
        manner = manner_of(vendors[kind or self.sign_in.usual])
        if manner == "page" or (not kind and len(vendors) > 1):
            origins = {o for vendor in vendors.values() if isinstance(vendor, ByPage) for o in vendor.origins}
            g.form_action = " ".join((auth_request.form_action, *sorted(origins)))
            named = [(each, vendor.vendor) for each, vendor in vendors.items()]
            if self.sign_in.has_owner_users() and manner_of(vendors[self.sign_in.usual]) == "password":
                named.append((self.sign_in.usual, NAMING.name))  # the form takes both
            error = context.get("error", "")
            return pages.linking_page("vendors", auth_request.assistant, status, vendors=named, error=error)
        return pages.linking_page(
            "key" if manner == "key" else "sign_in",
            auth_request.assistant,
            status,
            owners=self.sign_in.has_owner_users(),
            no_password=pages.no_password(),
            practice=self.practice is not None,
            kind_chosen=kind if len(vendors) > 1 else "",
            **context,
        )

    def fill(self, auth_request: AuthorizeRequest) -> Response:
        """The form with the demo's account in it."""
        user, password = self.practice or ("", "")
        return self._form(auth_request, 200, self.sign_in.usual, user=user, password=password)

    def begin_key(self, auth_request: AuthorizeRequest) -> Response:
        key = request.form.get("key", "").strip()
        if not key or len(key) > MAX_CODE:
            return self._refused(auth_request, SignInRefused("wrong_key"), "", "" if key else "empty_key")
        try:
            with self._place(self._known.read(request)):
                outcome = self.sign_in.begin_key(key, request.remote_addr or "", kind=self.chosen())
        except Crowded:
            return self._refused(auth_request, SignInRefused("expired"), "", "crowded")
        if isinstance(outcome, SignInRefused):
            return self._refused(auth_request, outcome, "")
        return self._accepted(outcome, self.chosen())

    def begin(self, auth_request: AuthorizeRequest) -> Response:
        user, password = request.form.get("user", "").strip(), request.form.get("password", "")
        if not user or not password:
            return self._refused(auth_request, SignInRefused("wrong"), user, "empty")
        if len(user) > MAX_TYPED or len(password) > MAX_TYPED:
            # refused without a delay: no account is looked up
            return self._refused(auth_request, SignInRefused("wrong"), user)
        known = self._known.read(request)
        try:
            with self._place(known):
                return self._begin(auth_request, user, password, known)
        except Crowded:
            return self._refused(auth_request, SignInRefused("expired"), user, "crowded")

    def _place(self, known: Browser | None) -> AbstractContextManager[None]:
        """A place to wait for the vendor, at either step. Raises Crowded when entered."""
        return (self._others if known else self._strangers).joined(counted_as(request.remote_addr or ""))

    def _begin(self, auth_request: AuthorizeRequest, user: str, password: str, known: Browser | None) -> Response:
        began = time.monotonic()
        outcome = self.sign_in.begin(user, password, request.remote_addr or "", known, kind=self.chosen())
        if not isinstance(outcome, SignInRefused):
            return self._accepted(outcome, user)
        if outcome.why not in NOT_THESE:
            return self._refused(auth_request, outcome, user)
        self._pace.wait(began)
        return self._refused(auth_request, outcome, user, "" if outcome.own else "wrong")

    def code(self, auth_request: AuthorizeRequest, visit: Visit | None) -> Response:
        if visit is not None and visit.step == "signed":
            return pages.again()
        if visit is None or visit.step != "code":
            return self._refused(auth_request, SignInRefused("expired"), "")
        code = "".join(request.form.get("code", "").split())
        if not code:
            return self._code_page(auth_request, visit, why="no_code")
        try:
            with self._place(self._known.read(request)):
                outcome = self.sign_in.submit_code(visit.pending, code)
        except Crowded:
            log.info("sign-in code not taken", why="crowded")
            return self._code_page(auth_request, visit, why="crowded")
        if not isinstance(outcome, SignInRefused):
            return self._accepted(outcome, visit.user)
        if outcome.why not in ("wrong_code", "no_internet", "vendor_down"):
            response = self._refused(auth_request, outcome, visit.user)
            self._visits.end(request, response)
            return response
        log.info("sign-in code refused", why=outcome.why)
        return self._code_page(auth_request, visit, why=outcome.why)

    def switch(self) -> Response:
        response = pages.again()
        self._visits.end(request, response)
        return response

    def gone(self, auth_request: AuthorizeRequest, visit: Visit | None) -> Response:
        """A step without a valid sign-in: says what became of the sign-in, and shows the form for a new one."""
        if visit is not None and visit.step == "code":
            return self._code_page(auth_request, visit, why="unfinished")
        why = "away"
        if visit is not None and visit.step == "done":
            why = "linked" if visit.request == fingerprint(request) else "used"
        return self._refused(auth_request, SignInRefused("expired"), visit.user if visit else "", why)

    def _accepted(self, outcome: SignedIn | CodeWanted, user: str, response: Response | None = None) -> Response:
        response = response or pages.again()
        now = time.time()
        if isinstance(outcome, SignedIn):
            visit = Visit("signed", outcome.user or user, now + VISIT_S, account=outcome.account.id)
            self._known.remember(request, response, outcome.account.id)
            log.info("signed in to link", account=outcome.account.id)
        else:
            visit = Visit("code", user, now + PENDING_S, pending=outcome.pending, hint=outcome.hint)
        self._visits.begin(request, response, visit)
        session.pop("csrf_token", None)
        return response

    def _refused(
        self, auth_request: AuthorizeRequest, outcome: SignInRefused, user: str, page_why: str = ""
    ) -> Response:
        """`page_why`: the reason to show, if the log gets a different reason."""
        status, text = self._refusal(page_why or outcome.why, outcome)
        log.info("sign-in refused", why=page_why if outcome.why == "expired" else outcome.why)
        invalid = outcome.why != "expired"  # an expired step is not a typing error
        kind = self.chosen() if "vendor" in request.form else ""
        response = self._form(auth_request, status, kind, error=text, invalid=invalid, user=user[:MAX_TYPED])
        if outcome.retry_after_s:
            response.headers["Retry-After"] = str(outcome.retry_after_s)
        return response

    def _refusal(self, why: str, outcome: SignInRefused) -> tuple[int, str]:
        either = SIGN_IN[why] == SIGN_IN["wrong"] and self.sign_in.has_owner_users()
        return pages.refusal(why, outcome.retry_after_s, NOT_THESE_EITHER if either else "", outcome.region)

    def _code_page(self, auth_request: AuthorizeRequest, visit: Visit, status: int = 200, why: str = "") -> Response:
        error = ""
        if why:
            status, error = pages.refusal(why)
        invalid = why in ("no_code", "wrong_code")
        return pages.linking_page("code", auth_request.assistant, status, error=error, invalid=invalid, hint=visit.hint)
