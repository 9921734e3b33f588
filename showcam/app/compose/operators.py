"""The function for operators: the calls of `showcam household` for programs that AWS knows.

Its address takes only requests that AWS has authenticated by IAM. AWS writes who calls into the event, so a caller
can't name somebody else. Each call leaves one line `audit` in the log.
"""

import logging
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from showcam.app import keys
from showcam.app.aws.cloudwatch import Event, Handler, Reply
from showcam.app.aws.http_event import answer_of, request_of
from showcam.app.compose import ground
from showcam.app.http_types import Refuse, Response, problem
from showcam.app.settings import Settings
from showcam.net.text import too_deep
from showcam.registry.owner.operator import MOST, NoSuchRow, Operator, brief
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Account

log = logging.getLogger(__name__)

LONGEST_BODY = 4096  # bytes
MOST_ROWS = 5000  # of a household's history in one answer: AWS takes answers of 6 MB at most

type Id = Annotated[str, Meta(pattern=r"^[a-z2-7]{16}\Z")]  # of a household or a link
type User = Annotated[str, Meta(min_length=1, max_length=512)]  # of a household, or its id


class Listing(Struct, tag_field="call", tag="list", frozen=True, forbid_unknown_fields=True):
    after: Annotated[str, Meta(pattern=r"^(?:[a-z2-7]{16})?\Z")] = ""
    most: Annotated[int, Meta(ge=1, le=MOST)] = MOST


class Show(Struct, tag_field="call", tag="show", frozen=True, forbid_unknown_fields=True):
    household: User


class End(Struct, tag_field="call", tag="end", frozen=True, forbid_unknown_fields=True):
    household: User
    link: Id


class Export(Struct, tag_field="call", tag="export", frozen=True, forbid_unknown_fields=True):
    household: User
    before: Annotated[str, Meta(pattern=r"^[0-9a-f]{0,32}\Z")] = ""


class Remove(Struct, tag_field="call", tag="remove", frozen=True, forbid_unknown_fields=True):
    household: Id
    sure: Literal["yes"]


_decoder = msgspec.json.Decoder(Listing | Show | End | Export | Remove)


def operator(settings: Settings, base: ground.Ground) -> Operator:
    delete = base.departures(settings, settings.request_s).delete
    return Operator(base.store, base.adapter.owner, ground.vendors(base.drivers), base.pictures, delete)


class Asked:
    """An operator's request, with the fields of the line in the log: caller, call, household and outcome."""

    def __init__(self, operator: Operator, event: Event) -> None:
        self._operator, self._event = operator, event
        self.caller, self.call, self.household = caller_of(event), "", ""
        self.outcome: Literal["done", "refused", "failed"] = "failed"

    def answer(self) -> Response:
        try:
            response = self._response()
        except Refuse as refusal:
            response = refusal.response
        except StoreUnavailable as error:
            log.warning("an operator's call could not use the table: %s", error, extra={"reason": "store"})
            return problem(503, "The table can't be used", "Call again in a minute.")
        except Exception:
            log.exception("an operator's call failed")
            return problem(500, "showcam failed", "The log of this function has the reason.")
        self.outcome = "done" if response.status < 400 else "refused"
        return response

    def _response(self) -> Response:
        if not self.caller:
            return problem(403, "AWS does not say who calls", "Sign a request to the function's address for IAM.")
        body = request_of(self._event, LONGEST_BODY).body
        try:
            call = None if too_deep(body) else _decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return problem(400, "The call can't be read", f"{error}.")
        if call is None:
            return problem(400, "The call can't be read", "It is nested too deep.")
        self.call = str(call.__struct_config__.tag)
        if isinstance(call, Listing):
            accounts, more = self._operator.page(call.after, call.most)
            return _json({"households": [brief(account) for account in accounts], "more": more})
        account = self._operator.find(call.household)
        if account is None:
            return problem(404, "There is no such household", "Name it by its id, or by a user name of it.")
        self.household = account.id
        return self._about(account, call)

    def _about(self, account: Account, call: Show | End | Export | Remove) -> Response:
        match call:
            case Show():
                return _json(self._operator.show(account))
            case End():
                if not self._operator.end(account, call.link):
                    return problem(404, "The household has no such link", "The call show lists its links.")
                return _json({"household": account.id, "ended": [call.link]})
            case Export():
                try:
                    return _json(self._operator.export(account, call.before, MOST_ROWS))
                except NoSuchRow:
                    return problem(404, "The household has no such row", "Export it from the beginning.")
            case Remove():
                ended = [link.id for link in self._operator.remove(account)]
                return _json({"household": account.id, "ended": ended})


def caller_of(event: Event) -> str:
    """The ARN that AWS found for the request's signature; "" if it found none."""
    try:
        arn = event["requestContext"]["authorizer"]["iam"]["userArn"]
    except (KeyError, TypeError):
        return ""
    return arn if isinstance(arn, str) and arn.startswith("arn:") else ""


def _json(facts: object) -> Response:
    return Response(
        200, msgspec.json.encode(facts), [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    )


def build() -> Handler:
    """Builds the function. Raises every error that prevents a start, so that AWS counts it."""
    settings, watch = ground.function("operators")
    desk = operator(settings, ground.build(settings, keys.of(settings)))

    def answer(event: Event, _context: Any) -> Reply:
        asked = Asked(desk, event)
        response = asked.answer()
        watch.audit(caller=asked.caller, call=asked.call, household=asked.household, outcome=asked.outcome)
        return answer_of(response)

    return watch.watched(answer)
