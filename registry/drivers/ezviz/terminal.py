"""Signing in to EZVIZ accounts, each of which knows this installation as one of its ten or so terminals."""

import hmac
import logging
import re
import secrets

from net.errors import NotAllowed
from net.exchange import Exchange
from registry.drivers.ezviz.codes import SIGN_IN
from registry.drivers.ezviz.sessions import BY_CODE
from registry.drivers.ezviz.tracing import CallNotes
from registry.drivers.vendor_http import VendorHttp
from registry.errors import DriverError, VendorDown
from registry.vendor import CodeSent, Rejected, SignedIn, Verdict
from store.ports import Store

log = logging.getLogger(__name__)

# Codes of a sign-in that the vendor decides upon; others are of a service in trouble.
DECIDED = re.compile(r"[16]\d{3}|80000")
UNKNOWN = Rejected("unknown")  # the vendor knows no such user
OURS = frozenset({1021})  # a parameter is wrong, which no person can mend


class Terminal:
    """Raises registry.errors.DriverError. `host` is the app API of `region`, where signing in starts.

    `others` are those of the other regions. An account of Russia is answered at Europe's host that no such user exists,
    and not where it lives (github.com/BaQs/pyEzviz, issue 38; github.com/RenierM26/ha-ezviz, issue 44).
    """

    def __init__(self, store: Store, http: VendorHttp, host: str, others: tuple[str, ...], region: str) -> None:
        self.notes = CallNotes()  # of the last attempts, for a trace
        self._store, self._http, self._host, self._others, self._region = store, http, host, others, region

    def of(self, user: str) -> str:
        """The user's terminal code, 32 hex digits: the same for ever in this installation, and nobody else's."""
        root = self._store.meta_once("ezviz_terminal", secrets.token_hex(16))
        return hmac.new(root.encode(), user.strip().casefold().encode(), "sha256").hexdigest()[:32]

    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Verdict:
        """One attempt; the region the vendor names is followed once. `code` and `host` when a code was sent.

        Where the vendor knows no such user each other region is asked once.
        """
        with Exchange(deadline_s) as exchange:
            verdict = self._at(user, password, code, host or self._host)
            if verdict != UNKNOWN or host or not self._others:
                return Rejected("wrong") if verdict == UNKNOWN else verdict
            is_sure = True
            for other in self._others:
                try:
                    if exchange.left <= 0:
                        raise VendorDown("no time left")
                    verdict = self._at(user, password, code, other)
                except DriverError:
                    is_sure = False
                    continue
                if verdict != UNKNOWN:
                    return verdict
        return Rejected("unknown", self._region) if is_sure else Rejected("wrong")

    def _at(self, user: str, password: str, code: str, at: str) -> Verdict:
        from registry.drivers.ezviz.ruled import FAILURES, failure
        from registry.drivers.ezviz.signing_in import Redirected

        for _ in range(2):
            try:
                self._http.hosts.check(f"https://{at}")
                return self._attempt(user, password, code, at)
            except Redirected as redirected:
                at = redirected.host
            except NotAllowed:
                return Rejected("unsupported")
            except FAILURES as error:
                raise failure(error) from None
        raise VendorDown("sent from region to region")

    def _attempt(self, user: str, password: str, code: str, host: str) -> Verdict:
        from registry.drivers.ezviz.ruled import EzvizAuthVerificationCode, PyEzvizError
        from registry.drivers.ezviz.signing_in import SigningIn

        client = SigningIn(self._http, user, password, host, self.of(user))
        client.hear = self.notes.note
        try:
            session = client.login(code or None)
        except EzvizAuthVerificationCode:
            # the vendor was asked for a code; with a code in hand it means that this one was not taken
            return Rejected("wrong_code") if code else CodeSent(client.host)
        except PyEzvizError:
            return self._rejected(client.code)
        self._http.check(f"https://{session['api_url']}")
        return SignedIn({**session, BY_CODE: True} if code else session)

    def _rejected(self, code: int | None) -> Rejected:
        """Raises VendorDown for what is no verdict on this person."""
        why = SIGN_IN.get(code or 0)
        if why is not None:
            return Rejected(why)
        if code in OURS or not DECIDED.fullmatch(str(code)):
            raise VendorDown(f"code {code}")
        log.warning("the vendor wants another way of signing in: code %s", code)
        return Rejected("unsupported")
