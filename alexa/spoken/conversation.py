"""What each wish is answered with: from the link and what was heard to what is said, shown and asked back."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from msgspec import structs

from alexa.deadline import Deadline
from alexa.names import friendly_names
from alexa.sentences import WRITTEN
from alexa.spoken import refusals
from alexa.spoken.names import find
from alexa.spoken.texts import listed, say
from registry.camera import Camera, Refusal, StreamRequest
from registry.errors import Unavailable
from registry.gate.gate import not_found, overruled
from registry.gate.reasons import OF_VIDEO, sentences
from registry.reason import is_reason
from registry.registry import Registry
from store.ports import StoreUnavailable
from store.records import Link
from words.catalogue import mark
from words.languages import Language

NAMED = 5  # more names than this are a list nobody listens to


@dataclass(frozen=True, slots=True)
class Turn:
    link: Link
    language: Language
    heard: str = ""  # the camera, as recognised
    screen: bool = False  # whether the device has a VideoApp
    asked: dict[str, str] = field(default_factory=dict)  # what the turn before left open
    deadline: Deadline = field(default_factory=Deadline)

    @property
    def left_s(self) -> float:
        return self.deadline.left_s


@dataclass(frozen=True, slots=True)
class Said:
    """`asked` not empty or `open`: the session waits for an answer."""

    speech: str
    open: bool = False
    card: tuple[str, str] | None = None  # title, text
    video: tuple[str, str] | None = None  # HLS address, title
    asked: dict[str, str] = field(default_factory=dict)
    names: tuple[tuple[str, str], ...] = ()  # (id, name): what speech recognition should listen for


type Wish = Callable[["Conversation", Turn], Said]
type Answer = Callable[[Turn, Camera, str], Said]


class Conversation:
    """`page_url`: the page that says what mends what; the same for everybody, so it carries no authority."""

    def __init__(self, registry: Registry, page_url: str) -> None:
        self._registry, self._page_url = registry, page_url

    def answer(self, wish: Wish, turn: Turn) -> Said:
        said = wish(self, turn)
        return self.listening(said, turn.link, turn.left_s) if said.open and not said.names else said

    def listening(self, said: Said, link: Link, left_s: float) -> Said:
        """What is left open is mostly answered with a camera's name; recognition keeps names for one session only."""
        try:
            names = friendly_names(self._registry.cameras(link, left_s).cameras)
        except (Unavailable, StoreUnavailable):
            return said
        return replace(said, names=tuple(names.items()))

    def welcome(self, turn: Turn) -> Said:
        return Said(say("welcome", turn.language), open=True)

    def ready(self, turn: Turn) -> Said:
        """Which cameras could be shown on Alexa, and of the others why not."""
        try:
            table = self._registry.readiness(turn.link, turn.left_s)
        except Unavailable as error:
            return _unreadable(error, turn)
        names = friendly_names([camera for camera, _ in table])
        if not table:
            return Said(say("no_camera", turn.language))
        verdicts = [(camera, row["alexa"]) for camera, row in table]
        good = [camera for camera, verdict in verdicts if not isinstance(verdict, Refusal)]
        bad = [(names[camera.id], verdict) for camera, verdict in verdicts if isinstance(verdict, Refusal)]
        speech = _ready([names[camera.id] for camera in good], turn.language, among_others=bool(bad))
        speech += _not_ready(bad, turn.language)
        if not_here := [names[camera.id] for camera in good if self._not_here(turn, camera)]:
            speech += say("not_here", turn.language, names=_some(not_here, turn.language))
        return Said(speech.strip())

    def why(self, turn: Turn) -> Said:
        return self._about(turn, "why", self._why)

    def mend(self, turn: Turn) -> Said:
        return self._about(turn, "mend", self._mend)

    def sound(self, turn: Turn) -> Said:
        return self._about(turn, "sound", self._sound)

    def show(self, turn: Turn) -> Said:
        if not turn.screen:
            return Said(say("no_screen", turn.language))
        return self._about(turn, "show", self._show)

    def camera(self, turn: Turn) -> Said:
        """A name alone answers “which camera?”, and else means: show it."""
        return _WISHES.get(turn.asked.get("about", ""), Conversation.show)(self, turn)

    def yes(self, turn: Turn) -> Said:
        name = turn.asked.get("name", "")
        if offered := _WISHES.get(turn.asked.get("offer", "")):
            return offered(self, turn)
        if "about" in turn.asked:
            return Said(say("which", turn.language), open=True, asked=turn.asked)
        camera_id = turn.asked.get("sound_of", "")
        if not camera_id:
            return Said(say("nothing_asked", turn.language), open=True)
        changed = self._registry.change(turn.link, camera_id, "audio", "on", within_s=turn.left_s)
        if isinstance(changed, Refusal):
            return self._not_changed(turn, changed.camera or name, changed)
        return Said(say("sound_done", turn.language, name=name or changed.name))

    def no(self, turn: Turn) -> Said:
        return Said(say("left" if turn.asked else "goodbye", turn.language))

    def _about(self, turn: Turn, wish: str, answer: Answer) -> Said:
        """The camera meant, or a question for it."""
        try:
            cameras = self._registry.cameras(turn.link, turn.left_s).cameras
        except Unavailable as error:
            return _unreadable(error, turn)
        names = friendly_names(cameras)
        if not names:
            return Said(say("no_camera", turn.language))
        said = self._of_these(turn, wish, answer, cameras, names)
        return replace(said, names=tuple(names.items())) if said.open else said

    @staticmethod
    def _of_these(turn: Turn, wish: str, answer: Answer, cameras: tuple[Camera, ...], names: dict[str, str]) -> Said:
        heard = turn.heard or turn.asked.get("name", "")  # “mend it”: the camera that was spoken of
        if not heard:
            return Said(say("which", turn.language), open=True, asked={"about": wish})
        found = find(heard, names)
        if len(found) == 1:
            camera = next(camera for camera in cameras if camera.id == found[0])
            return answer(turn, camera, names[camera.id])
        if found:
            several = listed(sorted(names[camera_id] for camera_id in found)[:NAMED], turn.language, mark("or"))
            return Said(say("which_of", turn.language, names=several), open=True, asked={"about": wish})
        known = _some(sorted(names.values()), turn.language)
        text = say("unknown", turn.language, heard=heard, names=known)
        return Said(text, open=True, asked={"about": wish})

    def _not_here(self, turn: Turn, camera: Camera) -> Refusal | None:
        """Why it can't be shown by a video of this skill, though by “Alexa, show …”."""
        return self._registry.too_large(turn.link, camera) if turn.screen else None

    def _refusal(self, turn: Turn, camera: Camera) -> Refusal | None:
        state = self._registry.states(turn.link, (camera.id,), turn.left_s).get(camera.id)
        return state.refusal if state else not_found()

    def _why(self, turn: Turn, camera: Camera, name: str) -> Said:
        refusal = self._refusal(turn, camera)
        if refusal is not None:
            return _refused(turn, name, refusal)
        if not_here := self._not_here(turn, camera):
            return _refused(turn, name, not_here, "fine_elsewhere")
        if not turn.screen:
            return Said(say("fine", turn.language, name=name))
        return Said(say("fine_here", turn.language, name=name), open=True, asked={"offer": "show", "name": name})

    def _mend(self, turn: Turn, camera: Camera, name: str) -> Said:
        before = _refused_before(turn, camera, name)
        # what a video was refused for asks more of a picture than the camera's state does
        of_video = before if before and before.reason in OF_VIDEO else None
        refusal = of_video or self._refusal(turn, camera) or self._not_here(turn, camera) or before
        if refusal is None:
            return Said(say("nothing_to_mend", turn.language, name=name))
        why, mend = refusals.why(refusal, turn.language), refusals.mend(refusal, turn.language)
        written = sentences(structs.replace(refusal, camera=refusal.camera or name), turn.language, WRITTEN)
        more = (say("card_more", turn.language, url=self._page_url),) if self._page_url else ()
        card = say("card_title", turn.language, name=name), "\n\n".join(written + more)
        key = "mend_here" if refusal.reason in OF_VIDEO else "mend"
        return Said(say(key, turn.language, name=name, why=why, mend=mend), card=card)

    def _sound(self, turn: Turn, camera: Camera, name: str) -> Said:
        """Only asked for here: a voice changes nothing before it has said yes."""
        if camera.audio == "none":
            return Said(say("no_sound", turn.language, name=name))
        if camera.audio == "on":
            return Said(say("sound_already", turn.language, name=name))
        if "audio" not in camera.voice_may:
            return self._not_changed(turn, name, overruled("voice_may_not", camera))
        question = say("sound_ask", turn.language, name=name)
        return Said(question, open=True, asked={"sound_of": camera.id, "name": name})

    def _show(self, turn: Turn, camera: Camera, name: str) -> Said:
        request = StreamRequest("video", ("hls",), within_s=turn.left_s)
        stream = self._registry.open_stream(turn.link, camera.id, request)
        if isinstance(stream, Refusal):
            return _refused(turn, name, stream)
        if stream.explains is not None:  # the owner wants the reason shown as well
            why = refusals.why(stream.explains, turn.language)
            return Said(say("shown_why", turn.language, name=name, why=why), video=(stream.url, name))
        return Said(say("showing", turn.language, name=name), video=(stream.url, name))

    @staticmethod
    def _not_changed(turn: Turn, name: str, refusal: Refusal) -> Said:
        why, mend = refusals.why(refusal, turn.language), refusals.mend(refusal, turn.language)
        return Said(say("not_changed", turn.language, name=name, why=why, mend=mend))


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
    return say(key, language, number=len(names), names=_some(names, language))


def _not_ready(refused: list[tuple[str, Refusal]], language: Language) -> str:
    sentences = [
        say("not_ready", language, name=name, why=refusals.why(refusal, language)) for name, refusal in refused[:NAMED]
    ]
    more = len(refused) - NAMED
    return "".join([*sentences, say("and_more", language, number=more) if more > 0 else ""])


def _refused(turn: Turn, name: str, refusal: Refusal, key: str = "refused") -> Said:
    said = say(key, turn.language, name=name, why=refusals.why(refusal, turn.language))
    return Said(said, open=True, asked={"offer": "mend", "name": name, "reason": refusal.reason})


def _refused_before(turn: Turn, camera: Camera, name: str) -> Refusal | None:
    """For which reason, in the turn before: a video is refused for more than a camera's state tells."""
    reason = turn.asked.get("reason", "")
    return overruled(reason, camera) if is_reason(reason) and turn.asked.get("name") == name else None


def _unreadable(error: Unavailable, turn: Turn) -> Said:
    refusal = overruled(error.reason, None, error.vendor)
    why, mend = refusals.why(refusal, turn.language), refusals.mend(refusal, turn.language)
    return Said(say("unreadable", turn.language, why=why, mend=mend))


def _some(names: list[str], language: Language) -> str:
    if len(names) <= NAMED:
        return listed(names, language)
    return listed([*names[:NAMED], say("more", language, number=len(names) - NAMED)], language)
