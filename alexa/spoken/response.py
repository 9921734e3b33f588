"""What was said, as ask-sdk-core's response: speech, card, names to listen for, and the start of a video."""

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

from alexa.spoken.conversation import Said
from alexa.spoken.texts import say
from words.languages import Language

LONGEST_SPEECH = 6000  # Alexa takes 8000 characters
MOST_NAMES = 100  # values of dynamic entities a response may carry
SLOT_TYPE = "CAMERA_NAME"


def respond(heard: HandlerInput, said: Said, tongue: Language, card: LinkAccountCard | None = None) -> Response:
    """Plain text, never SSML: a camera's name may hold signs that are markup there."""
    if heard.request_envelope.session is not None:
        heard.attributes_manager.session_attributes = dict(said.asked)
    directives: list[Directive] = []
    speech = PlainTextOutputSpeech(text=said.speech[:LONGEST_SPEECH])
    reprompt = Reprompt(output_speech=PlainTextOutputSpeech(text=say("again", tongue))) if said.open else None
    if said.names:
        directives.append(_names(said.names))
    if said.video:
        url, title = said.video
        directives.append(LaunchDirective(VideoItem(url, Metadata(title))))
    # the response that starts a video may not say whether the session ends
    ends = None if said.video else not said.open
    return Response(
        speech, SimpleCard(*said.card) if said.card else card, reprompt, directives, should_end_session=ends
    )


def _names(names: tuple[tuple[str, str], ...]) -> DynamicEntitiesDirective:
    values = [Entity(id=camera, name=EntityValueAndSynonyms(name)) for camera, name in names[:MOST_NAMES]]
    return DynamicEntitiesDirective(UpdateBehavior.REPLACE, [EntityListItem(SLOT_TYPE, values)])
