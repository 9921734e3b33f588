"""One exchange of a conversation: what Alexa recognised, and the reply that ask-sdk-core is to speak and show."""

from dataclasses import dataclass, field

from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model.dialog.dynamic_entities_directive import DynamicEntitiesDirective
from ask_sdk_model.directive import Directive
from ask_sdk_model.er.dynamic.entity import Entity
from ask_sdk_model.er.dynamic.entity_list_item import EntityListItem
from ask_sdk_model.er.dynamic.entity_value_and_synonyms import EntityValueAndSynonyms
from ask_sdk_model.er.dynamic.update_behavior import UpdateBehavior
from ask_sdk_model.interfaces.videoapp.launch_directive import LaunchDirective
from ask_sdk_model.interfaces.videoapp.metadata import Metadata
from ask_sdk_model.interfaces.videoapp.video_item import VideoItem
from ask_sdk_model.response import Response
from ask_sdk_model.ui.link_account_card import LinkAccountCard
from ask_sdk_model.ui.plain_text_output_speech import PlainTextOutputSpeech
from ask_sdk_model.ui.reprompt import Reprompt
from ask_sdk_model.ui.simple_card import SimpleCard

from showcam.alexa.deadline import Deadline
from showcam.alexa.spoken.texts import say
from showcam.i18n.catalogue import Language
from showcam.store.records import Link

LONGEST_SPEECH = 6000  # characters; Alexa accepts 8000
MOST_NAMES = 100  # Alexa accepts this number of dynamic entity values in one response
SLOT_TYPE = "CAMERA_NAME"


@dataclass(frozen=True, slots=True)
class Turn:
    link: Link
    language: Language
    heard: str = ""  # the camera's name as Alexa recognised it
    screen: bool = False  # whether the device has a VideoApp
    pending: dict[str, str] = field(default_factory=dict)  # the data that the previous reply left for the next turn
    deadline: Deadline = field(default_factory=Deadline)

    @property
    def left_s(self) -> float:
        return self.deadline.left_s


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply for Alexa to speak and show. `open`: the session waits for an answer.

    `pending` comes back with the next turn. `about`: a wish without its camera. `offer`: a wish that a yes grants.
    `sound_of`: the id of a camera whose sound a yes turns on. `name` and `reason`: of the camera spoken of.
    """

    speech: str
    open: bool = False
    card: tuple[str, str] | None = None  # title, text
    video: tuple[str, str] | None = None  # HLS address, title
    pending: dict[str, str] = field(default_factory=dict)
    names: tuple[tuple[str, str], ...] = ()  # (id, name): for Alexa's speech recognition


def respond(
    handler_input: HandlerInput, reply: Reply, language: Language, card: LinkAccountCard | None = None
) -> Response:
    """Speaks plain text, never SSML: a camera's name may hold characters that are markup in SSML."""
    if handler_input.request_envelope.session is not None:
        handler_input.attributes_manager.session_attributes = dict(reply.pending)
    directives: list[Directive] = []
    speech = PlainTextOutputSpeech(text=reply.speech[:LONGEST_SPEECH])
    reprompt = Reprompt(output_speech=PlainTextOutputSpeech(text=say("again", language))) if reply.open else None
    if reply.names:
        directives.append(_names(reply.names))
    if reply.video:
        url, title = reply.video
        directives.append(LaunchDirective(VideoItem(url, Metadata(title))))
    # a response with VideoApp.Launch must not carry shouldEndSession
    ends = None if reply.video else not reply.open
    return Response(
        speech, SimpleCard(*reply.card) if reply.card else card, reprompt, directives, should_end_session=ends
    )


def _names(names: tuple[tuple[str, str], ...]) -> DynamicEntitiesDirective:
    values = [Entity(id=camera, name=EntityValueAndSynonyms(name)) for camera, name in names[:MOST_NAMES]]
    return DynamicEntitiesDirective(UpdateBehavior.REPLACE, [EntityListItem(SLOT_TYPE, values)])
