"""pyezvizapi's clients: for an account at work, and for signing in.

They add calls that the library lacks or makes another way, name the terminal showcam in place of another product, and
keep the library out of the log. Importing this costs 0.2 s: import it in the function that calls the vendor.
"""

import base64
import logging
import time
from collections.abc import Callable
from typing import Any, cast

import requests
from pyezvizapi.api_endpoints import (
    API_ENDPOINT_CAM_ENCRYPTKEY,
    API_ENDPOINT_DETECTION_SENSIBILITY,
    API_ENDPOINT_DETECTION_SENSIBILITY_GET,
    API_ENDPOINT_DEVICES,
    API_ENDPOINT_IOT_FEATURE,
    API_ENDPOINT_LOGIN,
    API_ENDPOINT_PAGELIST,
    API_ENDPOINT_REFRESH_SESSION_ID,
    API_ENDPOINT_VIDEO_ENCRYPT,
)
from pyezvizapi.client import EzvizClient
from pyezvizapi.cloud_stream import get_vtdu_token_v2, get_vtm_info
from pyezvizapi.exceptions import EzvizAuthTokenExpired, EzvizAuthVerificationCode, PyEzvizError

from showcam.drivers.errors import DriverError, NoInternet, SignedOut, VendorBusy, VendorDown
from showcam.drivers.ezviz.answers import NO_SUCH_CALL, ahead_s, kind, rows, text, tidied, within
from showcam.drivers.vendor import VendorHttp
from showcam.net.exchange import Exchange
from showcam.net.http import retry_after_s
from showcam.net.requests_adapter import Forbidden
from showcam.net.text import JsonObject

# The errors that the library raises: its own, those of requests, and those that an answer of an unexpected shape brings
# about.
FAILURES = (PyEzvizError, requests.RequestException, KeyError, TypeError, ValueError, AttributeError, RecursionError)

# The library logs the region's host and whole answers; urllib3 logs paths with serials in them.
for _name in ("pyezvizapi", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Ruled(EzvizClient):
    hear: "Callable[[requests.Response, int | None], None] | None" = None  # notes each answer, for a trace
    code: int | None = None  # meta.code of the last answer, or the resultCode or retcode of another call
    ahead_s = 0.0  # how far our clock is ahead of the vendor's, by the last answer

    def _keep_rules(self, http: VendorHttp, terminal: str) -> None:
        """`terminal`: 32 hex digits. The vendor tells the terminals of an account apart by them."""
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
    """The DriverError for one of FAILURES, within the exchange. The text is left out, since it may hold an answer."""
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
    """The HTTP status of the answer to a failed call; 0 without an answer."""
    response = _answer(error)
    return response.status_code if response is not None else 0


def _answer(error: BaseException) -> requests.Response | None:
    cause = error.__cause__
    return cause.response if isinstance(cause, requests.HTTPError) else None


PAGE = 30
MOST_PAGES = 40
P2P = "/v3/p2pbusiness/configurations/p2p"
DONE = (0, 200)  # codes of success: of a stream token, and of the list of the vendor's servers
OVER = 403  # the session has expired: in the body for a refreshed session, as HTTP status for a stream token


class Client(Ruled):
    """An account's session at work. `renew` is called when the vendor says that the session has expired."""

    def __init__(self, http: VendorHttp, session: JsonObject, renew: Callable[["Client"], None]) -> None:
        super().__init__(token=dict(session))
        self._keep_rules(http, str(session.get("feature_code") or ""))
        self._renew = renew
        self._in_doubt = False  # the list was refused with a session that had just been renewed

    def login(self, sms_code: Any = None) -> JsonObject:
        self._renew(self)
        return dict(self._token)

    def refresh(self) -> None:
        """Trade the session for a new session, with two new ids. Raises EzvizAuthTokenExpired when it is dead."""
        form = {"refreshSessionId": self._token["rf_session_id"], "featureCode": self._terminal}
        answer = self._request_json("PUT", API_ENDPOINT_REFRESH_SESSION_ID, data=form, retry_401=False)
        match self._meta_code(answer):
            case 200:
                new = answer["sessionInfo"]
                ids = {"session_id": str(new["sessionId"]), "rf_session_id": str(new["refreshSessionId"])}
                self.adopt({**self._token, **ids})
            case code if code == OVER:
                raise EzvizAuthTokenExpired("the session is over")
            case _:
                raise PyEzvizError("the session is not renewed")

    def adopt(self, session: JsonObject) -> None:
        self._token = cast(Any, dict(session))
        self._session.headers["sessionId"] = str(session["session_id"])
        self._session.headers["featureCode"] = self._terminal = str(session.get("feature_code") or "")

    @property
    def session_id(self) -> str:
        return str(self._token["session_id"])

    def stream_token(self) -> str:
        self.code = None
        try:
            told = get_vtdu_token_v2(self)
        except PyEzvizError as error:
            self._check_rate()
            if not self._may_be_over(status_of(error)):
                raise
            self.login()
            told = get_vtdu_token_v2(self)
        return str(told["tokens"][0])

    def _may_be_over(self, status: int) -> bool:
        """Whether no token was given because the session has expired. The library itself handles HTTP 401."""
        return status == OVER or (not status and self.code not in (None, *DONE))

    def _check_rate(self) -> None:
        """Raises VendorBusy if the vendor has said that showcam asks too often."""
        if kind(str(self.code)) == "rate":
            raise VendorBusy(f"code {self.code}") from None

    def dispatcher(self, serial: str, channel: int) -> JsonObject:
        """The camera's dispatcher; {} if the vendor names none."""
        self.code = None
        try:
            return get_vtm_info(self, serial, channel)
        except EzvizAuthTokenExpired:
            raise
        except PyEzvizError as error:
            self._check_rate()
            if status_of(error) or self.code is None:
                raise
            return {}

    def capture(self, serial: str, channel: int) -> str:
        """The address of a still that the camera makes now."""
        answer = self._request_json("PUT", f"/v3/devconfig/v1/{serial}/{channel}/capture")
        self._ensure_ok(answer, "no still was made")
        found = [text(part.get("picUrl")) for part in (answer, *answer.values()) if isinstance(part, dict)]
        url = next(filter(None, found), "")
        if not url:
            raise PyEzvizError("no address of a still in the answer")
        return url

    def register_p2p(self) -> None:
        """Have the vendor's server of keys know this session's terminal. Nothing of the answer is needed."""
        told = {"appId": "ys7", "clientType": "1"}
        self._session.post(self._url(P2P), data={"sessionId": self.session_id}, headers=told, timeout=self._timeout)

    def camera_key(self, serial: str, code: str) -> str:
        """The library's `get_cam_key` as this session's terminal. Raises PyEzvizError, with `code` for a refusal."""
        form = {
            "checkcode": code or None,
            "serial": serial,
            "clientNo": "web_site",
            "clientType": 3,
            "netType": "WIFI",
            "featureCode": self._terminal,
            "sessionId": self.session_id,
        }
        answer = self._request_json("POST", API_ENDPOINT_CAM_ENCRYPTKEY, data=form)
        if str(answer.get("resultCode")) != "0":
            raise PyEzvizError("no key was handed out")
        return str(answer.get("encryptkey") or "")

    def encrypt(self, serial: str, enable: int, *, code: str = "", old: str = "", new: str = "") -> None:
        """The library's `set_video_enc` as this session's terminal: 1 is on, 0 off, 2 another password."""
        form = {
            "deviceSerial": serial,
            "isEncrypt": enable,
            "oldPassword": old or None,
            "password": new or None,
            "featureCode": self._terminal,
            "validateCode": code or None,
            "msgType": -1,
        }
        path = f"{API_ENDPOINT_DEVICES}{API_ENDPOINT_VIDEO_ENCRYPT}"
        self._ensure_ok(self._request_json("PUT", path, data=form), "encryption was not set")

    def set_flip(self, serial: str, channel: int, on: bool) -> bool:
        """Flips the picture or not. False for an older model, which has only a call that turns the picture over."""
        path = f"{API_ENDPOINT_IOT_FEATURE}{serial.upper()}/Video/{channel}/VideoAdjustment/ImageFlip"
        answer = self._request_json("PUT", path, json_body={"value": {"enabled": on}})
        if str(self._meta_code(answer)) in NO_SUCH_CALL:
            return False
        self._ensure_ok(answer, "the picture was not flipped")
        return True

    def sensitivity(self, serial: str, channel: int, kind_: int) -> str:
        """The sensitivity of that kind of detection, as a number; "" if the camera does not say."""
        try:
            answer = self._request_json("POST", API_ENDPOINT_DETECTION_SENSIBILITY_GET, data={"subSerial": serial})
        except EzvizAuthTokenExpired:
            raise
        except PyEzvizError:
            return ""  # a model without this call has its other settings all the same
        found = [
            row
            for row in rows(within(answer, "algorithmConfig"), "algorithmList")
            if text(row.get("type")) == str(kind_)
        ]
        own = [row for row in found if text(row.get("channel")) == str(channel)] or found
        value = text(own[0].get("value")) if own else ""
        return value if value.isascii() and value.isdigit() else ""

    def set_sensitivity(self, serial: str, channel: int, kind_: int, value: int) -> None:
        form = {"subSerial": serial, "type": kind_, "channelNo": channel, "value": value}
        self._ensure_ok(self._request_json("POST", API_ENDPOINT_DETECTION_SENSIBILITY, data=form), "not set")

    def pages(self, sections: str) -> list[JsonObject]:
        """Each page of the device list with these sections, raw."""
        pages: list[JsonObject] = []
        while len(pages) < MOST_PAGES:
            page = self._page(sections, PAGE * len(pages))
            pages.append(tidied(page))
            if not (page.get("page") or {}).get("hasNext"):
                return pages
        raise VendorDown("the device list does not end")

    def _page(self, sections: str, offset: int) -> JsonObject:
        query = {"groupId": -1, "limit": PAGE, "offset": offset, "filter": sections}  # -1: of all groups
        page: JsonObject = self._request_json("GET", API_ENDPOINT_PAGELIST, params=query)
        if self._meta_code(page) != 200 and not self._is_busy(page) and not self._in_doubt:
            # no published code in a body means that the session has expired
            self._in_doubt = True
            self.login()
            page = self._request_json("GET", API_ENDPOINT_PAGELIST, params=query)
        if self._meta_code(page) != 200:
            code = f"code {self._meta_code(page)}"
            raise VendorBusy(code) if self._is_busy(page) else VendorDown(code)
        self._in_doubt = False
        return page

    def _is_busy(self, page: JsonObject) -> bool:
        return kind(str(self._meta_code(page))) == "rate"


# The name that the account's owner reads in the vendor's app, in the list of terminals.
TERMINAL = base64.b64encode(b"showcam").decode()
CODE_WANTED, ELSEWHERE = 6002, 1100  # answers, in the body


class Redirected(Exception):
    """Code 1100: the account lives in another region, at `host`."""

    def __init__(self, host: str) -> None:
        super().__init__("another region")
        self.host = host


class SigningIn(Ruled):
    """Signs a user in at one host."""

    def __init__(self, http: VendorHttp, user: str, password: str, host: str, terminal: str) -> None:
        super().__init__(user, password, url=host)
        self._keep_rules(http, terminal)

    def login(self, sms_code: Any = None) -> JsonObject:
        """Raises Redirected, EzvizAuthVerificationCode once a code was sent or if `sms_code` is wrong, and PyEzvizError
        with `code` for a refusal.
        """
        form = {
            "account": str(self.account),
            "password": str(self.password),  # its MD5, as the vendor takes it
            "featureCode": self._terminal,
            "msgType": "3" if sms_code else "0",
            "bizType": "TERMINAL_BIND" if sms_code else "",
            "cuName": TERMINAL,
            "smsCode": sms_code or "",
        }
        answer = self._request_json("POST", API_ENDPOINT_LOGIN, data=form, retry_401=False)
        match self._meta_code(answer):
            case 200:
                return self._signed_in(answer)
            case code if code == ELSEWHERE:
                raise Redirected(str(answer["loginArea"]["apiDomain"]))
            case code if code == CODE_WANTED:
                if not sms_code:  # another code would void the code that was sent
                    self.send_mfa_code()
                raise EzvizAuthVerificationCode("a code was sent")
            case _:
                raise PyEzvizError("the sign-in is refused")

    def _signed_in(self, answer: JsonObject) -> JsonObject:
        session = answer["loginSession"]
        self._token = cast(
            Any,
            {
                "session_id": str(session["sessionId"]),
                "rf_session_id": str(session["rfSessionId"]),
                "username": str(answer["loginUser"]["username"]),
                "api_url": str(answer["loginArea"]["apiDomain"]),
                "feature_code": self._terminal,
            },
        )
        self._session.headers["sessionId"] = str(session["sessionId"])
        self._token["service_urls"] = self.get_service_urls()
        return dict(self._token)

    @property
    def host(self) -> str:
        return str(self._token["api_url"])
