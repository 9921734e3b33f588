"""Alexa.Authorization 3: AcceptGrant grants showcam the right to send events to the customer's Alexa.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-authorization.html
"""

import logging
from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from showcam.alexa.deadline import Deadline
from showcam.alexa.errors import AcceptGrantFailed, InvalidAuthorization
from showcam.alexa.gateway import Gateway, NotGranted
from showcam.alexa.interface import Answer, HouseholdHandler, HouseholdInterface
from showcam.alexa.message import EMPTY, Directive, Scope
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link

log = logging.getLogger(__name__)


class _Code(Struct):
    code: Annotated[str, Meta(min_length=1, max_length=4096)]


class _AcceptGrant(Struct):
    grant: _Code
    grantee: Scope


_accept_grant = msgspec.json.Decoder(_AcceptGrant)


class Authorization(HouseholdInterface):
    """Answers AcceptGrant directives.

    `gateway`: None if no events are sent; `granted` is called after a grant is stored.
    """

    name = "Alexa.Authorization"

    def __init__(
        self,
        link_of: Callable[[str], Link],
        gateway: Gateway | None,
        granted: Callable[[Link], None] = lambda link: None,
    ) -> None:
        self._link_of, self._gateway, self._granted = link_of, gateway, granted

    def directives(self) -> Mapping[str, HouseholdHandler]:
        return {"AcceptGrant": self.accept}

    def accept(self, directive: Directive, _deadline: Deadline) -> Answer:
        """Answers with success only once Amazon's tokens are stored: Alexa relies on this."""
        given = directive.read(_accept_grant)
        if self._gateway is None:
            raise AcceptGrantFailed("showcam does not send events to Alexa.")
        try:
            link = self._link_of(given.grantee.token)
            self._gateway.accept(link, given.grant.code)
            self._granted(link)
        except InvalidAuthorization:
            raise AcceptGrantFailed("The access token is not valid here.") from None
        except StoreUnavailable:
            log.warning("the store can't be reached", extra={"reason": "store"})
            raise AcceptGrantFailed("showcam can't reach its store just now.") from None
        except NotGranted as error:
            log.warning("AcceptGrant of link %s failed: %s", link.id, error)
            raise AcceptGrantFailed(str(error)) from None
        return Answer(self.name, "AcceptGrant.Response", EMPTY, of_camera=False)
