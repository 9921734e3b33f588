"""One attempt to sign in at EZVIZ, by a form of our own: the library's names another product's terminal.

Importing this costs 0.2 s; import it where the vendor is called.
"""

import base64
from typing import Any, TypedDict, cast

from pyezvizapi.api_endpoints import API_ENDPOINT_LOGIN

from net.incoming import JsonObject
from registry.drivers.ezviz.ruled import EzvizAuthVerificationCode, PyEzvizError, Ruled
from registry.drivers.vendor_http import VendorHttp

# What the account's owner reads in the vendor's app in the list of terminals.
TERMINAL = base64.b64encode(b"showcam").decode()
CODE_WANTED, ELSEWHERE = 6002, 1100  # answers, in the body


class Redirected(Exception):
    """Code 1100: the account lives in another region; `host` is where."""

    def __init__(self, host: str) -> None:
        super().__init__("another region")
        self.host = host


class LoginForm(TypedDict):
    account: str
    password: str  # its MD5, as the vendor takes it
    featureCode: str
    msgType: str
    bizType: str
    cuName: str
    smsCode: str


class SigningIn(Ruled):
    """At one host."""

    def __init__(self, http: VendorHttp, user: str, password: str, host: str, terminal: str) -> None:
        super().__init__(user, password, url=host)
        self._keep_rules(http, terminal)

    def login(self, sms_code: Any = None) -> JsonObject:
        """Raises Redirected, EzvizAuthVerificationCode once a code was sent or where `sms_code` is not the one, and
        PyEzvizError with `code` for a refusal.
        """
        form: LoginForm = {
            "account": str(self.account),
            "password": str(self.password),
            "featureCode": self._terminal,
            "msgType": "3" if sms_code else "0",
            "bizType": "TERMINAL_BIND" if sms_code else "",
            "cuName": TERMINAL,
            "smsCode": sms_code or "",
        }
        answer = self._request_json("POST", API_ENDPOINT_LOGIN, data={**form}, retry_401=False)
        match self._meta_code(answer):
            case 200:
                return self._signed_in(answer)
            case code if code == ELSEWHERE:
                raise Redirected(str(answer["loginArea"]["apiDomain"]))
            case code if code == CODE_WANTED:
                if not sms_code:  # another one would void the one that was sent
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
