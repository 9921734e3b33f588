"""Google's fulfillment: answers every intent."""

import logging
import re
import time
from collections.abc import Callable
from typing import TypedDict

import msgspec

from actions.devices import Devices, QueryPayload, States, SyncPayload
from actions.errors import IntentError, IntentFailure, Malformed, NotSupported, Transient
from actions.executions import BUDGET_S, ExecutePayload, Executions
from actions.request import Input, executions, may_ask_for_picture, queried, read
from actions.traits import traits
from showcam.accounts.links import TokenInvalid
from showcam.accounts.pins import Pins
from showcam.registry import outcomes
from showcam.registry.outcomes import Asking, Outcome
from showcam.registry.registry import Registry
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link

log = logging.getLogger(__name__)

SYNC_S = 4.0  # from receipt to answer; Google publishes no limit for SYNC
_printable = re.compile(r"[\w\-]{1,64}", re.ASCII).fullmatch
PREFIX = "action.devices."
INTENTS = frozenset({f"{PREFIX}{name}" for name in ("SYNC", "QUERY", "EXECUTE", "DISCONNECT")})
UNKNOWN = "unknown"  # name in the log for an intent that showcam does not know
_encode = msgspec.json.Encoder().encode


type Payload = SyncPayload | QueryPayload | ExecutePayload | IntentFailure


class Answer(TypedDict):
    requestId: str
    payload: Payload


class Fulfillment:
    """`authenticate` raises TokenInvalid or TokenExpired; `public_url` is our own https origin.

    `receiver_app`: the id of the Cast receiver that shows a stream on a TV; "": Google's default one. `reported`:
    whether changes are reported to a link.
    """

    def __init__(
        self,
        authenticate: Callable[[str], Link],
        registry: Registry,
        end_link: Callable[[Link], None],
        public_url: str,
        pins: Pins,
        receiver_app: str = "",
        reported: Callable[[Link], bool] = lambda link: False,
    ) -> None:
        self._authenticate, self._end_link = authenticate, end_link
        all_traits = traits(registry, public_url, receiver_app)
        self._devices, self._states = Devices(registry, all_traits, reported), States(registry, all_traits)
        self._executions = Executions(all_traits, pins)

    def answer(self, body: bytes, bearer: str | None, received: float | None = None) -> tuple[int, bytes]:
        """HTTP status and JSON. Never raises. 401 makes Google refresh its token; every other answer is 200.

        `received`: when the request arrived, by time.monotonic; None: now.
        """
        since = time.monotonic() if received is None else received
        request_id, given = read(body)
        name = given.intent if given is not None and given.intent in INTENTS else UNKNOWN
        for_picture = given is not None and may_ask_for_picture(given)
        with outcomes.asking(name.removeprefix(PREFIX), "google", for_picture=for_picture) as asked:
            answered = self._answered(_shown(request_id), given, bearer, since, asked)
        outcomes.add(asked.ended())
        if isinstance(answered, bytes):
            return 401, answered
        return 200, b"{}" if answered is None else _envelope(request_id, answered)

    def _answered(
        self, request_id: str, given: Input | None, bearer: str | None, since: float, asked: Asking
    ) -> Payload | bytes | None:
        """Returns the payload, None for an empty answer, or the answer's whole body if the token is not valid."""
        try:
            link = self._authenticate(bearer or "")
            asked.by(link.id, link.account)
            return self._answer(link, given, since, asked)
        except TokenInvalid:
            asked.refused("invalid_token")
            return b'{"error":"invalid_token"}'
        except IntentError as error:
            asked.refused(error.reason or error.code)
            return error.failure()
        except StoreUnavailable:
            log.warning("the store can't be reached (request %s)", request_id, extra={"reason": "store"})
            asked.failed("store")
            return Transient("showcam can't reach its store just now.").failure()
        except Exception:
            # the outermost edge: the traceback goes to the log, Google learns only that something failed
            log.exception("an intent failed (request %s)", request_id)
            asked.failed()
            return IntentError("Something went wrong in showcam.").failure()

    def _answer(self, link: Link, given: Input | None, received: float, asked: Asking) -> Payload | None:
        """Returns the payload, or None for an empty answer."""
        if given is None:
            raise Malformed("This is not a request with one intent.")
        match given.intent:
            case "action.devices.SYNC":
                return self._devices.sync(link, _left_s(received, SYNC_S))
            case "action.devices.QUERY":
                return self._states.query(link, queried(given), _left_s(received, BUDGET_S))
            case "action.devices.EXECUTE":
                wanted = executions(given)
                asked.split()
                return self._executions.execute(link, wanted, received)
            case "action.devices.DISCONNECT":
                self._end_link(link)
                return None
        raise NotSupported("showcam does not know this intent.")


def _left_s(received: float, budget_s: float) -> float:
    return max(0.0, received + budget_s - time.monotonic())


def unread(error: IntentError) -> bytes:
    """The answer to a request whose body could not be read."""
    outcomes.add(Outcome(UNKNOWN, "refused", error.code, assistant="google"))
    return _envelope("", error.failure())


def _envelope(request_id: str, payload: Payload) -> bytes:
    answer: Answer = {"requestId": request_id, "payload": payload}
    return _encode(answer)


def _shown(request_id: str) -> str:
    return request_id if _printable(request_id) else "without a readable id"
