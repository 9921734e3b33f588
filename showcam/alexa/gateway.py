"""Login with Amazon for the event gateway: exchanges AcceptGrant's code, keeps the tokens sealed, refreshes them.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-authorization.html
The client id and secret are those of the developer console's page "Permissions", not of account linking.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from showcam.alexa.amazon import Amazon, Unreached
from showcam.net.exchange import EARLY_S
from showcam.store.ports import LinkSecrets
from showcam.store.records import Link

log = logging.getLogger(__name__)

SECRET = "alexa_gateway"  # noqa: S105  (the name under which the store keeps it)
EXCHANGE_S = 2.5  # both requests fit into the 5 s for the answer to AcceptGrant
REGION_S = 1.5


class NotGranted(Exception):
    """Amazon gave no tokens for this link. The text goes to the log and to Amazon."""


class Revoked(NotGranted):
    """The customer has disabled the skill, or taken the right away."""


class ClientRefused(NotGranted):
    """Amazon refuses showcam's own client, for example after its secret was changed. This holds for all links."""


class OfWhichClient(NotGranted):
    """Amazon refused to renew a grant kept by showcam 0.2, which may be of an earlier client: nobody has unlinked."""


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
        self._refreshing = threading.Lock()

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
        return data is not None and self._is_ours(msgspec.json.decode(data, type=Grant))

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
        with self._refreshing:
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
                raise Unreached(f"Login with Amazon answered {status} {error}")
            raise NotGranted(f"Login with Amazon refused: {error}.")
        access, renewing = answered.get("access_token"), answered.get("refresh_token", refresh)
        if not isinstance(access, str) or not isinstance(renewing, str) or not access or not renewing:
            if refresh:
                raise Unreached("Login with Amazon gave no tokens")
            raise NotGranted("Login with Amazon gave no tokens.")
        expires = self._clock() + _seconds(answered.get("expires_in"))
        return Grant(access, renewing, expires, client=self._client["client_id"])

    def _region(self, access: str) -> str:
        """The event gateway of this customer, or "" when Amazon does not answer: the grant is valid without it."""
        url = f"{self._amazon.gateways[0]}/v1/alexaApiEndpoint"
        try:
            _, answered = self._amazon.request_json("GET", url, REGION_S, bearer=access)
        except Unreached as error:
            log.info("the event gateway's region is not known yet: %s", error)
            return ""
        endpoints = answered.get("endpoints")
        return self._amazon.gateway(endpoints[0]) if isinstance(endpoints, list) and endpoints else ""

    def _grant_of(self, link_id: str) -> Grant:
        data = self._store.link_secret(link_id, SECRET)
        if data is None:
            raise NotGranted("Amazon gave no tokens for this link.")
        grant = msgspec.json.decode(data, type=Grant)
        if not self._is_ours(grant):
            raise NotGranted("Amazon gave the tokens for this link to another client of Login with Amazon.")
        return grant

    def _keep(self, link_id: str, grant: Grant) -> None:
        if not self._store.put_link_secret(link_id, SECRET, msgspec.json.encode(grant)):
            raise NotGranted("The link has ended.")


def _seconds(given: Any) -> float:
    return float(given) if isinstance(given, int | float) and 0 < given < 1e7 else 3600.0


def _error_code(given: Any) -> str:
    """The error code (RFC 6749 section 5.2) if it is a known one, so that nothing else of the answer is logged."""
    codes = ("invalid_grant", "invalid_client", "unauthorized_client", "invalid_request", "server_error")
    return given if given in codes else "an unknown error"
