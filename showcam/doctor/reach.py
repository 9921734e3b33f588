"""Examines an address from outside: its name, its certificate, its answers. No redirect is followed."""

import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from net.addresses import is_public
from net.within import within
from showcam.doctor.finding import Finding, ok, unsure, wrong

WITHIN_S = 10.0  # for a whole exchange, however slowly the answer arrives
LONGEST = 1 << 20  # bytes of an answer
_HOUR_S, _DAY_S = 3_600, 86_400
# Certificates are renewed with a third of their life left, short ones with half. When less than both of these is left,
# the renewal is late.
DUE_S, DUE_PART = 14 * _DAY_S, 1 / 6


class Unreached(Exception):
    """No answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    text: str

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def json(self) -> Any:
        """None where the text is no JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def summary(self) -> str:
        """For a person: the status, a redirect's target, the content type."""
        where = f", a redirect to {self.headers['location'].split('?')[0]}" if "location" in self.headers else ""
        return f"{self.status}{where}{f', {self.kind}' if self.kind else ', without a content type'}"


class Visitor:
    """`authorities` are trusted in place of the public ones. `within_s`: for a whole exchange."""

    def __init__(self, authorities: Path | None = None, within_s: float = WITHIN_S) -> None:
        self._authorities = str(authorities or certifi.where())
        self._within_s = within_s

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        data: bytes | dict[str, str] | None = None,
    ) -> Answer:
        """Raises Unreached."""
        try:
            return within(self._within_s, lambda: self._exchange(method, url, headers or {}, data), "doctor")
        except (requests.Timeout, ReadTimeoutError, TimeoutError):
            raise Unreached(f"there is no whole answer within {self._within_s:g} s") from None
        except HTTPError as error:  # the body is read from urllib3, which raises its own
            raise Unreached(f"its answer breaks off or is garbled ({type(error).__name__})") from None
        except (requests.RequestException, OSError) as error:
            raise Unreached(f"it can't be reached ({type(error).__name__})") from None

    def _exchange(self, method: str, url: str, headers: dict[str, str], data: bytes | dict[str, str] | None) -> Answer:
        with requests.request(
            method,
            url,
            headers={"User-Agent": "showcam-doctor", **headers},
            data=data,
            timeout=self._within_s,
            allow_redirects=False,
            verify=self._authorities,
            stream=True,
        ) as response:
            text = response.raw.read(LONGEST, decode_content=True).decode("utf-8", "replace")
            lowered = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, lowered, text)

    def arrive(self, origin: str) -> Iterator[Finding]:
        """The name and the certificate of an https origin; where the name is wrong, the name alone."""
        address = urlsplit(origin)
        host, port = address.hostname or "", address.port or 443
        name = _name(host, port)
        yield name
        if name.state != "wrong":
            yield self._certificate(host, port)

    def _certificate(self, host: str, port: int) -> Finding:
        what = f"certificate of {host}"
        context = ssl.create_default_context(cafile=self._authorities)
        try:
            with (
                socket.create_connection((host, port), timeout=self._within_s) as plain,
                context.wrap_socket(plain, server_hostname=host) as secure,
            ):
                certificate = secure.getpeercert() or {}
        except ssl.SSLCertVerificationError as error:
            return wrong(what, f"it is not accepted: {error.verify_message}", _mend(error))
        except (ssl.SSLError, OSError) as error:
            return wrong(
                what,
                f"port {port} does not speak TLS ({type(error).__name__})",
                "See that the proxy runs and that the router forwards the port to it. A router that can't reach its "
                "own public address from within needs the name in the house's own DNS.",
            )
        began, ends = (ssl.cert_time_to_seconds(str(certificate[field])) for field in ("notBefore", "notAfter"))
        return _lasting(what, began, ends)


def _lasting(what: str, began: float, ends: float) -> Finding:
    """How long an accepted certificate is valid; `began` and `ends` are epoch seconds."""
    left = ends - time.time()
    span = f"{int(left // _DAY_S)} days" if left >= 2 * _DAY_S else f"{int(left // _HOUR_S)} hours"
    if left < min(DUE_S, (ends - began) * DUE_PART):
        return unsure(what, f"it is good for {span} more", "Google still takes it: see that the proxy renews it.")
    return ok(what, f"its chain is complete and it is good for {span}")


def _name(host: str, port: int) -> Finding:
    what = f"name {host}"
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):  # UnicodeError where the text can't be a host name
        return wrong(what, "it is not found in DNS", "Let it point at your public address; a new one takes a while.")
    if not any(map(is_public, found)):
        return unsure(
            what,
            f"here it leads to {', '.join(sorted(found))}, which nobody outside can reach",
            "That is right where the house has a DNS of its own; outside it must lead to the public address.",
        )
    return ok(what, f"it leads to {', '.join(sorted(found))}")


def _mend(error: ssl.SSLCertVerificationError) -> str:
    match error.verify_code:
        case 10:
            return "It has expired: see why the proxy does not renew it."
        case 62 | 64:
            return "It is for another name: get one for this very name."
        case 18 | 19:
            return "Google takes no self-signed certificate: get one from a public authority, such as Let's Encrypt."
    return "Let the proxy send the whole chain, with the intermediate certificates, of a public authority."
