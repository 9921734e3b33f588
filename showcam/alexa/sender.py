"""Sends one event to a customer's event gateway, and raises an error that says what a refusal means.

https://developer.amazon.com/en-US/docs/alexa/smarthome/send-events-to-the-alexa-event-gateway.html
"""

import logging
import time
from collections.abc import Callable

from showcam.alexa.amazon import Amazon, Posted, Unreached
from showcam.alexa.events import Report
from showcam.alexa.gateway import ClientRefused, Gateway, NotGranted, OfWhichClient, Revoked
from showcam.registry.reporting.reporter import GrantDead, Refused, RefusedKey, TryAgain, Unlinked

log = logging.getLogger(__name__)

EVENT_S = 5.0  # seconds for the answer to one event


class Rejected(Exception):
    """The gateway refused this one event for good."""


class EventSender:
    """Sends events, and maps Amazon's answers to errors. Safe to use from many threads."""

    def __init__(self, gateway: Gateway, amazon: Amazon, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gateway, self._amazon, self._monotonic = gateway, amazon, monotonic

    def send(self, link_id: str, report: Report, end: float) -> None:
        """Returns when the gateway has taken the event. `end`: the end of the whole call, by the monotonic clock.

        An event is posted once: Amazon takes the same event within the same second for another event. Raises Rejected,
        TryAgain, Refused, GrantDead, Unlinked.
        """
        try:
            grant = self._gateway.grant(link_id)
            posted = self._post(grant.gateway, report, grant.access, end)
            if posted.status == 401:
                self._gateway.renew(link_id, grant.access)
        except Revoked:
            raise Unlinked("Login with Amazon has withdrawn the grant (invalid_grant)") from None
        except OfWhichClient as error:
            raise Refused(str(error)) from None
        except ClientRefused as error:
            raise RefusedKey(str(error)) from None
        except NotGranted:
            raise GrantDead("Amazon has given no grant for this link") from None
        except Unreached as error:
            raise TryAgain(f"Amazon could not be reached: {error}") from None
        self._judge(link_id, posted)

    def _post(self, gateway: str, report: Report, token: str, end: float) -> Posted:
        left_s = end - self._monotonic()
        if left_s <= 0:
            raise TryAgain("the time for this turn was over")
        return self._amazon.post_event(gateway, report.encoded(token), token, min(left_s, EVENT_S))

    def _judge(self, link_id: str, posted: Posted) -> None:
        status, code = posted.status, posted.code
        said = f"the event gateway answered {status} {code}".rstrip()
        if status == 202:
            return
        if code == "SKILL_DISABLED_EXCEPTION":
            raise Unlinked(said)
        if code == "SKILL_NEVER_ENABLED_EXCEPTION":
            self._gateway.move(link_id)
            raise Refused(f"{said}: the customer's region is requested again", posted.after_s)
        # a 403 or 404 with another code or none may be temporary: some came from a proxy on the way
        if status in (403, 404):
            raise Refused(said, posted.after_s)
        if status in (400, 413):
            log.warning("%s to a message of showcam's own making", said, extra={"reason": "rejected"})
            raise Rejected(said)
        raise TryAgain(said, posted.after_s)
