"""The spoken half's answers: from a link and a recognised utterance to speech, a card, a video or a question back."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

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
from ask_sdk_model.response_envelope import ResponseEnvelope
from ask_sdk_model.ui.link_account_card import LinkAccountCard
from ask_sdk_model.ui.plain_text_output_speech import PlainTextOutputSpeech
from ask_sdk_model.ui.reprompt import Reprompt
from ask_sdk_model.ui.simple_card import SimpleCard
from msgspec import structs

from showcam.alexa.discovery import friendly_names
from showcam.alexa.errors import WRITTEN
from showcam.alexa.interface import Deadline
from showcam.alexa.spoken import texts
from showcam.alexa.spoken.slots import Heard, meant
from showcam.alexa.spoken.texts import listed, say
from showcam.drivers.camera import Camera, Refusal, StreamRequest
from showcam.drivers.errors import Unavailable, is_reason
from showcam.drivers.settings import Asked
from showcam.i18n.catalogue import Language, mark
from showcam.registry import outcomes
from showcam.registry.gate.gate import not_found, overruled
from showcam.registry.gate.reasons import OF_VIDEO, sentences, short
from showcam.registry.registry import Registry
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link

LONGEST_SPEECH = 6000  # characters; Alexa accepts 8000
MOST_ENTITIES = 100  # Alexa accepts this number of dynamic entity values in one response
SLOT_TYPE = "CAMERA_NAME"
VERSION = "1.0"  # of a response


@dataclass(frozen=True, slots=True)
class Turn:
    link: Link
    language: Language
    heard: Heard = field(default_factory=Heard)
    screen: bool = False  # whether the device has a VideoApp
    other_screen: bool = False  # whether the device has a screen, and no VideoApp
    pending: dict[str, str] = field(default_factory=dict)  # the data that the previous reply left for the next turn
    deadline: Deadline = field(default_factory=Deadline)

    @property
    def left_s(self) -> float:
        return self.deadline.left_s


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply for Alexa to speak and show. `open`: the session waits for an answer.

    `pending` comes back with the next turn. `about`: a wish without its camera; `choices`: the ids of the cameras that
    it may be for, in the order of speech. `offer`: a wish that a yes grants. `sound_of`: the id of a camera whose
    sound a yes turns on. `name` and `reason`: of the camera spoken of.
    """

    speech: str
    open: bool = False
    card: tuple[str, str] | None = None  # title, text
    video: tuple[str, str] | None = None  # HLS address, title
    pending: dict[str, str] = field(default_factory=dict)
    names: tuple[tuple[str, str], ...] = ()  # (id, name): for Alexa's speech recognition


def respond(reply: Reply, language: Language, card: LinkAccountCard | None = None) -> ResponseEnvelope:
    """Speaks plain text, never SSML: a camera's name may hold characters that are markup in SSML."""
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
    response = Response(
        speech, SimpleCard(*reply.card) if reply.card else card, reprompt, directives, should_end_session=ends
    )
    return ResponseEnvelope(VERSION, dict(reply.pending), response=response)


def silent(*, ends: bool | None = None) -> ResponseEnvelope:
    """Answers events, ends of a session and reports of the device: Alexa accepts no speech then."""
    return ResponseEnvelope(VERSION, response=Response(should_end_session=ends))


def _names(names: tuple[tuple[str, str], ...]) -> DynamicEntitiesDirective:
    values = [Entity(id=camera, name=EntityValueAndSynonyms(name)) for camera, name in names[:MOST_ENTITIES]]
    return DynamicEntitiesDirective(UpdateBehavior.REPLACE, [EntityListItem(SLOT_TYPE, values)])


MOST_NAMES = 5  # names listed in one sentence; people do not listen to more


type Wish = Callable[["Conversation", Turn], Reply]
type Answer = Callable[[Turn, Camera, str], Reply]


class Conversation:
    """Answers a person's wishes. `page_url`: the public address with a page for each reason below it, or ""."""

    def __init__(self, registry: Registry, page_url: str) -> None:
        self._registry, self._page_url = registry, page_url

    def answer(self, wish: Wish, turn: Turn) -> Reply:
        reply = wish(self, turn)
        return self.with_names(reply, turn.link, turn.left_s) if reply.open and not reply.names else reply

    def with_names(self, reply: Reply, link: Link, left_s: float) -> Reply:
        """Adds the cameras' names, since most answers to a question are a name. Alexa keeps them for one session."""
        try:
            names = friendly_names(self._registry.cameras(link, left_s).cameras)
        except (Unavailable, StoreUnavailable):
            return reply
        return replace(reply, names=tuple(names.items()))

    def welcome(self, turn: Turn) -> Reply:
        return Reply(say("welcome", turn.language), open=True)

    def ready(self, turn: Turn) -> Reply:
        """Lists the cameras that can be shown on Alexa, and the reasons for the others."""
        try:
            table = self._registry.readiness(turn.link, turn.left_s)
        except Unavailable as error:
            return _unreadable(error, turn)
        names = friendly_names([camera for camera, _ in table])
        if not table:
            return Reply(say("no_camera", turn.language))
        verdicts = [(camera, row["alexa"]) for camera, row in table]
        good = [camera for camera, verdict in verdicts if not isinstance(verdict, Refusal)]
        bad = [(names[camera.id], verdict) for camera, verdict in verdicts if isinstance(verdict, Refusal)]
        speech = _ready([names[camera.id] for camera in good], turn.language, among_others=bool(bad))
        speech += _not_ready(bad, turn.language)
        if too_large := [names[camera.id] for camera in good if self._too_large(turn, camera)]:
            speech += say("not_here", turn.language, names=_some_names(too_large, turn.language))
        return Reply(speech.strip())

    def why(self, turn: Turn) -> Reply:
        return self._about(turn, "why", self._why)

    def mend(self, turn: Turn) -> Reply:
        return self._about(turn, "mend", self._mend)

    def sound(self, turn: Turn) -> Reply:
        return self._about(turn, "sound", self._sound)

    def show(self, turn: Turn) -> Reply:
        if not turn.screen and not turn.other_screen:
            return Reply(say("no_screen", turn.language))
        return self._about(turn, "show", self._show)

    def camera(self, turn: Turn) -> Reply:
        """Answers a name or a place only: the answer to “which camera?”, otherwise the wish to see the camera."""
        return _WISHES.get(turn.pending.get("about", ""), Conversation.show)(self, turn)

    def yes(self, turn: Turn) -> Reply:
        name = turn.pending.get("name", "")
        if wish := _WISHES.get(turn.pending.get("offer") or turn.pending.get("about", "")):
            return wish(self, turn)
        camera_id = turn.pending.get("sound_of", "")
        if not camera_id:
            return Reply(say("nothing_asked", turn.language), open=True)
        changed = self._registry.change(turn.link, camera_id, "audio", "on", within_s=turn.left_s)
        if isinstance(changed, Refusal):
            return self._not_changed(turn, changed.camera or name, changed)
        if isinstance(changed, Asked):
            return Reply(say("sound_asked", turn.language, name=name or changed.camera.name))
        return Reply(say("sound_done", turn.language, name=name or changed.name))

    def no(self, turn: Turn) -> Reply:
        return Reply(say("left" if turn.pending else "goodbye", turn.language))

    def _about(self, turn: Turn, wish: str, answer: Answer) -> Reply:
        """The answer for the camera that the person named, or the question which camera they mean."""
        try:
            cameras = self._registry.cameras(turn.link, turn.left_s).cameras
        except Unavailable as error:
            return _unreadable(error, turn)
        names = friendly_names(cameras)
        if not names:
            return Reply(say("no_camera", turn.language))
        reply = self._resolve(turn, wish, answer, cameras, names)
        return replace(reply, names=tuple(names.items())) if reply.open else reply

    @staticmethod
    def _resolve(turn: Turn, wish: str, answer: Answer, cameras: tuple[Camera, ...], names: dict[str, str]) -> Reply:
        said, choices = turn.heard, turn.pending.get("choices", "").split()
        if not said.text and not said.matches and not said.place:
            said = Heard(turn.pending.get("name", ""))  # “mend it” means the camera of the previous reply
        found = meant(said, names, choices)
        if len(found) == 1:
            outcomes.about(found[0])
            camera = next(camera for camera in cameras if camera.id == found[0])
            return answer(turn, camera, names[camera.id])
        if said.text and not found:
            known = _some_names(sorted(names.values()), turn.language)
            text = say("unknown", turn.language, heard=said.text, names=known)
            return Reply(text, open=True, pending={"about": wish})
        return _which(turn, wish, found or tuple(camera for camera in choices if camera in names), names)

    def _too_large(self, turn: Turn, camera: Camera) -> Refusal | None:
        """The reason why this skill's video can't show the camera, although “Alexa, show …” may."""
        return self._registry.too_large(turn.link, camera) if turn.screen else None

    def _refusal(self, turn: Turn, camera: Camera) -> Refusal | None:
        state = self._registry.states(turn.link, (camera.id,), turn.left_s).get(camera.id)
        return state.refusal if state else not_found()

    def _why(self, turn: Turn, camera: Camera, name: str) -> Reply:
        refusal = self._refusal(turn, camera)
        if refusal is not None:
            return _refused(turn, name, refusal)
        if too_large := self._too_large(turn, camera):
            return _refused(turn, name, too_large, "fine_elsewhere")
        if turn.other_screen:
            return _plays_no_video(turn, camera, name)
        if not turn.screen:
            return Reply(say("fine", turn.language, name=name))
        return Reply(say("fine_here", turn.language, name=name), open=True, pending={"offer": "show", "name": name})

    def _mend(self, turn: Turn, camera: Camera, name: str) -> Reply:
        pending = _pending_refusal(turn, camera, name)
        # the video may be refused for a reason that the camera's state does not show
        of_video = pending if pending and pending.reason in OF_VIDEO else None
        refusal = of_video or self._refusal(turn, camera) or self._too_large(turn, camera) or pending
        if refusal is None:
            return Reply(say("nothing_to_mend", turn.language, name=name))
        why, mend = texts.why(refusal, turn.language), texts.mend(refusal, turn.language)
        written = sentences(structs.replace(refusal, camera=refusal.camera or name), turn.language, WRITTEN)
        page = f"{self._page_url}{short(refusal.reason)}"
        more = (say("card_more", turn.language, url=page),) if self._page_url else ()
        card = say("card_title", turn.language, name=name), "\n\n".join(written + more)
        return Reply(say("mend", turn.language, name=name, why=why, mend=mend), card=card)

    def _sound(self, turn: Turn, camera: Camera, name: str) -> Reply:
        """Asks for a yes: a voice changes nothing without one."""
        if camera.audio == "none":
            return Reply(say("no_sound", turn.language, name=name))
        if camera.audio == "on":
            return Reply(say("sound_already", turn.language, name=name))
        if "audio" not in camera.decided.voice_may:
            return self._not_changed(turn, name, overruled("voice_may_not", camera))
        question = say("sound_ask", turn.language, name=name)
        return Reply(question, open=True, pending={"sound_of": camera.id, "name": name})

    def _show(self, turn: Turn, camera: Camera, name: str) -> Reply:
        if not turn.screen:
            return self._why(turn, camera, name)
        request = StreamRequest("video", ("hls",), within_s=turn.left_s)
        stream = self._registry.open_stream(turn.link, camera.id, request)
        if isinstance(stream, Refusal):
            return _refused(turn, name, stream)
        if stream.explains is not None:  # the stream is a card: the owner wants the reason shown
            why = texts.why(stream.explains, turn.language)
            return Reply(say("shown_why", turn.language, name=name, why=why), video=(stream.url, name))
        return Reply(say("showing", turn.language, name=name), video=(stream.url, name))

    @staticmethod
    def _not_changed(turn: Turn, name: str, refusal: Refusal) -> Reply:
        outcomes.refused(refusal.reason)
        why, mend = texts.why(refusal, turn.language), texts.mend(refusal, turn.language)
        return Reply(say("not_changed", turn.language, name=name, why=why, mend=mend))


_WISHES: dict[str, Wish] = {
    "why": Conversation.why,
    "mend": Conversation.mend,
    "sound": Conversation.sound,
    "show": Conversation.show,
}


def _ready(names: list[str], language: Language, *, among_others: bool) -> str:
    if not names:
        return say("none_ready", language)
    key = "some_ready" if among_others else "one_ready" if len(names) == 1 else "all_ready"
    return say(key, language, number=len(names), names=_some_names(names, language))


def _not_ready(refused: list[tuple[str, Refusal]], language: Language) -> str:
    sentences = [
        say("not_ready", language, name=name, why=texts.why(refusal, language))
        for name, refusal in refused[:MOST_NAMES]
    ]
    more = len(refused) - MOST_NAMES
    return "".join([*sentences, say("and_more", language, number=more) if more > 0 else ""])


def _refused(turn: Turn, name: str, refusal: Refusal, key: str = "refused") -> Reply:
    speech = say(key, turn.language, name=name, why=texts.why(refusal, turn.language))
    return Reply(speech, open=True, pending={"offer": "mend", "name": name, "reason": refusal.reason})


def _plays_no_video(turn: Turn, camera: Camera, name: str) -> Reply:
    """The device may show the camera by Alexa's own camera view. `VideoApp` is only for the videos of skills.

    https://developer.amazon.com/en-US/docs/alexa/custom-skills/videoapp-interface-reference.html
    """
    refusal = overruled("no_common_protocol", camera)
    outcomes.refused(refusal.reason)
    return Reply(say("fine_elsewhere", turn.language, name=name, why=texts.why(refusal, turn.language)))


def _pending_refusal(turn: Turn, camera: Camera, name: str) -> Refusal | None:
    """The refusal in the previous reply, if it was for this camera."""
    reason = turn.pending.get("reason", "")
    return overruled(reason, camera) if is_reason(reason) and turn.pending.get("name") == name else None


def _which(turn: Turn, wish: str, found: tuple[str, ...], names: dict[str, str]) -> Reply:
    """Asks which of the cameras that were found is meant, or which of all."""
    some = sorted(found, key=lambda camera: names[camera])[:MOST_NAMES]
    if not some:
        return Reply(say("which", turn.language), open=True, pending={"about": wish})
    choices = listed([names[camera] for camera in some], turn.language, mark("or"))
    pending = {"about": wish, "choices": " ".join(some)}
    if len(some) == 1:  # the others were removed since the question
        pending = {"offer": wish, "name": names[some[0]]}
    return Reply(say("which_of", turn.language, names=choices), open=True, pending=pending)


def _unreadable(error: Unavailable, turn: Turn) -> Reply:
    outcomes.refused(error.reason)
    refusal = overruled(error.reason, None, error.vendor)
    why, mend = texts.why(refusal, turn.language), texts.mend(refusal, turn.language)
    return Reply(say("unreadable", turn.language, why=why, mend=mend))


def _some_names(names: list[str], language: Language) -> str:
    if len(names) <= MOST_NAMES:
        return listed(names, language)
    return listed([*names[:MOST_NAMES], say("more", language, number=len(names) - MOST_NAMES)], language)
