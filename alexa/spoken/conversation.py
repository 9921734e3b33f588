"""What each wish is answered with: from the link and what was heard to what is said, shown and asked back."""

from collections.abc import Callable
from dataclasses import dataclass, field

from alexa.names import friendly_names
from alexa.spoken import refusals
from alexa.spoken.names import find
from alexa.spoken.texts import listed, say
from registry.camera import Camera, Failed, Refusal, StreamRequest
from registry.errors import Unavailable
from registry.gate import not_found
from registry.registry import Registry
from store.records import Link

NAMED = 5  # more names than this are a list nobody listens to


@dataclass(frozen=True, slots=True)
class Turn:
    link: Link
    language: str
    heard: str = ""  # the camera, as recognised
    screen: bool = False  # whether the device has a VideoApp
    asked: dict[str, str] = field(default_factory=dict)  # what the turn before left open


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


class Conversation:
    """`page_url`: where a person signs in to mend things; it says who nobody is, so it carries no authority."""

    def __init__(self, registry: Registry, page_url: str) -> None:
        self._registry, self._page_url = registry, page_url

    def welcome(self, turn: Turn) -> Said:
        try:
            names = friendly_names(self._registry.cameras(turn.link).cameras)
        except Unavailable:
            names = {}
        return Said(say("welcome", turn.language), open=True, names=tuple(names.items()))

    def ready(self, turn: Turn) -> Said:
        """Which cameras could be shown on Alexa, and of the others why not."""
        try:
            table = self._registry.readiness(turn.link)
        except Unavailable as error:
            return _unreadable(error.reason, turn)
        names = friendly_names([camera for camera, _ in table])
        good = [names[camera.id] for camera, row in table if not isinstance(row["alexa"], Refusal)]
        bad = [(names[camera.id], row["alexa"]) for camera, row in table if isinstance(row["alexa"], Refusal)]
        if not table:
            return Said(say("no_camera", turn.language))
        if not bad:
            key = "one_ready" if len(good) == 1 else "all_ready"
            return Said(say(key, turn.language, number=len(good), names=_some(good, turn.language)))
        told = say("some_ready", turn.language, names=_some(good, turn.language)) if good else ""
        told = told or say("none_ready", turn.language)
        for name, refusal in bad[:NAMED]:
            assert isinstance(refusal, Refusal)
            told += say("not_ready", turn.language, name=name, why=refusals.why(refusal, turn.language))
        if len(bad) > NAMED:
            told += say("and_more", turn.language, number=len(bad) - NAMED)
        return Said(told.strip())

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
        wishes: dict[str, Wish] = {"why": Conversation.why, "mend": Conversation.mend, "sound": Conversation.sound}
        return wishes.get(turn.asked.get("about", ""), Conversation.show)(self, turn)

    def yes(self, turn: Turn) -> Said:
        camera_id = turn.asked.get("sound_of", "")
        if not camera_id:
            return Said(say("nothing_asked", turn.language), open=True)
        changed = self._registry.change(turn.link, camera_id, "audio", "on")
        if isinstance(changed, Refusal):
            return self._not_changed(turn, changed.camera or turn.asked.get("name", ""), changed)
        return Said(say("sound_done", turn.language, name=turn.asked.get("name") or changed.name))

    def no(self, turn: Turn) -> Said:
        return Said(say("left" if turn.asked.get("sound_of") else "nothing_asked", turn.language))

    def _about(self, turn: Turn, wish: str, answer: Callable[[Turn, Camera, str], Said]) -> Said:
        """The camera meant, or a question for it."""
        try:
            cameras = self._registry.cameras(turn.link).cameras
        except Unavailable as error:
            return _unreadable(error.reason, turn)
        names = friendly_names(cameras)
        if not names:
            return Said(say("no_camera", turn.language))
        if not turn.heard:
            return Said(say("which", turn.language), open=True, asked={"about": wish})
        found = find(turn.heard, names)
        if len(found) == 1:
            camera = next(each for each in cameras if each.id == found[0])
            return answer(turn, camera, names[camera.id])
        if found:
            several = listed(sorted(names[each] for each in found)[:NAMED], turn.language, _OR[turn.language])
            return Said(say("which_of", turn.language, names=several), open=True, asked={"about": wish})
        known = _some(sorted(names.values()), turn.language)
        text = say("unknown", turn.language, heard=turn.heard, names=known)
        return Said(text, open=True, asked={"about": wish})

    def _refusal(self, turn: Turn, camera: Camera) -> Refusal | None:
        state = self._registry.states(turn.link, (camera.id,)).get(camera.id)
        return state.refusal if state else not_found()

    def _why(self, turn: Turn, camera: Camera, name: str) -> Said:
        refusal = self._refusal(turn, camera)
        if refusal is None:
            return Said(say("fine", turn.language, name=name))
        why = refusals.why(refusal, turn.language)
        return Said(say("refused", turn.language, name=name, why=why), open=True)

    def _mend(self, turn: Turn, camera: Camera, name: str) -> Said:
        refusal = self._refusal(turn, camera)
        if refusal is None:
            return Said(say("nothing_to_mend", turn.language, name=name))
        told = {
            "name": name,
            "why": refusals.why(refusal, turn.language),
            "mend": refusals.mend(refusal, turn.language),
        }
        text = say("card", turn.language, **told)
        if self._page_url:
            text += say("card_more", turn.language, url=self._page_url)
        return Said(say("mend", turn.language, **told), card=(say("card_title", turn.language, name=name), text))

    def _sound(self, turn: Turn, camera: Camera, name: str) -> Said:
        """Only asked for here: a voice changes nothing before it has said yes."""
        if camera.audio == "none":
            return Said(say("no_sound", turn.language, name=name))
        if camera.audio == "on":
            return Said(say("sound_already", turn.language, name=name))
        if "audio" not in camera.voice_may:
            return self._not_changed(turn, name, Refusal((Failed("voice_may_not"),), camera.name))
        question = say("sound_ask", turn.language, name=name)
        return Said(question, open=True, asked={"sound_of": camera.id, "name": name})

    def _show(self, turn: Turn, camera: Camera, name: str) -> Said:
        stream = self._registry.open_stream(turn.link, camera.id, StreamRequest("video", ("hls",)))
        if isinstance(stream, Refusal):
            why = refusals.why(stream, turn.language)
            return Said(say("refused", turn.language, name=name, why=why), open=True)
        if stream.explains is not None:  # the owner wants the reason shown as well
            why = refusals.why(stream.explains, turn.language)
            return Said(say("refused", turn.language, name=name, why=why), video=(stream.url, name))
        return Said(say("showing", turn.language, name=name), video=(stream.url, name))

    @staticmethod
    def _not_changed(turn: Turn, name: str, refusal: Refusal) -> Said:
        why, mend = refusals.why(refusal, turn.language), refusals.mend(refusal, turn.language)
        return Said(say("not_changed", turn.language, name=name, why=why, mend=mend))


_OR = {"en": "or", "de": "oder"}


def _unreadable(reason: str, turn: Turn) -> Said:
    refusal = Refusal((Failed(reason),))
    why, mend = refusals.why(refusal, turn.language), refusals.mend(refusal, turn.language)
    return Said(say("unreadable", turn.language, why=why, mend=mend))


def _some(names: list[str], language: str) -> str:
    if len(names) <= NAMED:
        return listed(names, language)
    return listed([*names[:NAMED], say("more", language, number=len(names) - NAMED)], language)
