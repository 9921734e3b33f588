"""The HTTP client for Login with Amazon and the Alexa API: https, known hosts, one timeout for the whole exchange."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from net.errors import Unreached as NoAnswer
from net.exchange import Exchange
from net.hosts import Hosts
from net.http import Http
from net.json_depth import too_deep
from net.retry import retry_after

LOGIN = "api.amazon.com"
GATEWAYS = ("api.amazonalexa.com", "api.eu.amazonalexa.com", "api.fe.amazonalexa.com")


class Unreached(Exception):
    """Amazon did not answer in time, or answered no JSON object."""


class Posted(Struct, frozen=True):
    """The event gateway's answer. `code`: of a refusal, "" where it names none; `after_s`: what it asked to wait."""

    status: int
    code: str
    after_s: float


class Amazon:
    """`double`: "host:port" that replaces all of Amazon's hosts in the demo and in tests."""

    def __init__(self, double: str = "", ca_file: Path | None = None) -> None:
        self.login = f"https://{double or LOGIN}"
        self.gateways = tuple(f"https://{host}" for host in ((double,) if double else GATEWAYS))
        hosts = (double,) if double else tuple(f"{host}:443" for host in (LOGIN, *GATEWAYS))
        self._http = Http(Hosts(hosts), ca_file)

    def request_json(
        self,
        method: str,
        url: str,
        timeout_s: float,
        *,
        form: Mapping[str, str] | None = None,
        bearer: str = "",
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object. Raises Unreached."""
        import requests  # 60 ms of import that a directive must not pay

        headers = {"User-Agent": "showcam", "Accept": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            with requests.Session() as session, Exchange(timeout_s):
                self._http.mount(session)
                answer = session.request(method, url, data=form, headers=headers)
                data = None if too_deep(answer.content) else msgspec.json.decode(answer.content)
        except (requests.RequestException, NoAnswer, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreached(type(error).__name__) from None
        if not isinstance(data, dict):
            raise Unreached("not an object")
        return answer.status_code, data

    def post_event(self, gateway: str, event: bytes, bearer: str, timeout_s: float) -> Posted:
        """Posts an event to a customer's gateway. Raises Unreached."""
        import requests

        headers = {"User-Agent": "showcam", "Content-Type": "application/json", "Authorization": f"Bearer {bearer}"}
        try:
            with requests.Session() as session, Exchange(timeout_s):
                self._http.mount(session)
                answer = session.post(f"{gateway}/v3/events", data=event, headers=headers)
        except (requests.RequestException, NoAnswer) as error:
            raise Unreached(type(error).__name__) from None
        return Posted(answer.status_code, _code(answer.content), retry_after(answer.headers.get("Retry-After")))

    def gateway(self, named: object) -> str:
        """The base address that Amazon named, if it is a known event gateway; else ""."""
        if not isinstance(named, str):
            return ""
        url = urlsplit(named)
        base = f"{url.scheme}://{url.netloc}".lower()
        return base if base in self.gateways else ""


def _code(body: bytes) -> str:
    try:
        code = msgspec.json.decode(body, type=_Refused).payload.code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return code if _is_code(code) else ""


class _Payload(Struct):
    code: str


class _Refused(Struct):
    payload: _Payload


_is_code = re.compile(r"[A-Z_]{1,64}").fullmatch
