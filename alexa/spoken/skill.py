"""The custom half of the skill: a request in, a response out, on ask-sdk-core, which a directive never loads."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from ask_sdk_core.dispatch_components.exception_components import AbstractExceptionHandler
from ask_sdk_core.dispatch_components.request_components import AbstractRequestHandler
from ask_sdk_core.exceptions import SerializationException
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_core.skill_builder import SkillBuilder
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response import Response
from ask_sdk_model.ui.link_account_card import LinkAccountCard

from accounts.tokens import TokenInvalid
from alexa.deadline import Deadline
from alexa.spoken.conversation import Conversation, Said, Turn, Wish
from alexa.spoken.response import respond
from alexa.spoken.texts import language, say
from registry.registry import Registry
from store.ports import StoreUnavailable
from store.records import Link
from words.languages import Language

log = logging.getLogger(__name__)

LONGEST_NAME = 100
SLOT = "camera"

INTENTS: dict[str, Wish] = {
    "ReadyCamerasIntent": Conversation.ready,
    "WhyIntent": Conversation.why,
    "MendIntent": Conversation.mend,
    "SoundOnIntent": Conversation.sound,
    "ShowIntent": Conversation.show,
    "CameraIntent": Conversation.camera,
    "AMAZON.YesIntent": Conversation.yes,
    "AMAZON.NoIntent": Conversation.no,
}
PLAIN = {
    "AMAZON.HelpIntent": ("help", True),
    "AMAZON.FallbackIntent": ("not_understood", True),
    "AMAZON.StopIntent": ("goodbye", False),
    "AMAZON.CancelIntent": ("goodbye", False),
    "AMAZON.NavigateHomeIntent": ("goodbye", False),
}
# said while a video is shown, without the skill's name: the device does it, and a word would interrupt
SILENT = frozenset({"AMAZON.PauseIntent", "AMAZON.ResumeIntent"})
SPOKEN = ("LaunchRequest", "IntentRequest")
EVENTS = ("AlexaSkillEvent.SkillAccountLinked", "AlexaSkillEvent.SkillDisabled")


class NotForUs(Exception):
    """No custom-skill request, or another skill's."""


class NotTaken(Exception):
    """A skill event that could not be dealt with just now: answered by a failure, Amazon sends it again."""


class People(Protocol):
    """Which link an Amazon user of the skill has: of a disabled skill Amazon names the user alone."""

    def remember(self, user: str, link: Link) -> None: ...
    def link_of(self, user: str) -> Link | None: ...
    def end(self, link: Link) -> None: ...


class Spoken:
    """`authenticate` raises TokenInvalid. Safe to use from many threads."""

    def __init__(
        self,
        authenticate: Callable[[str], Link],
        registry: Registry,
        people: People,
        skill_id: str,
        page_url: str = "",
    ) -> None:
        self._authenticate, self._people, self._skill_id = authenticate, people, skill_id
        self._talk = Conversation(registry, page_url)
        builder: Any = SkillBuilder()
        builder.skill_id = skill_id
        for handler in (_On(_understood, self._answer), _On(lambda _: True, lambda _: None)):
            builder.add_request_handler(handler)
        builder.add_exception_handler(_Broken())
        self._skill = builder.create()
        self._serializer = DefaultSerializer()

    def answer(self, request: dict[str, Any], received: float | None = None) -> dict[str, Any]:
        """Raises NotForUs, NotTaken, and nothing else: what goes wrong is said aloud to who spoke.

        `received`: when it came, by time.monotonic; None: just now.
        """
        try:
            application = request["context"]["System"]["application"]["applicationId"]
        except (KeyError, TypeError):
            raise NotForUs("not a custom-skill request") from None
        if not self._skill_id or application != self._skill_id:
            raise NotForUs("a request of another skill")
        try:
            envelope: Any = self._serializer.deserialize(json.dumps(request), RequestEnvelope)
            envelope.request.object_type, envelope.context.system.user  # noqa: B018  (there, or no request)
        except (SerializationException, AttributeError, ValueError, TypeError, KeyError, RecursionError):
            raise NotForUs("not a custom-skill request") from None
        answer: Any = self._serializer.serialize(self._skill.invoke(envelope, Deadline(received)))
        answer.pop("userAgent", None)
        return dict(answer)

    def _answer(self, heard: HandlerInput) -> Response | None:
        envelope: Any = heard.request_envelope
        request, user = envelope.request, envelope.context.system.user
        kind = request.object_type
        if kind == "AlexaSkillEvent.SkillDisabled":
            self._disabled(user.user_id, request.timestamp)
            return None
        if kind == "AlexaSkillEvent.SkillAccountLinked":
            self._known(user.user_id, request.body.access_token if request.body else None)
            return None
        tongue = language(request.locale or "")
        name = request.intent.name if kind == "IntentRequest" else ""
        if name in SILENT:
            return Response(should_end_session=True)
        if name in PLAIN:
            return respond(heard, self._plain(name, user, tongue, heard.context), tongue)
        link = self._known(user.user_id, user.access_token)
        if link is None:
            return respond(heard, Said(say("link", tongue)), tongue, LinkAccountCard())
        wish = Conversation.welcome if kind == "LaunchRequest" else INTENTS.get(name)
        if wish is None:  # an intent of a newer or older model
            return respond(heard, self._plain("AMAZON.FallbackIntent", user, tongue, heard.context), tongue)
        return respond(heard, self._talk.answer(wish, _turn(heard, link, tongue)), tongue)

    def _plain(self, name: str, user: Any, tongue: Language, deadline: Deadline) -> Said:
        """The same to everybody; the names to listen for only where they can be had."""
        text, goes_on = PLAIN[name]
        said = Said(say(text, tongue), open=goes_on)
        if not goes_on:
            return said
        try:
            link = self._known(user.user_id, user.access_token)
        except StoreUnavailable:
            return said
        return self._talk.listening(said, link, deadline.left_s) if link else said

    def _known(self, user: str | None, token: str | None) -> Link | None:
        """The link of the token; whose it is is kept for the day the skill is disabled."""
        if not token:
            return None
        try:
            link = self._authenticate(token)
        except TokenInvalid:
            return None
        if user:
            self._people.remember(user, link)
        return link

    def _disabled(self, user: str | None, at: datetime | None) -> None:
        link = self._people.link_of(user) if user else None
        # events come late and in any order: one from before a new link is about the old one
        if link is None or (at is not None and at.timestamp() < link.created):
            return
        self._people.end(link)
        log.info("the skill was disabled: link %s ended", link.id)


class _On(AbstractRequestHandler):
    def __init__(
        self, accept: Callable[[HandlerInput], bool], answer: Callable[[HandlerInput], Response | None]
    ) -> None:
        self._accepts, self._answers = accept, answer

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return self._accepts(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        response = self._answers(handler_input)
        # session ends, events, reports of the device: nothing may be said to them
        return Response() if response is None else response


class _Broken(AbstractExceptionHandler):
    """The outermost edge: the log has all of it, a person hears only that it happened, Amazon that an event failed."""

    def can_handle(self, handler_input: HandlerInput, exception: Exception) -> bool:
        return True

    def handle(self, handler_input: HandlerInput, exception: Exception) -> Response:
        request: Any = handler_input.request_envelope.request
        kind, text = request.object_type, "broken"
        if isinstance(exception, StoreUnavailable):
            text = "down"
            log.warning("the store can't be reached (%s)", kind, extra={"reason": "store"})
        else:
            log.error("%s failed: %s", kind, type(exception).__name__, exc_info=exception)
        if kind not in SPOKEN:
            raise NotTaken(kind) from exception
        tongue = language(request.locale or "")
        return respond(handler_input, Said(say(text, tongue)), tongue)


def _understood(heard: HandlerInput) -> bool:
    request: Any = heard.request_envelope.request
    return request.object_type in SPOKEN + EVENTS


def _turn(heard: HandlerInput, link: Link, tongue: Language) -> Turn:
    envelope: Any = heard.request_envelope
    slots = getattr(getattr(envelope.request, "intent", None), "slots", None) or {}
    slot = slots.get(SLOT)
    device = envelope.context.system.device
    interfaces = device.supported_interfaces if device else None
    asked = (envelope.session.attributes if envelope.session else None) or {}
    return Turn(
        link,
        tongue,
        heard=str(slot.value or "")[:LONGEST_NAME] if slot else "",
        screen=bool(interfaces and interfaces.video_app),
        asked={key: str(value)[: LONGEST_NAME * 2] for key, value in asked.items()},
        deadline=heard.context,
    )
