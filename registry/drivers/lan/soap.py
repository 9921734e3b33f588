"""SOAP to an ONVIF device: requests signed as it wants them, and its faults distinguished.

Requests carry WS-Security's digest by the device's own clock; a device that answers 401 with a challenge gets HTTP's
Digest in its place, once.
"""

import base64
import hashlib
import html
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Literal

from media.rtsp.login import Login, challenge
from net.errors import NotAllowed, Unreached
from net.house import Answer, HouseHttp
from registry.drivers.lan.elements import Element, NotXml, read

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"


class OnvifFailed(Exception):
    """`why`: "down" is no answer in time or none by ONVIF; "login" is user or password; "refused" a fault."""

    def __init__(self, why: Literal["down", "login", "refused"]) -> None:
        super().__init__(why)
        self.why = why


class Soap:
    """`path` is of the device service; `pin` as net.house takes it. Each call raises OnvifFailed.

    With "" the certificate of the first answer, which no login went before, is the one of all others.
    """

    def __init__(
        self, http: HouseHttp, host: str, port: int, path: str, user: str, password: str, pin: str | None = None
    ) -> None:
        self._http, self._host, self._port, self._path = http, host, port, path
        self.pin = pin
        self._user, self._password = user, password
        self._ahead: timedelta | None = None  # of the device's clock
        self._digest: Login | None = None

    def clock(self, timeout_s: float) -> None:
        """Reads the device's clock, which by the specification needs no login: also how one finds a device."""
        try:
            answer = self._exchange(self._path, f'<GetSystemDateAndTime xmlns="{DEVICE}"/>', timeout_s, signed=False)
        except OnvifFailed as failed:
            if failed.why == "down":
                raise
            self._ahead = timedelta()  # a device that keeps its clock to itself
            return
        content = next(answer.descendants("UTCDateTime"), None)
        self._ahead = _ahead(content) if content is not None else timedelta()

    def ask(self, path: str, body: str, timeout_s: float, *, header: str = "") -> Element:
        """The first element of the answer's body."""
        if self._ahead is None:
            self.clock(timeout_s)
        return self._exchange(path, body, timeout_s, header=header)

    def _exchange(self, path: str, body: str, timeout_s: float, *, signed: bool = True, header: str = "") -> Element:
        head = (self._token() if signed and self._user and self._digest is None else "") + header
        envelope = (
            f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{_SOAP}"><s:Header>{head}</s:Header>'
            f"<s:Body>{body}</s:Body></s:Envelope>"
        ).encode()
        answer = self._fetch("POST", self._port, path, timeout_s, self._digest if signed else None, envelope)
        if signed and answer.status == 401 and self._digest is None and (login := self._login(answer)) is not None:
            self._digest = login
            answer = self._fetch("POST", self._port, path, timeout_s, login, envelope)
        if answer.status == 401:
            raise OnvifFailed("login")
        try:
            content = read(answer.body).find("Body")
        except NotXml:
            raise OnvifFailed("down") from None
        if content is None:
            raise OnvifFailed("down")
        if fault := content.find("Fault"):
            codes = " ".join(code.text for code in fault.descendants("Value"))
            raise OnvifFailed("login" if "NotAuthorized" in codes or "FailedAuthentication" in codes else "refused")
        if answer.status != 200 or not content.children:
            raise OnvifFailed("down")
        return content.children[0]

    def _fetch(
        self,
        method: str,
        port: int,
        path: str,
        timeout_s: float,
        login: Login | None = None,
        body: bytes | None = None,
    ) -> Answer:
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"} if body is not None else {}
        signature = login.sign(method, path) if login else None
        if signature is not None:
            headers["Authorization"] = signature
        try:
            answer = self._http.ask(method, self._host, port, path, timeout_s, headers=headers, body=body, pin=self.pin)
        except (Unreached, NotAllowed):
            raise OnvifFailed("down") from None
        if self.pin == "":
            self.pin = answer.pin
        return answer

    def _login(self, answer: Answer) -> Login | None:
        """By HTTP's Digest, where the device wants that; never by Basic, which anybody on the way can read."""
        wanted = challenge(list(answer.headers.get("www-authenticate", ())))
        if wanted is None or wanted.scheme != "digest" or not self._user:
            return None
        login = Login(self._user, self._password)
        login.take(wanted)
        return login

    def _token(self) -> str:
        """WS-Security UsernameToken Profile 1.0, PasswordDigest."""
        nonce = secrets.token_bytes(16)
        now = datetime.fromtimestamp(time.time(), UTC) + (self._ahead or timedelta())
        created = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        digest = hashlib.sha1(nonce + created.encode() + self._password.encode(), usedforsecurity=False).digest()
        return (
            f'<Security s:mustUnderstand="1" xmlns="{_SECURITY}-wssecurity-secext-1.0.xsd"><UsernameToken>'
            f"<Username>{html.escape(self._user)}</Username>"
            f'<Password Type="{_SECURITY}-username-token-profile-1.0#PasswordDigest">{_base64(digest)}</Password>'
            f'<Nonce EncodingType="{_SECURITY}-soap-message-security-1.0#Base64Binary">{_base64(nonce)}</Nonce>'
            f'<Created xmlns="{_SECURITY}-wssecurity-utility-1.0.xsd">{created}</Created>'
            "</UsernameToken></Security>"
        )


def _ahead(content: Element) -> timedelta:
    """How far the device's clock, as it answered, is before ours."""
    try:
        year, month, day = (int(content.get("Date", name)) for name in ("Year", "Month", "Day"))
        hour, minute, second = (int(content.get("Time", name)) for name in ("Hour", "Minute", "Second"))
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return timedelta()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
