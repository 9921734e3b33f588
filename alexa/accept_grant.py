"""Alexa.Authorization, AcceptGrant: the right to send events to the customer's Alexa."""

import logging
from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from accounts.tokens import TokenInvalid
from alexa.directive import Directive
from alexa.errors import AcceptGrantFailed
from alexa.event import Reply
from alexa.gateway import Gateway, NotGranted
from store.ports import StoreUnavailable
from store.records import Link

log = logging.getLogger(__name__)


class _Code(Struct):
    code: Annotated[str, Meta(min_length=1, max_length=4096)]


class _Grantee(Struct):
    token: str = ""


class _Accept(Struct):
    grant: _Code
    grantee: _Grantee


_payload = msgspec.json.Decoder(_Accept)


class AcceptGrant:
    def __init__(self, authenticate: Callable[[str], Link], gateway: Gateway | None) -> None:
        self._authenticate, self._gateway = authenticate, gateway

    def accept(self, directive: Directive, reply: Reply) -> bytes:
        """Success only after Amazon gave tokens and they are kept: it is what Alexa builds on."""
        given = directive.read(_payload)
        if self._gateway is None:
            raise AcceptGrantFailed("showcam does not send events to Alexa.")
        try:
            link = self._authenticate(given.grantee.token)
            self._gateway.accept(link, given.grant.code)
        except TokenInvalid:
            raise AcceptGrantFailed("The access token is not valid here.") from None
        except StoreUnavailable:
            log.warning("the store can't be reached", extra={"reason": "store"})
            raise AcceptGrantFailed("showcam can't reach its store just now.") from None
        except NotGranted as error:
            log.warning("AcceptGrant of link %s failed: %s", link.id, error)
            raise AcceptGrantFailed(str(error)) from None
        return reply.event("Alexa.Authorization", "AcceptGrant.Response", {})
