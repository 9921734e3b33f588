"""The custom half of the skill, on ask-sdk-core, which the Smart Home half never imports."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from ask_sdk_core.exceptions import SerializationException
from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response_envelope import ResponseEnvelope
from ask_sdk_model.ui.link_account_card import LinkAccountCard

from showcam.accounts.links import TokenInvalid
from showcam.alexa.interface import Deadline
from showcam.alexa.spoken.conversation import Conversation, Reply, Turn, Wish, respond, silent
from showcam.alexa.spoken.slots import read
from showcam.alexa.spoken.texts import say, spoken_language
from showcam.i18n.catalogue import Language
from showcam.net.text import JsonObject
from showcam.registry import outcomes
from showcam.registry.registry import Registry
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link

log = logging.getLogger(__name__)

LONGEST_PENDING = 200  # characters of one datum of the session

SHOW = "ShowIntent"  # the intent that asks for a live picture
INTENTS: dict[str, Wish] = {
    "ReadyCamerasIntent": Conversation.ready,
    "WhyIntent": Conversation.why,
    "MendIntent": Conversation.mend,
    "SoundOnIntent": Conversation.sound,
    SHOW: Conversation.show,
    "CameraIntent": Conversation.camera,
    "ChoiceIntent": Conversation.camera,
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
# spoken during a video without the skill's name: the device handles them, and speech would interrupt it
SILENT = frozenset({"AMAZON.PauseIntent", "AMAZON.ResumeIntent"})
SPOKEN = ("LaunchRequest", "IntentRequest")
EVENTS = ("AlexaSkillEvent.SkillAccountLinked", "AlexaSkillEvent.SkillDisabled")


class NotForUs(Exception):
    """The request is not a custom-skill request, or is for another skill."""


class NotTaken(Exception):
    """A skill event could not be handled now. Amazon gets an error, and sends the event again."""


class People(Protocol):
    """The links of the skill's Amazon users: when a skill is disabled, Amazon names only the user."""

    def remember(self, user: str, link: Link) -> None: ...
    def link_of(self, user: str) -> Link | None: ...
    def end(self, link: Link) -> None: ...


class Spoken:
    """Answers custom-skill requests. `authenticate` raises TokenInvalid. Safe to use from many threads."""

    def __init__(
        self,
        authenticate: Callable[[str], Link],
        registry: Registry,
        people: People,
        skill_id: str,
        page_url: str = "",
    ) -> None:
        self._authenticate, self._people, self._skill_id = authenticate, people, skill_id
        self._conversation = Conversation(registry, page_url)
        self._serializer = DefaultSerializer()

    def answer(self, request: JsonObject, received: float | None = None) -> dict[str, object]:
        """Answers a request. Raises only NotForUs and NotTaken: any other failure is spoken to the person.

        `received`: when the request arrived, by time.monotonic; None: now.
        """
        try:
            application = request["context"]["System"]["application"]["applicationId"]
        except (KeyError, TypeError):
            raise NotForUs("not a custom-skill request") from None
        if not self._skill_id or application != self._skill_id:
            raise NotForUs("a request of another skill")
        try:
            envelope: Any = self._serializer.deserialize(json.dumps(request), RequestEnvelope)
            envelope.request.object_type, envelope.context.system.user  # noqa: B018  (raises where one is missing)
        except (SerializationException, AttributeError, ValueError, TypeError, KeyError, RecursionError):
            raise NotForUs("not a custom-skill request") from None
        name = _named(envelope.request)
        with outcomes.asking(name, "alexa", for_picture=name == SHOW) as asked:
            try:
                answered = self._answered(envelope, Deadline(received))
            finally:
                outcomes.add(asked.ended())
        if envelope.session is None:
            answered.session_attributes = None
        serialized: Any = self._serializer.serialize(answered)
        return dict(serialized)

    def _answered(self, envelope: Any, deadline: Deadline) -> ResponseEnvelope:
        """The outermost edge: the traceback goes to the log, a person hears of a failure, an event raises NotTaken."""
        request = envelope.request
        kind = request.object_type
        try:
            return self._answer(envelope, deadline) if kind in SPOKEN + EVENTS else silent()
        except Exception as error:
            if isinstance(error, StoreUnavailable):
                log.warning("the store can't be reached (%s)", kind, extra={"reason": "store"})
                outcomes.current().failed("store")
            else:
                outcomes.current().failed()
                log.exception("%s failed: %s", kind, type(error).__name__)
            if kind not in SPOKEN:
                raise NotTaken(kind) from error
        language = spoken_language(request.locale or "")
        return respond(Reply(say("broken", language)), language)

    def _answer(self, envelope: Any, deadline: Deadline) -> ResponseEnvelope:
        request, user = envelope.request, envelope.context.system.user
        kind = request.object_type
        if kind == "AlexaSkillEvent.SkillDisabled":
            self._disabled(user.user_id, request.timestamp)
            return silent()
        if kind == "AlexaSkillEvent.SkillAccountLinked":
            self._link(user.user_id, request.body.access_token if request.body else None)
            return silent()
        language = spoken_language(request.locale or "")
        name = request.intent.name if kind == "IntentRequest" else ""
        if name in SILENT:
            return silent(ends=True)
        if name in PLAIN:
            return respond(self._plain(name, user, language, deadline), language)
        link = self._link(user.user_id, user.access_token)
        if link is None:
            outcomes.current().refused("not_linked")
            return respond(Reply(say("link", language)), language, LinkAccountCard())
        wish = Conversation.welcome if kind == "LaunchRequest" else INTENTS.get(name)
        if wish is None:  # an intent of another version of the interaction model
            return respond(self._plain("AMAZON.FallbackIntent", user, language, deadline), language)
        return respond(self._conversation.answer(wish, _turn(envelope, link, language, deadline)), language)

    def _plain(self, name: str, user: Any, language: Language, deadline: Deadline) -> Reply:
        """A reply without a wish. Camera names are added only for a valid link."""
        text, open_session = PLAIN[name]
        reply = Reply(say(text, language), open=open_session)
        if not open_session:
            return reply
        try:
            link = self._link(user.user_id, user.access_token)
        except StoreUnavailable:
            return reply
        return self._conversation.with_names(reply, link, deadline.left_s) if link else reply

    def _link(self, user: str | None, token: str | None) -> Link | None:
        """The token's link, or None. Remembers the user: Amazon names only the user when the skill is disabled."""
        if not token:
            return None
        try:
            link = self._authenticate(token)
        except TokenInvalid:
            return None
        outcomes.current().by(link.id, link.account)
        if user:
            self._people.remember(user, link)
        return link

    def _disabled(self, user: str | None, sent: datetime | None) -> None:
        link = self._people.link_of(user) if user else None
        # events arrive late and in any order: one sent before the link was made concerns an earlier link
        if link is None or (sent is not None and sent.timestamp() < link.created):
            return
        self._people.end(link)
        log.info("the skill was disabled: link %s ended", link.id)


def _named(request: Any) -> str:
    """The request's name for the log, which holds nothing that a stranger wrote."""
    kind = str(request.object_type)
    if kind != "IntentRequest":
        return kind if kind in SPOKEN + EVENTS else "unknown"
    intent = str(request.intent.name if request.intent else "")
    return intent if intent in INTENTS or intent in PLAIN or intent in SILENT else "unknown"


def _turn(envelope: Any, link: Link, language: Language, deadline: Deadline) -> Turn:
    device = envelope.context.system.device
    interfaces = device.supported_interfaces if device else None
    plays_video = bool(interfaces and interfaces.video_app)
    has_screen = bool(interfaces and (interfaces.alexa_presentation_apl or interfaces.display))
    pending = (envelope.session.attributes if envelope.session else None) or {}
    return Turn(
        link,
        language,
        heard=read(getattr(getattr(envelope.request, "intent", None), "slots", None)),
        screen=plays_video,
        other_screen=has_screen and not plays_video,
        pending={key: str(value)[:LONGEST_PENDING] for key, value in pending.items()},
        deadline=deadline,
    )
