"""The HTTP client for Login with Amazon and the Alexa API: https, known hosts, one timeout for the whole exchange."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from showcam.net.exchange import Hosts
from showcam.net.exchange import Unreached as NoAnswer
from showcam.net.http import Http
from showcam.net.text import JsonObject

LOGIN = "api.amazon.com"
GATEWAYS = ("api.amazonalexa.com", "api.eu.amazonalexa.com", "api.fe.amazonalexa.com")


class Unreached(Exception):
    """Amazon did not answer in time, or answered no JSON object."""


class Posted(Struct, frozen=True):
    """The event gateway's answer. `code`: the code of a refusal, or ""; `after_s`: the wait it demands, in seconds."""

    status: int
    code: str
    after_s: float


class Amazon:
    """Sends requests to Amazon. `double`: "host:port" that replaces all of Amazon's hosts in the demo and in tests."""

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
    ) -> tuple[int, JsonObject]:
        """Sends a request, and returns the status and the JSON object. Raises Unreached."""
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        try:
            reply = self._http.ask(method, url, timeout_s, form=form, headers=headers)
        except NoAnswer as error:
            raise Unreached(str(error)) from None
        if reply.data is None:
            raise Unreached("not an object")
        return reply.status, reply.data

    def post_event(self, gateway: str, event: bytes, bearer: str, timeout_s: float) -> Posted:
        """Posts an event to a customer's gateway. Raises Unreached."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"}
        try:
            reply = self._http.ask("POST", f"{gateway}/v3/events", timeout_s, body=event, headers=headers)
        except NoAnswer as error:
            raise Unreached(str(error)) from None
        return Posted(reply.status, _code(reply.data), reply.after_s)

    def gateway(self, named: object) -> str:
        """The base address that Amazon named, if it is a known event gateway; else ""."""
        if not isinstance(named, str):
            return ""
        url = urlsplit(named)
        base = f"{url.scheme}://{url.netloc}".lower()
        return base if base in self.gateways else ""


def _code(refused: JsonObject | None) -> str:
    try:
        code = msgspec.convert(refused, _Refused).payload.code
    except msgspec.ValidationError:
        return ""
    return code if _is_code(code) else ""


class _Payload(Struct):
    code: str


class _Refused(Struct):
    payload: _Payload


_is_code = re.compile(r"[A-Z_]{1,64}").fullmatch
