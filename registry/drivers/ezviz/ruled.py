"""What all of pyezvizapi's clients here have in common: the ways out, a terminal code of their own, silence.

Importing this costs 0.2 s; import it where the vendor is called.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

import requests
from pyezvizapi.client import EzvizClient
from pyezvizapi.exceptions import EzvizAuthTokenExpired, EzvizAuthVerificationCode, PyEzvizError

from net.exchange import Exchange
from net.http import retry_after_s
from net.requests_adapter import Forbidden
from registry.drivers.ezviz.events import ahead_s
from registry.drivers.vendor_http import VendorHttp
from registry.errors import DriverError, NoInternet, SignedOut, VendorBusy, VendorDown

__all__ = [
    "FAILURES",
    "EzvizAuthTokenExpired",
    "EzvizAuthVerificationCode",
    "PyEzvizError",
    "Ruled",
    "failure",
    "status_of",
]

# What a library of the vendor's raises: its own errors, requests' that it lets through, and what an answer of another
# shape than it expects brings about.
FAILURES = (PyEzvizError, requests.RequestException, KeyError, TypeError, ValueError, AttributeError, RecursionError)

# It logs the region's host and whole answers; urllib3 logs paths with serials in them.
for _name in ("pyezvizapi", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Ruled(EzvizClient):
    hear: "Callable[[requests.Response, int | None], None] | None" = None  # notes each answer, for a trace
    code: int | None = None  # meta.code of the last answer, or the resultCode or retcode of another call
    ahead_s = 0.0  # how far our clock is ahead of the vendor's, by the last answer

    def _keep_rules(self, http: VendorHttp, terminal: str) -> None:
        """`terminal`: 32 hex digits, by which the vendor distinguishes where an account is signed in."""
        http.mount(self._session)
        self._session.hooks["response"].append(self._note)
        self._session.headers["featureCode"] = self._terminal = terminal

    def _http_request(self, method: str, url: str, **given: Any) -> requests.Response:
        """The library's request. A GET that fails is repeated once, as far as there is time.

        The service answers 504 now and then (github.com/Bobsilvio/ezviz_hp7, issues 36 and 37).
        """
        try:
            return super()._http_request(method, url, **given)
        except (PyEzvizError, requests.RequestException) as error:
            exchange = Exchange.current()
            if method != "GET" or not _may_pass(error) or exchange is None or exchange.left <= 0:
                raise
        return super()._http_request(method, url, **given)

    def _note(self, response: requests.Response, **_: Any) -> None:
        self.ahead_s = ahead_s(response.headers.get("Date", ""), time.time(), self.ahead_s)
        try:
            body = response.json()
            self.code = int(body["meta"]["code"] if "meta" in body else body.get("resultCode", body.get("retcode")))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.code = None
        if self.hear is not None:
            self.hear(response, self.code)


def failure(error: BaseException) -> DriverError:
    """One of FAILURES as ours, within the exchange. Its text is left behind: the library's holds whole answers."""
    if isinstance(error, EzvizAuthTokenExpired):
        return SignedOut()
    answer, status = _answer(error), status_of(error)
    if answer is not None and status == 429:
        return VendorBusy("HTTP 429", retry_after_s(answer.headers.get("Retry-After")))
    if status == 401:
        return SignedOut()
    if isinstance(error, Forbidden):
        return VendorDown("the address is not allowed")
    exchange = Exchange.current()
    if exchange is not None and exchange.no_internet:
        return NoInternet(type(error).__name__)
    return VendorDown(f"HTTP {status}" if status else type(error).__name__)


def _may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed a moment later: the service or the way to it failed."""
    status = status_of(error)
    cause = error if isinstance(error, requests.RequestException) else error.__cause__
    return status >= 500 or (not status and isinstance(cause, requests.RequestException | OSError))


def status_of(error: BaseException) -> int:
    """Of the answer that a failed call got; 0 where there was none."""
    response = _answer(error)
    return response.status_code if response is not None else 0


def _answer(error: BaseException) -> requests.Response | None:
    cause = error.__cause__
    return cause.response if isinstance(cause, requests.HTTPError) else None
