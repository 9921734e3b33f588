"""The right to send events to a customer's Alexa: the client for Login with Amazon, and the tokens, kept sealed.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-authorization.html
The client id and secret are those of the developer console's page "Permissions", not of account linking.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from showcam.alexa.errors import AuthorizationError, DirectiveError
from showcam.alexa.interface import EMPTY, Answer, Deadline, Directive, HouseholdHandler, HouseholdInterface, Scope
from showcam.net.cache import Recent
from showcam.net.exchange import EARLY_S, Hosts, Unreached
from showcam.net.http import Http
from showcam.net.text import JsonObject
from showcam.store.ports import LinkSecrets, StoreUnavailable
from showcam.store.records import Link

LOGIN = "api.amazon.com"
GATEWAYS = ("api.amazonalexa.com", "api.eu.amazonalexa.com", "api.fe.amazonalexa.com")


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
        reply = self._http.ask(method, url, timeout_s, form=form, headers=headers)
        if reply.data is None:
            raise Unreached("not an object")
        return reply.status, reply.data

    def post_event(self, gateway: str, event: bytes, bearer: str, timeout_s: float) -> Posted:
        """Posts an event to a customer's gateway. Raises Unreached."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"}
        reply = self._http.ask("POST", f"{gateway}/v3/events", timeout_s, body=event, headers=headers)
        return Posted(reply.status, _refusal_code(reply.data), reply.after_s)

    def gateway(self, named: object) -> str:
        """The base address that Amazon named, if it is a known event gateway; else ""."""
        if not isinstance(named, str):
            return ""
        url = urlsplit(named)
        base = f"{url.scheme}://{url.netloc}".lower()
        return base if base in self.gateways else ""


def _refusal_code(refused: JsonObject | None) -> str:
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


log = logging.getLogger(__name__)

SECRET = "alexa_gateway"  # noqa: S105  (the name under which the store keeps it)
EXCHANGE_S = 2.0  # both requests fit into the 5 s for the answer to AcceptGrant
MOST_RENEWED = 1024  # links whose tokens are renewed one request at a time


class NotGranted(Exception):
    """Amazon gave no tokens for this link. The text goes to the log and to Amazon."""


class Revoked(NotGranted):
    """The customer has disabled the skill, or taken the right away."""


class ClientRefused(NotGranted):
    """Amazon refuses showcam's own client, for example after its secret was changed. This holds for all links."""


class OfWhichClient(NotGranted):
    """Amazon refused to renew a grant kept by showcam 0.2, which may be of an earlier client: nobody has unlinked."""


class NoTokens(Unreached):
    """Login with Amazon answered without tokens; a later request may succeed."""


class Grant(Struct, frozen=True):
    """Amazon's tokens for one link. `expires`: epoch s; `gateway`: "" until the region is known.

    `client`: the id of the client that got the tokens; only this client can renew them. A grant that showcam 0.2 stored
    has "" until it is renewed.
    """

    access: str
    refresh: str
    expires: float
    gateway: str = ""
    client: str = ""


class Gateway:
    """Keeps Amazon's tokens for links.

    Safe to use from many threads. Without a client id and secret every grant fails.
    """

    def __init__(
        self,
        store: LinkSecrets,
        amazon: Amazon,
        client_id: str = "",
        client_secret: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._amazon, self._clock = store, amazon, clock
        self._client = {"client_id": client_id, "client_secret": client_secret}
        # a lock for each link: while Login with Amazon hangs, each link waits for its own request only
        self._renewing: Recent[str, threading.Lock] = Recent(MOST_RENEWED)

    def accept(self, link: Link, code: str) -> None:
        """Exchanges the one-time code and keeps the tokens. Raises NotGranted, StoreUnavailable."""
        if not all(self._client.values()):
            raise NotGranted("showcam has no client of Login with Amazon: set lwa_client_id and lwa_client_secret.")
        tokens = self._tokens({"grant_type": "authorization_code", "code": code}, "")
        self._keep(link.id, msgspec.structs.replace(tokens, gateway=self._region(tokens.access)))

    def works(self, link: Link) -> bool:
        """Whether the link has a grant of showcam's present client.

        Sends nothing to Amazon. Raises StoreUnavailable.
        """
        data = self._store.link_secret(link.id, SECRET) if all(self._client.values()) else None
        grant = _grant(data) if data is not None else None
        return grant is not None and self._is_ours(grant)

    def move(self, link_id: str) -> None:
        """Forgets the region of the customer. The next report asks for it again."""
        self._keep(link_id, msgspec.structs.replace(self._grant_of(link_id), gateway=""))

    def grant(self, link_id: str) -> Grant:
        """A grant with a known gateway that works for at least EARLY_S seconds. Raises the same errors as `renew`."""
        grant = self._grant_of(link_id)
        if grant.expires - EARLY_S <= self._clock():
            grant = self.renew(link_id, grant.access)
        if not grant.gateway:
            grant = msgspec.structs.replace(grant, gateway=self._region(grant.access))
            if not grant.gateway:
                raise Unreached("the event gateway of this customer is not known yet")
            self._keep(link_id, grant)
        return grant

    def renew(self, link_id: str, dead: str) -> Grant:
        """Replaces the tokens whose access token is `dead`. Raises NotGranted, Unreached."""
        with self._renewing.made(link_id, threading.Lock):
            grant = self._grant_of(link_id)
            if grant.access != dead:
                return grant  # another thread has renewed it
            form = {"grant_type": "refresh_token", "refresh_token": grant.refresh}
            try:
                tokens = self._tokens(form, grant.refresh)
            except Revoked as error:
                if grant.client:
                    raise
                raise OfWhichClient(f"{error} The grant may be of an earlier client.") from None
            renewed = msgspec.structs.replace(tokens, gateway=grant.gateway)
            self._keep(link_id, renewed)
            return renewed

    def _is_ours(self, grant: Grant) -> bool:
        return grant.client in ("", self._client["client_id"])

    def _tokens(self, form: dict[str, str], refresh: str) -> Grant:
        """Requests tokens from Amazon. Raises NotGranted when Amazon refused.

        Raises Unreached only for a refresh, which can be retried.
        """
        try:
            status, answered = self._amazon.request_json(
                "POST", f"{self._amazon.login}/auth/o2/token", EXCHANGE_S, form={**form, **self._client}
            )
        except Unreached:
            if refresh:
                raise
            raise NotGranted("Login with Amazon did not answer in time.") from None
        if status != 200:
            error = _error_code(answered.get("error"))
            if refresh and error == "invalid_grant":
                raise Revoked("Login with Amazon refused to renew the grant: invalid_grant.")
            if refresh and error in ("invalid_client", "unauthorized_client"):
                raise ClientRefused(f"Login with Amazon refused showcam's client: {error}")
            if refresh:
                raise NoTokens(f"Login with Amazon answered {status} {error}")
            raise NotGranted(f"Login with Amazon refused: {error}.")
        access, renewing = answered.get("access_token"), answered.get("refresh_token", refresh)
        if not isinstance(access, str) or not isinstance(renewing, str) or not access or not renewing:
            if refresh:
                raise NoTokens("Login with Amazon gave no tokens")
            raise NotGranted("Login with Amazon gave no tokens.")
        expires = self._clock() + _seconds(answered.get("expires_in"))
        return Grant(access, renewing, expires, client=self._client["client_id"])

    def _region(self, access: str) -> str:
        """The event gateway of this customer, or "" when Amazon does not answer: the grant is valid without it."""
        url = f"{self._amazon.gateways[0]}/v1/alexaApiEndpoint"
        try:
            _, answered = self._amazon.request_json("GET", url, EXCHANGE_S, bearer=access)
        except Unreached as error:
            log.info("the event gateway's region is not known yet: %s", error)
            return ""
        endpoints = answered.get("endpoints")
        return self._amazon.gateway(endpoints[0]) if isinstance(endpoints, list) and endpoints else ""

    def _grant_of(self, link_id: str) -> Grant:
        data = self._store.link_secret(link_id, SECRET)
        if data is None:
            raise NotGranted("Amazon gave no tokens for this link.")
        grant = _grant(data)
        if grant is None:
            raise NotGranted("Another version of showcam has stored the tokens for this link.")
        if not self._is_ours(grant):
            raise NotGranted("Amazon gave the tokens for this link to another client of Login with Amazon.")
        return grant

    def _keep(self, link_id: str, grant: Grant) -> None:
        if not self._store.put_link_secret(link_id, SECRET, msgspec.json.encode(grant)):
            raise NotGranted("The link has ended.")


def _grant(data: bytes) -> Grant | None:
    """The stored grant; None if another version of showcam wrote it."""
    try:
        return msgspec.json.decode(data, type=Grant)
    except msgspec.MsgspecError:
        return None


def _seconds(given: Any) -> float:
    return float(given) if isinstance(given, int | float) and 0 < given < 1e7 else 3600.0


def _error_code(given: Any) -> str:
    """The error code (RFC 6749 section 5.2) if it is a known one, so that nothing else of the answer is logged."""
    codes = ("invalid_grant", "invalid_client", "unauthorized_client", "invalid_request", "server_error")
    return given if given in codes else "an unknown error"


class _Code(Struct):
    code: Annotated[str, Meta(min_length=1, max_length=4096)]


class _AcceptGrant(Struct):
    grant: _Code
    grantee: Scope


_accept_grant = msgspec.json.Decoder(_AcceptGrant)


class Authorization(HouseholdInterface):
    """Alexa.Authorization 3: AcceptGrant grants showcam the right to send events to the customer's Alexa.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-authorization.html

    `gateway`: None if no events are sent; `granted` is called after a grant is stored.
    """

    name = "Alexa.Authorization"

    def __init__(
        self,
        link_of: Callable[[str], Link],
        gateway: Gateway | None,
        granted: Callable[[Link], None],
    ) -> None:
        self._link_of, self._gateway, self._granted = link_of, gateway, granted

    def directives(self) -> Mapping[str, HouseholdHandler]:
        return {"AcceptGrant": self.accept}

    def accept(self, directive: Directive, _deadline: Deadline) -> Answer:
        """Answers with success only once Amazon's tokens are stored: Alexa relies on this."""
        given = directive.read(_accept_grant)
        if self._gateway is None:
            raise AuthorizationError("ACCEPT_GRANT_FAILED", "showcam does not send events to Alexa.")
        try:
            link = self._link_of(given.grantee.token)
            self._gateway.accept(link, given.grant.code)
            self._granted(link)
        except DirectiveError:
            raise AuthorizationError("ACCEPT_GRANT_FAILED", "The access token is not valid here.") from None
        except StoreUnavailable:
            log.warning("the store can't be reached", extra={"reason": "store"})
            raise AuthorizationError("ACCEPT_GRANT_FAILED", "showcam can't reach its store just now.") from None
        except NotGranted as error:
            log.warning("AcceptGrant of link %s failed: %s", link.id, error)
            raise AuthorizationError("ACCEPT_GRANT_FAILED", str(error)) from None
        return Answer(self.name, "AcceptGrant.Response", EMPTY, of_camera=False)
