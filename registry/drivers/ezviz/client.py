"""pyezvizapi's client under our rules: one terminal identity, no redirects of its own, sessions renewed by us, silent.

Importing this costs 0.2 s; import it where the vendor is called.
"""

import logging
from collections.abc import Callable
from typing import Any, TypedDict, cast

import pyezvizapi.client
import pyezvizapi.constants
import pyezvizapi.mqtt
import requests
from pyezvizapi.api_endpoints import API_ENDPOINT_PAGELIST
from pyezvizapi.client import EzvizClient
from pyezvizapi.cloud_stream import get_vtdu_token_v2, get_vtm_info
from pyezvizapi.exceptions import EzvizAuthTokenExpired, EzvizAuthVerificationCode, PyEzvizError

from net.incoming import JsonObject
from net.requests_adapter import Forbidden
from registry.drivers.ezviz.codes import kind
from registry.drivers.vendor_http import VendorHttp
from registry.errors import DriverError, SignedOut, VendorBusy, VendorDown

__all__ = [
    "FAILURES",
    "Client",
    "EzvizAuthTokenExpired",
    "EzvizAuthVerificationCode",
    "PyEzvizError",
    "Redirected",
    "SigningIn",
    "be_terminal",
    "failure",
]

PAGE = 30
MOST_PAGES = 40
# What a library of the vendor's raises: its own errors, requests' that it lets through, and what an answer of another
# shape than it expects brings about.
FAILURES = (PyEzvizError, requests.RequestException, KeyError, TypeError, ValueError, AttributeError, RecursionError)

# It logs the region's host and whole answers; urllib3 logs paths with serials in them.
for _name in ("pyezvizapi", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


def be_terminal(feature_code: str) -> None:
    """The vendor allows about ten terminals, by this code: one per installation, not one per start."""
    for module in (pyezvizapi.client, pyezvizapi.mqtt):
        vars(module)["FEATURE_CODE"] = feature_code  # both took a copy of the constant
    pyezvizapi.constants.REQUEST_HEADER["featureCode"] = feature_code


class Redirected(Exception):
    """Code 1100: the account lives in another region; `host` is where."""

    def __init__(self, host: str) -> None:
        super().__init__("another region")
        self.host = host


class PageQuery(TypedDict):
    groupId: int  # -1: of all groups
    limit: int
    offset: int
    filter: str


class _Ruled(EzvizClient):
    code: int | None = None  # meta.code of the last answer, or the resultCode of an older call

    def _keep_rules(self, http: VendorHttp) -> None:
        http.mount(self._session)
        self._session.hooks["response"].append(self._note)

    def _note(self, response: requests.Response, **_: Any) -> None:
        try:
            body = response.json()
            self.code = int(body["meta"]["code"] if "meta" in body else body["resultCode"])
        except (ValueError, KeyError, TypeError, RecursionError):
            self.code = None


class SigningIn(_Ruled):
    """One attempt to sign in at one host."""

    def __init__(self, http: VendorHttp, user: str, password: str, host: str) -> None:
        super().__init__(user, password, url=host)
        self._keep_rules(http)
        self._trying = False

    def login(self, sms_code: Any = None) -> JsonObject:
        """Raises Redirected where the library would call itself, without the code and without end."""
        if self._trying:
            raise Redirected(str(self._token["api_url"]))
        self._trying = True
        return dict(self._login(sms_code))

    @property
    def host(self) -> str:
        return str(self._token["api_url"])


class Client(_Ruled):
    """An account's session at work. `renew` is called when the vendor says the session is over."""

    def __init__(self, http: VendorHttp, session: JsonObject, renew: Callable[["Client"], None]) -> None:
        super().__init__(token=dict(session))
        self._keep_rules(http)
        self._renew = renew

    def login(self, sms_code: Any = None) -> JsonObject:
        self._renew(self)
        return dict(self._token)

    def refresh(self) -> None:
        """Trade the session for a new one; both of its ids change. Raises EzvizAuthTokenExpired when it is dead."""
        super().login()

    def adopt(self, session: JsonObject) -> None:
        self._token = cast(Any, dict(session))
        self._session.headers["sessionId"] = str(session["session_id"])

    @property
    def session_id(self) -> str:
        return str(self._token["session_id"])

    def stream_token(self) -> str:
        return str(get_vtdu_token_v2(self)["tokens"][0])

    def dispatcher(self, serial: str, channel: int) -> JsonObject:
        return get_vtm_info(self, serial, channel)

    def pages(self, sections: str) -> list[JsonObject]:
        """Each page of the device list with these sections, raw."""
        pages: list[JsonObject] = []
        while len(pages) < MOST_PAGES:
            page = self._page(sections, PAGE * len(pages))
            pages.append(page)
            if not (page.get("page") or {}).get("hasNext"):
                return pages
        raise VendorDown("the device list does not end")

    def _page(self, sections: str, offset: int) -> JsonObject:
        query: PageQuery = {"groupId": -1, "limit": PAGE, "offset": offset, "filter": sections}
        page: JsonObject = self._request_json("GET", API_ENDPOINT_PAGELIST, params={**query})
        if self._meta_code(page) != 200:
            raise VendorBusy("rate") if kind(str(self._meta_code(page))) == "rate" else VendorDown("code")
        return page


def failure(error: BaseException) -> DriverError:
    """One of FAILURES as ours. Its text is left behind: the library's holds whole answers."""
    if isinstance(error, EzvizAuthTokenExpired):
        return SignedOut()
    cause = error.__cause__
    response = getattr(cause, "response", None) if isinstance(cause, requests.HTTPError) else None
    status = response.status_code if response is not None else 0
    if status == 429:
        return VendorBusy("HTTP 429")
    if status == 401:
        return SignedOut()
    if isinstance(error, Forbidden):
        return VendorDown("the address is not allowed")
    return VendorDown(f"HTTP {status}" if status else type(error).__name__)
