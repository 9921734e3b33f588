"""A vendor with ready verdicts on sign-ins, for tests that are not about a vendor."""

import threading
from collections import Counter

from showcam.drivers.vendor import CodeSent, Rejected, SignedIn
from showcam.store.records import Source

PASSWORD = "p4ssw0rd-at-ezviz"
CODE = "012345"


class ReadyVendor:
    """Knows `users`; those in `careful` get a code. Settable: `verdict` (for every call) and `error` (raised by it)."""

    vendor = "EZVIZ"

    def __init__(self, *users: str, careful: tuple[str, ...] = ()) -> None:
        self.users, self.careful = {*users, *careful}, careful
        self.verdict: Rejected | None = None
        self.error: Exception | None = None
        self.calls: Counter[str] = Counter()
        self.signed_out: list[str] = []  # ids of sources
        self._lock = threading.Lock()

    def sign_in(
        self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = ""
    ) -> SignedIn | CodeSent | Rejected:
        with self._lock:
            self.calls["code" if code else "password"] += 1
        if self.error is not None:
            raise self.error
        if self.verdict is not None:
            return self.verdict
        if user not in self.users or password != PASSWORD:
            return Rejected("wrong")
        if user in self.careful and not code:
            return CodeSent("vendor.test")
        if code and code != CODE:
            return Rejected("wrong_code")
        return SignedIn({"session_id": f"vendor-session-of-{user}", "rf_session_id": "r"})

    def sign_out(self, source: Source, deadline_s: float) -> None:
        if self.error is not None:
            raise self.error
        self.signed_out.append(source.id)
